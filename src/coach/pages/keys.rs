//! The table of the keys of a page.

use net_notes::check::Lang;

use super::site::Page;

/// A key: its name, and its effect in English and in Chinese.
type Key = (&'static str, &'static str, &'static str);

const OF_A_VIEW: &[Key] = &[
    ("Space", "play, pause", "播放，暂停"),
    ("←", "a step back", "后退一步"),
    ("→", "a step on", "前进一步"),
    ("Shift ←", "to the start", "回到开头"),
    ("Shift →", "to the end, and follow", "到结尾，并跟随"),
    ("↑", "the event before", "上一个事件"),
    ("↓", "the next event", "下一个事件"),
    ("Esc", "back to the play head", "回到播放位置"),
    ("[", "slower", "慢一点"),
    ("]", "faster", "快一点"),
    ("X", "text or hex", "文本或十六进制"),
];
const OF_A_LESSON: &[Key] = &[
    ("R", "run this session", "运行这一段"),
    ("N", "run the next session", "运行下一段"),
    ("P", "run the session before", "运行上一段"),
];
const OF_THE_WIRE: &[Key] = &[("/", "filter", "筛选"), ("Z", "fold bulk", "合并大块数据")];
const OF_AN_EXERCISE: &[Key] = &[("H", "one more hint", "再看一条提示")];
const OF_ALL: &[Key] = &[
    ("1 2 3 4 5", "the pages in the bar", "顶栏里的页面"),
    ("L", "language", "语言"),
    ("T", "light or dark", "深色或浅色"),
    ("?", "these keys", "显示快捷键"),
];

pub(super) fn dialog(page: &Page, lang: Lang) -> String {
    let own: &[&[Key]] = match page {
        Page::Lesson(_) => &[OF_A_LESSON, OF_A_VIEW],
        Page::Wire => &[OF_THE_WIRE, OF_A_VIEW],
        Page::Exercise(_) => &[OF_AN_EXERCISE],
        _ => &[],
    };
    let row =
        |(key, en, zh): &Key| format!("<p><span>{}</span><kbd>{key}</kbd></p>", lang.pick(en, zh));
    let rows: String = own.concat().iter().chain(OF_ALL).map(row).collect();
    format!(
        "<dialog><h2>{}</h2><div class=\"keys\">{rows}</div>
<p><label><input type=\"checkbox\"> {}</label></p>
<form method=\"dialog\"><button>{}</button></form></dialog>
",
        lang.pick("Keys", "快捷键"),
        lang.pick("Keys of a single character are on", "启用单键快捷键"),
        lang.pick("Close", "关闭"),
    )
}

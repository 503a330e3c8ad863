//! The words of the scripts. They are in English there; a page in Chinese carries what they are in Chinese.

use net_notes::check::Lang;

/// The long texts, which have a short name in the scripts.
const EN: &[(&str, &str)] = &[
    ("no answer", "No answer since {}. What is shown stays; trying again in {} s"),
    ("gone", "The workbench does not answer."),
    ("port {} is {} here", "a port of the page is taken: {} is {} here"),
    ("no room", "not shown, as there is no room: {}"),
    (
        "nothing",
        "Nothing to show: only programs that use this library send events, and a filter may hide them.",
    ),
    ("missing", "bytes are missing before this"),
    ("pays", "who ends first: the system keeps its address for a while, see lesson 05"),
    ("no line", "No line of the program: the library or the system did this."),
    ("no peer", "The other program is not traced."),
    ("no source", "Its source is not a file of this course."),
    ("lost", "{} could not send {} events in time"),
];

/// The texts of the scripts, or their names, and the same in Chinese. `{}` stands for a value.
const ZH: &[(&str, &str)] = &[
    // a lesson
    ("Terminal", "终端"),
    ("starting …", "正在启动……"),
    ("building …", "正在编译……"),
    ("running", "运行中"),
    ("ended", "已结束"),
    ("ended: {}", "已结束：{}"),
    ("port {} is {} here", "页面上的端口有的被占用了：{} 在这里换成 {}"),
    ("the page says:", "课文里是："),
    // the workbench
    ("this machine only", "仅限本机"),
    ("others, too", "别的机器也能访问"),
    ("no answer", "练习台从 {} 起没有回应。已显示的内容会保留，{} 秒后重试"),
    ("gone", "连不上练习台。"),
    // the player
    ("Play", "播放"),
    ("Pause", "暂停"),
    ("Replay", "重播"),
    // the wire
    ("unknown", "未知"),
    ("not traced", "未跟踪"),
    ("{} connects", "{} 发起连接"),
    ("{} accepts", "{} 接受连接"),
    ("{} sends {}", "{} 发出 {}"),
    ("{} reads {}", "{} 读到 {}"),
    ("{} ends its direction (FIN)", "{} 关闭写方向（FIN）"),
    ("{} reads the FIN", "{} 读到 FIN"),
    ("{} resets (RST)", "{} 重置连接（RST）"),
    ("{} closes", "{} 关闭"),
    (", TIME_WAIT here", "，TIME_WAIT 在这边"),
    (", TIME_WAIT perhaps here", "，TIME_WAIT 可能在这边"),
    (": {} s", "：还有 {} 秒"),
    (": over", "：已结束"),
    ("{} writes", "写 {} 次"),
    ("{} reads", "读 {} 次"),
    (", ", "，"),
    ("{} ms of silence", "{} 毫秒没有动静"),
    ("no room", "还有 {} 个连接放不下，没有显示"),
    // an event of it
    ("nothing", "没有可显示的：只有用了这个库的程序会发来事件，筛选也会藏起一些。"),
    ("text", "文本"),
    ("hex", "十六进制"),
    ("What it calls", "触发了哪个回调"),
    ("What caused it", "由哪行代码引起"),
    ("at", "时间"),
    ("until", "直到"),
    ("written", "写"),
    ("read", "读"),
    ("bytes", "字节"),
    ("{}–{} of this direction", "这个方向的第 {}–{} 个字节"),
    ("note", "注意"),
    ("missing", "这之前缺了一些字节"),
    ("queue", "队列"),
    ("{} wait in the program", "{} 还在程序里等着"),
    ("order", "先后"),
    ("ends first", "先结束的一方"),
    ("ends second", "后结束的一方"),
    ("other end", "对端"),
    ("no connection", "没有连上"),
    ("pays", "谁先结束，系统就把谁的地址再留一会儿：见第 05 课"),
    ("no line", "不是程序的某一行引起的，而是库或系统做的。"),
    ("no peer", "对端的程序没有被跟踪。"),
    ("no source", "源文件不属于这个课程。"),
    // its own page
    ("opening", "建立中"),
    ("open", "已连接"),
    ("ending", "半关闭"),
    ("closed", "已关闭"),
    ("reset", "被重置"),
    ("older: {} left out", "更早的 {} 条没有保留"),
    ("lost", "{} 有 {} 条事件没来得及发出"),
    ("{} (pid {}) ended", "{}（pid {}）已结束"),
    // an exercise
    ("checking …", "正在检查……"),
    ("checking: {}", "正在检查：{}"),
    ("{}, judged in {} s", "{}，{} 秒出结果"),
];

/// The element with the words that the scripts look for.
pub(super) fn element(lang: Lang) -> String {
    let words = lang.pick(EN, ZH).iter().map(|(name, text)| format!("\"{name}\":\"{text}\""));
    let words: Vec<String> = words.collect();
    format!("<script type=\"application/json\" id=\"words\">{{{}}}</script>\n", words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coach::pages::assets::ASSETS;

    #[test]
    fn words_can_stand_in_json_in_html_as_they_are() {
        let all = EN.iter().chain(ZH).flat_map(|(name, text)| [name, text]);
        assert!(all.clone().count() > 100);
        all.for_each(|text| assert!(!text.contains(['"', '\\', '<', '\n']), "{text}"));
    }

    #[test]
    fn a_text_has_as_many_values_in_both_languages() {
        let values = |text: &str| text.matches("{}").count();
        for (name, zh) in ZH {
            let en = EN.iter().find(|(of, _)| of == name).map_or(name, |(_, en)| en);
            assert_eq!(values(en), values(zh), "{en}");
        }
        assert!(EN.iter().all(|(name, _)| ZH.iter().any(|(of, _)| of == name)));
    }

    #[test]
    fn what_a_script_says_is_here_and_nothing_else() {
        let scripts: String = ASSETS.iter().map(|asset| asset.text).collect();
        let is_here = |text: &str| ZH.iter().any(|(en, _)| *en == text);
        let mut count = 0;
        for call in scripts.split("t('").skip(1) {
            let said = call.split_once('\'').map(|(text, _)| text).expect("it ends");
            assert!(is_here(said) || !is_call(&scripts, call), "not in Chinese: {said}");
            count += 1;
        }
        assert!(count > 30, "{count}");
        for (en, _) in ZH {
            let is_used = scripts.contains(&format!("'{en}'"));
            assert!(is_used || scripts.contains(&format!("{en}:")), "no script says: {en}");
        }
    }

    /// Whether `t(` before this is the function of this name, and not the end of another one's, such as `post(`.
    fn is_call(scripts: &str, rest: &str) -> bool {
        let at = rest.as_ptr() as usize - scripts.as_ptr() as usize - "t('".len();
        !scripts[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.')
    }
}

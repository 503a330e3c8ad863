//! The elements that the scripts fill in, on the pages on which programs run.

use net_notes::check::Lang;

use super::escape::escape;

/// A conversation in the terminals of a lesson.
pub(super) struct Session {
    /// The number of its first block.
    pub(super) block: usize,
    pub(super) title: String,
}

/// The stage beside the text of a lesson: terminals, and what crosses the wire between their programs.
pub(super) fn stage(sessions: &[Session], lang: Lang) -> String {
    let name = lang.pick("Stage", "运行区");
    if sessions.is_empty() {
        let nothing = lang.pick("Nothing to run on this page.", "这一页没有可以运行的命令。");
        return format!(
            "<section class=\"stage\" id=\"stage\" aria-label=\"{name}\"><p class=\"empty\">{nothing}</p></section>\n"
        );
    }
    let tabs: String = sessions
        .iter()
        .map(|one| {
            let title = escape(&one.title);
            format!(
                "<button type=\"button\" class=\"tab\" data-block=\"{}\">{title}</button>",
                one.block
            )
        })
        .collect();
    format!(
        "<section class=\"stage\" id=\"stage\" aria-label=\"{name}\">
<header class=\"stage-bar\"><div class=\"tabs\">{tabs}</div><span class=\"badge\" role=\"status\" data-part=\"state\"></span><button type=\"button\" data-stop hidden>{stop}</button></header>
<div class=\"terminals\" data-part=\"terminals\"></div>
{lanes}{inspector}{player}</section>
{terminal}<div class=\"phone\"><button type=\"button\">{text}</button><button type=\"button\" data-stage>{name}</button></div>
",
        stop = lang.pick("Stop", "停止"),
        lanes = lanes(lang),
        inspector = INSPECTOR,
        player = player(lang),
        terminal = terminal(lang),
        text = lang.pick("Text", "正文"),
    )
}

fn terminal(lang: Lang) -> String {
    format!(
        "<template id=\"terminal\"><section class=\"terminal\"><header><span></span><span class=\"state\" role=\"status\"></span></header><pre tabindex=\"0\"></pre>\
<form><input aria-label=\"{input}\" placeholder=\"{line}\" autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" disabled>\
<button type=\"button\" data-end title=\"{end}\" disabled>^D</button><button type=\"button\" data-stop title=\"{stop}\" disabled>^C</button></form></section></template>\n",
        input = lang.pick("Input", "输入"),
        line = lang.pick("type a line", "输入一行"),
        end = lang.pick("End of input", "输入结束"),
        stop = lang.pick("End the program", "结束程序"),
    )
}

const INSPECTOR: &str = "<div class=\"inspector\" data-part=\"inspector\"></div>\n";

fn lanes(lang: Lang) -> String {
    format!(
        "<div class=\"wire\" id=\"lanes\" data-part=\"lanes\"><div class=\"heads\"></div><div class=\"rows box\" tabindex=\"0\" role=\"listbox\" aria-label=\"{}\"><div class=\"pad\"><div class=\"layer\"></div></div></div></div>\n",
        lang.pick("What crossed the wire", "网络上的往来"),
    )
}

fn player(lang: Lang) -> String {
    let button = |act: &str, sign: &str, name: &str| {
        format!(
            "<button type=\"button\" data-act=\"{act}\" title=\"{name}\" aria-label=\"{name}\">{sign}</button>"
        )
    };
    let speeds = ["0.25", "0.5", "1", "2", "4"].map(|speed| {
        let selected = if speed == "1" { " selected" } else { "" };
        format!("<option value=\"{speed}\"{selected}>{speed}×</option>")
    });
    [
        "<div class=\"player\" data-part=\"player\">".to_string(),
        button("start", "«", lang.pick("To the start", "回到开头")),
        button("back", "‹", lang.pick("Step back", "后退一步")),
        "<button type=\"button\" data-act=\"play\" class=\"pri\"></button>".to_string(),
        button("next", "›", lang.pick("Step on", "前进一步")),
        button("end", "»", lang.pick("To the end, and follow", "到结尾，并跟随")),
        format!(
            "<div class=\"scrub\"><div class=\"ticks\"></div><input type=\"range\" min=\"-1\" aria-label=\"{}\"></div><span class=\"clock\"></span>",
            lang.pick("Place in the recording", "录像的位置")
        ),
        format!(
            "<select aria-label=\"{}\">{}</select></div>\n",
            lang.pick("Speed", "速度"),
            speeds.concat()
        ),
    ]
    .concat()
}

/// The page of the wire alone.
pub(super) fn wire(lang: Lang) -> String {
    let kinds = [
        ("connect", lang.pick("connect", "连接")),
        ("data", lang.pick("data", "数据")),
        ("read", lang.pick("reads", "读取")),
        ("fin", "FIN"),
        ("reset", "RST"),
    ];
    let kinds = kinds.map(|(kind, name)| {
        format!(
            "<button type=\"button\" data-kind=\"{kind}\" aria-pressed=\"true\">{name}</button>"
        )
    });
    format!(
        "<div class=\"wgrid\" id=\"wire\">
<aside class=\"side\"><input type=\"search\" placeholder=\"{filter}\" aria-label=\"{filter}\">
<div class=\"chips\">{kinds}<button type=\"button\" data-fold aria-pressed=\"true\">{fold}</button></div>
<div data-part=\"sockets\"></div>
<p>{start}</p><pre>NET_TRACE=<span data-part=\"address\"></span> cargo run --example 03_server</pre>
<p class=\"muted\">{legend}</p>
<p class=\"acts\"><button type=\"button\" data-save=\"txt\">{text}</button><button type=\"button\" data-save=\"svg\">{svg}</button><button type=\"button\" data-clear>{clear}</button></p></aside>
<div class=\"main\"><p class=\"message\" data-part=\"message\" role=\"status\"></p>
<div class=\"empty\" data-part=\"empty\"><p>{empty}</p><p>{lesson}</p></div>
{lanes}{player}</div>
{INSPECTOR}</div>
",
        filter = lang.pick("Filter: echo &gt;1k fin", "筛选：程序名 &gt;1k fin"),
        kinds = kinds.concat(),
        fold = lang.pick("fold bulk", "合并大块"),
        legend = lang.pick(
            "Solid: the program has the connection. Dashed: only the system has it, or that end is not traced. The band beside a line: what waits in the queue.",
            "实线：程序握着这条连接。虚线：只有系统还握着，或者那一头没有被跟踪。线旁的色带：还在队列里等着的字节。",
        ),
        text = lang.pick("Save the trace", "存成原始记录"),
        svg = lang.pick("Save as SVG", "存成 SVG"),
        clear = lang.pick("Clear", "清空"),
        empty = lang.pick(
            "No program has sent events here yet. Start one that uses this library, with NET_TRACE set.",
            "还没有程序把事件发到这里。设好 NET_TRACE，启动一个用了这个库的程序。",
        ),
        start = lang.pick("A program that is started like this sends its events here:", "像这样启动的程序，会把事件发到这里："),
        lesson = lang.pick("Or open a lesson, and run a block.", "也可以打开一课，运行其中一段。"),
        lanes = lanes(lang),
        player = player(lang),
    )
}

/// Hints and the solution of an exercise: those hints that were shown, and what the button says that shows the next one.
pub(super) fn help(shown: &str, next: Option<&str>, lang: Lang) -> String {
    let hidden = if next.is_none() { " hidden" } else { "" };
    format!(
        "<h2>{}</h2>\n<div id=\"hints\">{shown}</div>\n<p class=\"acts\"><button type=\"button\" data-hint{hidden}>{} <kbd>H</kbd></button></p>\n<details id=\"solution\" hidden><summary>{}</summary><pre><code></code></pre></details>\n",
        lang.pick("Hints", "提示"),
        next.unwrap_or_default(),
        lang.pick("Compare with a solution", "对照参考答案"),
    )
}

//! The verdict on an answer, as HTML: the rule, the expected and the actual output, and the transcript.

use std::io;

use net_notes::check::{FailureParts, Lang, Localized, TranscriptLine};

use super::escape::escape;
use super::html;

/// A rule is broken. `again`: the section to read again, with its address; `fault`: the line of the transcript in which it went
/// wrong.
pub(crate) fn failed(
    parts: &FailureParts,
    again: (&str, &str),
    fault: Option<usize>,
    lang: Lang,
) -> String {
    let note =
        parts.wrong_byte.map(|at| lang.pick(format!("byte {at}"), format!("第 {at} 个字节")));
    let meanwhile = parts.meanwhile.iter().map(|text| paragraph(text));
    let printed = lang.pick("It printed on standard error:", "它在标准错误上打印了：");
    let printed = match &parts.stderr[..] {
        [] => String::new(),
        lines => format!("<p class=\"muted\">{printed}</p>{}", pre(&lines.join("\n"))),
    };
    let read = lang.pick("Read again: ", "再读一遍：");
    let (section, href) = (escape(again.0), html::href(again.1));
    let head = head("bad", lang.pick("A rule is broken", "有一条规则没做到"));
    let body = body(
        &parts.rule,
        &[
            compared(parts, note.as_deref(), lang),
            meanwhile.collect(),
            printed,
            format!("<p class=\"muted\">{read}<a href=\"{href}\">{section}</a></p>"),
        ],
    );
    head + &body + &transcript(parts, note.as_deref(), fault, lang)
}

/// The compiler has refused it.
pub(crate) fn not_compiled(message: &str, advice: &[String], lang: Lang) -> String {
    let advice = advice.iter().map(|text| paragraph(text)).collect::<String>();
    let head = head("bad", lang.pick("It does not compile yet", "还没有编译通过"));
    format!("{head}<div class=\"card-body\">{}{advice}</div>", pre(message))
}

/// It is not known whether it is good.
pub(crate) fn not_checked(sentence: &str, lang: Lang) -> String {
    head("bad", lang.pick("It could not be checked", "没法检查")) + &body(sentence, &[])
}

/// It is good. `next`: the address of the next lesson; `unsaved`: why the progress was not saved.
pub(crate) fn passed(next: Option<&str>, unsaved: Option<String>, lang: Lang) -> String {
    let go_on = lang.pick(
        "Compare with the solution, or go on to the next lesson.",
        "可以对照参考答案，或者继续下一课。",
    );
    let path = lang.pick("The path", "学习路线");
    let path = format!("<a class=\"btn\" href=\"index.html\">{path}</a>");
    let next = next.map_or_else(String::new, |href| {
        let text = lang.pick("The next lesson", "下一课");
        format!("<a class=\"btn pri\" href=\"{}\">{text}</a>", html::href(href))
    });
    let links = format!("<p class=\"acts\">{next}{path}</p>");
    head("good", lang.pick("Every rule is kept", "所有规则都做到了"))
        + &body(go_on, &[unsaved.unwrap_or_default(), links])
}

/// Why the progress was not saved.
pub(crate) fn unsaved(error: &io::Error, lang: Lang) -> String {
    let why = Localized::from(error);
    let why = why.in_lang(lang);
    paragraph(&lang.pick(
        format!("`.progress` could not be written ({why}), so this will not be remembered."),
        format!("这次的进度记不下来，因为写不了 `.progress`：{why}"),
    ))
}

/// It was not looked at.
pub(crate) fn none(lang: Lang) -> String {
    head("", lang.pick("Not judged yet", "还没有检查"))
        + &body(lang.pick("Save the file, and it is judged.", "一保存文件就检查。"), &[])
}

fn head(class: &str, title: &str) -> String {
    format!("<h2 class=\"card-head {class}\">{title}</h2>")
}

fn body(sentence: &str, parts: &[String]) -> String {
    let (sentence, parts) = (with_code(sentence), parts.concat());
    format!("<div class=\"card-body\"><p class=\"rule\">{sentence}</p>{parts}</div>")
}

fn pre(text: &str) -> String {
    format!("<pre>{}</pre>", escape(text))
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", with_code(text))
}

/// Text between two `` ` `` is code.
fn with_code(text: &str) -> String {
    let mut html = String::new();
    let parts: Vec<&str> = text.split('`').collect();
    for (n, part) in parts.iter().enumerate() {
        match n % 2 == 1 && n + 1 < parts.len() {
            true => html.push_str(&format!("<code>{}</code>", escape(part))),
            false if n % 2 == 1 => html.push_str(&format!("`{}", escape(part))),
            false => html.push_str(&escape(part)),
        }
    }
    html
}

/// One under the other, with a mark under the first wrong character.
fn compared(parts: &FailureParts, note: Option<&str>, lang: Lang) -> String {
    let came = match parts.caret {
        None => escape(&parts.actual),
        Some(caret) => {
            let (line, more) = match parts.actual.split_once('\n') {
                Some((line, more)) => (line, format!("\n{}", escape(more))),
                None => (&parts.actual[..], String::new()),
            };
            let at = line.char_indices().nth(caret).map_or(line.len(), |(at, _)| at);
            let (right, rest) = line.split_at(at);
            let (wrong, rest) = rest.split_at(one(rest));
            format!(
                "{}<mark>{}</mark>{}\n<span class=\"caret\">{}^ {}</span>{more}",
                escape(right),
                if wrong.is_empty() { " ".to_string() } else { escape(wrong) },
                escape(rest),
                " ".repeat(caret),
                note.unwrap_or_default(),
            )
        }
    };
    format!(
        "<dl class=\"compared\"><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{came}</dd></dl>",
        lang.pick("expected", "应该是"),
        escape(&parts.expected),
        lang.pick("came", "实际是"),
    )
}

/// The length of the first character, which may be written as `\n` or `\xff`.
fn one(text: &str) -> usize {
    let length = |count| text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    match text {
        text if text.starts_with("\\x") => length(4),
        text if text.starts_with('\\') => length(2),
        _ => length(1),
    }
}

/// The check's clients at the left, the program at the right; where it went wrong is marked.
fn transcript(
    parts: &FailureParts,
    note: Option<&str>,
    fault: Option<usize>,
    lang: Lang,
) -> String {
    let mut who = "";
    let rows: String = parts.transcript.iter().enumerate().map(|(n, line)| {
        let name = match &line.who[..] {
            same if same == who => "",
            "program" => lang.pick("program", "程序"),
            peer => peer,
        };
        who = &line.who;
        format!(
            "<div class=\"row{fault}\"><span class=\"time\">{at:.3}</span><span class=\"who\">{name}</span><div class=\"lane\"><i class=\"line r\"></i>{event}</div></div>",
            fault = if Some(n) == fault { " fault" } else { "" },
            at = line.at.as_secs_f64() * 1000.0,
            name = escape(name),
            event = event(line),
        )
    }).collect();
    if rows.is_empty() {
        return rows;
    }
    let here = match note {
        Some(note) => {
            lang.pick(format!("Here: wrong from {note} on."), format!("这里：从{note}起就不对了。"))
        }
        None => lang.pick("Here a rule is broken.", "这里没有做到。").to_string(),
    };
    format!(
        "<div class=\"transcript\"><h3>{}<span>{}</span></h3>{rows}<p class=\"here\">{here}</p></div>",
        lang.pick("What happened", "往来记录"),
        lang.pick("left: the check; right: your program", "左边是检查程序，右边是你的程序",),
    )
}

fn event(line: &TranscriptLine) -> String {
    let arrow = match line.kind {
        "sent" => "right data",
        "fin-sent" => "right fin",
        "reset-sent" => "right reset",
        "received" => "left data",
        "fin-received" => "left fin",
        "reset-received" => "left reset",
        _ => {
            let text = escape(&line.text);
            return format!("<i class=\"dot r\"></i><span class=\"note r\">{text}</span>");
        }
    };
    let text = line.text.trim_start_matches(['→', '←', ' ']);
    format!(
        "<i class=\"line l dashed\"></i><span class=\"arrow {arrow}\"><b><span>{}</span></b></span>",
        escape(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_between_two_backticks() {
        assert_eq!(with_code("a `b<` c `d"), "a <code>b&lt;</code> c `d");
    }

    #[test]
    fn what_is_wrong_is_one_character_as_it_is_written() {
        let written = ["\\nx", "\\x0dx", "界x", "ax", ""].map(one);
        assert_eq!(written, [2, 4, 3, 1, 0]);
    }
}

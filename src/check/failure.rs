//! Why a check failed: the rule, what was expected and what came, and the transcript.

use std::fmt;
use std::time::Duration;

use super::rule::{Lang, Rule, Words};
use super::transcript::{self, Entry};
use crate::wire::columns;

/// How many bytes are shown before the first wrong one, and how many from it on.
const BEFORE: usize = 24;
const FROM: usize = 36;
/// How many characters of a line are shown of what a program printed, and how many of its lines: the first ones, where it
/// says what went wrong, and the last ones. It may have printed without end.
const WIDTH: usize = 500;
const FIRST: usize = 20;
const LAST: usize = 10;

/// Something that was expected, or that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The peer's FIN: it has ended its direction.
    Fin,
    /// An RST: the connection was cut off, and what was under way is lost.
    Reset,
    /// Nothing in this time.
    Nothing(Duration),
    /// The program ended: with this exit status, or by a signal.
    Exit(Option<i32>),
    /// Anything else.
    Words(Words),
}

impl Seen {
    /// Anything that the other kinds do not say.
    pub fn words(en: impl Into<String>, zh: impl Into<String>) -> Seen {
        Seen::Words(Words::new(en.into(), zh.into()))
    }

    /// These bytes.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Seen {
        Seen::Bytes(bytes.as_ref().to_vec())
    }

    fn show(&self, lang: Lang) -> String {
        match self {
            Seen::Bytes(bytes) => window(bytes, 0).0,
            Seen::Fin => lang.pick("the end (FIN)", "结束（FIN）").to_string(),
            Seen::Reset => lang.pick("a reset (RST)", "连接被重置（RST）").to_string(),
            Seen::Nothing(time) => {
                lang.pick(format!("nothing in {time:?}"), format!("{time:?} 内什么也没有"))
            }
            Seen::Exit(Some(status)) => lang.pick(
                format!("the program ends with exit status {status}"),
                format!("程序结束，退出状态为 {status}"),
            ),
            Seen::Exit(None) => {
                lang.pick("the program is killed by a signal", "程序被信号终止").to_string()
            }
            Seen::Words(words) => harmless(words.in_lang(lang)),
        }
    }
}

/// A rule that was broken, and how that was seen. `Display` is [`show`](Self::show) in English.
#[derive(Debug, Clone)]
pub struct Failure(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    rule: Rule,
    expected: Vec<Seen>,
    came: Vec<Seen>,
    transcript: Vec<Entry>,
    /// What the program wrote to standard error, and whether it had ended.
    stderr: String,
    ended: Option<Seen>,
}

impl Failure {
    pub(super) fn new(rule: &Rule, expected: Vec<Seen>, came: Vec<Seen>) -> Failure {
        let (transcript, stderr, ended) = (Vec::new(), String::new(), None);
        Failure(Box::new(Inner { rule: *rule, expected, came, transcript, stderr, ended }))
    }

    /// Adds what crossed the wire.
    pub(super) fn with_transcript(mut self, transcript: Vec<Entry>) -> Failure {
        self.0.transcript = transcript;
        self
    }

    /// Adds what the program said on standard error, and how it ended if it did: what broke a rule often shows there.
    pub(super) fn with_program(mut self, stderr: String, ended: Option<Seen>) -> Failure {
        self.0.stderr = stderr;
        self.0.ended = ended;
        self
    }

    /// The rule that was broken.
    pub fn rule(&self) -> &Rule {
        &self.0.rule
    }

    /// The whole story in one language: the rule, expected and came with a caret under the first wrong byte, the program's
    /// own errors, and the transcript of both directions.
    pub fn show(&self, lang: Lang) -> String {
        let Inner { rule, expected, came, transcript, stderr, ended } = &*self.0;
        let label = |en, zh| {
            let label = lang.pick(en, zh);
            format!("  {label}{}", " ".repeat(10 - columns(label)))
        };
        let mut text = format!("{}{}\n", label("rule", "规则"), lang.pick(rule.en, rule.zh));
        let wrong = first_wrong(expected, came);
        let (expected, _) = all(expected, wrong, lang);
        let (came, caret) = all(came, wrong, lang);
        text.push_str(&format!("{}{expected}\n", label("expected", "应该是")));
        text.push_str(&format!("{}{came}\n", label("came", "实际是")));
        if let (Some(at), Some(caret)) = (wrong, caret) {
            let note = lang.pick(format!("byte {}", at + 1), format!("第 {} 个字节", at + 1));
            text.push_str(&format!("{}^ {note}\n", " ".repeat(12 + caret)));
        }
        if let Some(ended) = ended {
            text.push_str(&format!("{}{}\n", label("meanwhile", "与此同时"), ended.show(lang)));
        }
        if !stderr.trim().is_empty() {
            text.push_str(&format!("{}\n", label("stderr", "stderr").trim_end()));
            errors(stderr, lang).iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        if !transcript.is_empty() {
            let title = lang.pick(
                "what happened (→ to your program, ← from it)",
                "往来记录（→ 发给你的程序，← 程序发来的）",
            );
            text.push_str(&format!("  {title}\n{}", transcript::show(transcript, lang)));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(Lang::En))
    }
}

impl std::error::Error for Failure {}

/// What the program wrote to standard error, line by line, and what is left out said in one.
fn errors(stderr: &str, lang: Lang) -> Vec<String> {
    let mut lines: Vec<String> = stderr.lines().map(harmless).collect();
    if lines.len() > FIRST + LAST {
        let more = lines.len() - FIRST - LAST;
        let left_out =
            lang.pick(format!("… {more} lines more …"), format!("……中间还有 {more} 行……"));
        lines.splice(FIRST..FIRST + more, [left_out]);
    }
    lines
}

/// One line as a terminal may be given it: what a program printed may move the cursor, or rename the window.
fn harmless(line: &str) -> String {
    let mut text = String::new();
    for (n, character) in line.chars().enumerate() {
        match character {
            _ if n == WIDTH => return text + "…",
            '\t' => text.push_str("    "),
            _ if character.is_control() => text.extend(character.escape_default()),
            _ => text.push(character),
        }
    }
    text
}

/// Where the bytes that came leave those that were expected; `None` where it is not bytes that differ.
fn first_wrong(expected: &[Seen], came: &[Seen]) -> Option<usize> {
    let (Some(Seen::Bytes(expected)), Some(Seen::Bytes(came))) = (expected.first(), came.first())
    else {
        return None;
    };
    let same = expected.iter().zip(came).take_while(|(a, b)| a == b).count();
    (same < expected.len() || same < came.len()).then_some(same)
}

/// Everything in a row, and in which column the byte `at` of the first is.
fn all(seen: &[Seen], at: Option<usize>, lang: Lang) -> (String, Option<usize>) {
    let mut column = None;
    let parts: Vec<String> = seen
        .iter()
        .enumerate()
        .map(|(n, one)| match one {
            Seen::Bytes(bytes) if n == 0 => {
                let (text, caret) = window(bytes, at.unwrap_or(0));
                column = at.map(|_| caret);
                text
            }
            _ => one.show(lang),
        })
        .collect();
    (parts.join(lang.pick(", then ", "，然后")), column)
}

/// The bytes around the one at `at`, escaped and in quotes, and in which column that one is (or would be, at the end).
fn window(bytes: &[u8], at: usize) -> (String, usize) {
    let at = at.min(bytes.len());
    let start = if at > BEFORE + 4 { at - BEFORE } else { 0 };
    let end = if bytes.len() - at > FROM + 4 { at + FROM } else { bytes.len() };
    let mut text = if start > 0 { "…\"" } else { "\"" }.to_string();
    let mut caret = None;
    let mut position = start;
    for chunk in bytes[start..end].utf8_chunks() {
        for character in chunk.valid().chars() {
            if position + character.len_utf8() > at && caret.is_none() {
                caret = Some(columns(&text));
            }
            position += character.len_utf8();
            match character {
                '\'' => text.push('\''),
                _ => text.extend(character.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            if position >= at && caret.is_none() {
                caret = Some(columns(&text));
            }
            position += 1;
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let caret = caret.unwrap_or_else(|| columns(&text));
    text.push('"');
    if end < bytes.len() {
        text.push_str(&format!("… {} B", bytes.len()));
    }
    (text, caret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { name: "x", en: "Say it right.", zh: "说对。", see: "" };

    fn shown(expected: Vec<Seen>, came: Vec<Seen>) -> String {
        Failure::new(&RULE, expected, came).to_string()
    }

    #[test]
    fn a_caret_stands_under_the_first_wrong_byte() {
        let text = shown(vec![Seen::bytes("a\r\nb"), Seen::Fin], vec![Seen::bytes("a\nb")]);
        assert_eq!(
            text,
            "  rule      Say it right.\n\
             \x20 expected  \"a\\r\\nb\", then the end (FIN)\n\
             \x20 came      \"a\\nb\"\n\
             \x20             ^ byte 2\n"
        );
    }

    #[test]
    fn what_is_missing_is_pointed_at_behind_the_last_byte() {
        let text = shown(vec![Seen::bytes("abc")], vec![Seen::bytes("ab"), Seen::Reset]);
        assert!(
            text.contains("came      \"ab\", then a reset (RST)\n               ^ byte 3"),
            "{text}"
        );
    }

    #[test]
    fn only_the_neighbourhood_of_a_long_difference_is_shown() {
        let mut long = vec![b'x'; 1000];
        let right = long.clone();
        long[500] = b'y';
        let text = shown(vec![Seen::Bytes(right)], vec![Seen::Bytes(long)]);
        let xs = "x".repeat(BEFORE);
        assert!(text.contains(&format!("came      …\"{xs}yxxx")), "{text}");
        assert!(text.contains(&format!("\n{}^ byte 501\n", " ".repeat(12 + 2 + BEFORE))), "{text}");
    }

    #[test]
    fn broken_characters_are_bytes_and_chinese_takes_two_columns() {
        let text = shown(vec![Seen::bytes("你好")], vec![Seen::bytes(&"你好".as_bytes()[..5])]);
        assert!(text.contains("came      \"你\\xe5\\xa5\"\n"), "{text}");
        let equal = shown(vec![Seen::bytes("a")], vec![Seen::bytes("a"), Seen::Fin]);
        assert!(!equal.contains('^'), "{equal}");
    }

    #[test]
    fn what_a_program_printed_cannot_move_the_cursor_or_fill_the_screen() {
        let failure = || Failure::new(&RULE, vec![Seen::Fin], vec![Seen::words("a\x1bc", "")]);
        let text = failure().to_string();
        assert!(text.ends_with("came      a\\u{1b}c\n"), "{text}");
        let stderr = "\t\"\x1b[2J\u{9b}1m\r'你\n".to_string() + &"x".repeat(WIDTH + 1);
        let text = failure().with_program(stderr, None).to_string();
        assert!(text.contains("\n        \"\\u{1b}[2J\\u{9b}1m\\r'你\n    xxx"), "{text}");
        assert!(text.ends_with(&("x".repeat(WIDTH) + "…\n")), "{text}");
        let stderr: String = (1..=100).map(|n| format!("line {n}\n")).collect();
        let text = failure().with_program(stderr, None).to_string();
        assert!(text.contains("line 20\n    … 70 lines more …\n    line 91\n"), "{text}");
        assert!(text.ends_with("line 100\n"), "{text}");
    }

    #[test]
    fn a_failure_speaks_chinese() {
        let text = Failure::new(&RULE, vec![Seen::Fin], vec![Seen::Reset]).show(Lang::Zh);
        assert!(
            text.contains(
                "规则      说对。\n  应该是    结束（FIN）\n  实际是    连接被重置（RST）\n"
            ),
            "{text}"
        );
    }
}

//! [`Failure`]: the broken rule, the expected and the actual behaviour, and the transcript.

mod parts;

use std::fmt;

pub use self::parts::FailureParts;
use super::layout::{excerpt, wrap};
use super::observed::{Observed, escape_controls};
use super::rule::{Lang, Rule, Standing};
use super::transcript::{self, TranscriptEntry};
use crate::quote::columns;

/// The number of lines of standard error that are shown: the first lines, which usually name the
/// error, and the last ones.
const FIRST_LINES: usize = 8;
const LAST_LINES: usize = 4;
/// The column in which the text after a label begins.
const LABEL_COLUMNS: usize = 12;
/// The width that each terminal has, in columns.
const DEFAULT_COLUMNS: usize = 80;

/// A broken rule, and how it was detected. `Display` is [`show`](Self::show) in English, in 80
/// columns.
#[derive(Debug, Clone)]
pub struct Failure(Box<FailureReport>);

#[derive(Debug, Clone)]
struct FailureReport {
    rule: Rule,
    expected: Vec<Observed>,
    actual: Vec<Observed>,
    /// The names of the rules that were kept.
    kept: Vec<&'static str>,
    transcript: Vec<TranscriptEntry>,
    /// The text that the program wrote to standard error.
    stderr: String,
    /// Other observations of the program: it has ended, or it is busy.
    meanwhile: Vec<Observed>,
}

impl Failure {
    pub(super) fn new(rule: &Rule, expected: Vec<Observed>, actual: Vec<Observed>) -> Failure {
        Failure(Box::new(FailureReport {
            rule: *rule,
            expected,
            actual,
            kept: Vec::new(),
            transcript: Vec::new(),
            stderr: String::new(),
            meanwhile: Vec::new(),
        }))
    }

    /// Adds the rules that were kept, and the transcript.
    pub(super) fn with_run(
        mut self,
        kept: Vec<&'static str>,
        transcript: Vec<TranscriptEntry>,
    ) -> Failure {
        self.0.kept = kept;
        self.0.transcript = transcript;
        self
    }

    /// Adds the program's standard error, and other observations, which often show the cause.
    pub(super) fn with_program(mut self, stderr: String, meanwhile: Vec<Observed>) -> Failure {
        self.0.stderr = stderr;
        self.0.meanwhile = meanwhile;
        self
    }

    /// The rule that was broken.
    pub fn rule(&self) -> &Rule {
        &self.0.rule
    }

    /// The result of the check for this rule, or for another one.
    pub fn standing(&self, rule: &Rule) -> Standing {
        match rule.name {
            name if name == self.0.rule.name => Standing::Broken,
            name if self.0.kept.contains(&name) => Standing::Kept,
            _ => Standing::NotReached,
        }
    }

    /// Formats the whole report in one language, in 80 columns.
    pub fn show(&self, lang: Lang) -> String {
        self.show_in(lang, DEFAULT_COLUMNS)
    }

    /// Formats the whole report in one language, for a terminal of this width: first the events in
    /// both directions and the program's standard error; at the end, where the reader looks first,
    /// the rule, and expected and actual with a caret under the first wrong byte.
    pub fn show_in(&self, lang: Lang, width: usize) -> String {
        let FailureReport { rule, expected, actual, transcript, stderr, meanwhile, .. } = &*self.0;
        let mut text = String::new();
        if !transcript.is_empty() {
            let title = lang.pick(
                "what happened (→ to your program, ← from it)",
                "往来记录（→ 发给你的程序，← 程序发来的）",
            );
            text.push_str(&format!("  {title}\n{}", transcript::show(transcript, lang, width)));
        }
        if !stderr.trim().is_empty() {
            text.push_str("  stderr\n");
            for line in errors(stderr, lang) {
                for row in wrap(&line, width.saturating_sub(4)) {
                    text.push_str(&format!("    {row}\n"));
                }
            }
        }
        let room = width.saturating_sub(LABEL_COLUMNS).max(20);
        let mut push_row = |label: &str, rows: Vec<String>| {
            let gap = " ".repeat(LABEL_COLUMNS - 2 - columns(label));
            let rows = rows.join(&format!("\n{}", " ".repeat(LABEL_COLUMNS)));
            text.push_str(&format!("  {label}{gap}{rows}\n"));
        };
        let wrong = first_wrong(expected, actual);
        push_row(lang.pick("rule", "规则"), wrap(rule.sentence(lang), room));
        push_row(lang.pick("expected", "应该是"), rows(expected, wrong, lang, room).0);
        let (mut actual, caret) = rows(actual, wrong, lang, room);
        if let (Some(at), Some(caret)) = (wrong, caret) {
            let note = lang.pick(format!("byte {}", at + 1), format!("第 {} 个字节", at + 1));
            actual.insert(1, format!("{}^ {note}", " ".repeat(caret)));
        }
        push_row(lang.pick("actual", "实际是"), actual);
        for what in meanwhile {
            push_row(lang.pick("meanwhile", "与此同时"), wrap(&what.show(lang, room), room));
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

/// The lines of standard error. Lines that are left out are replaced by one line with their number.
fn errors(stderr: &str, lang: Lang) -> Vec<String> {
    let mut lines: Vec<String> = stderr.lines().map(escape_controls).collect();
    if lines.len() > FIRST_LINES + LAST_LINES {
        let more = lines.len() - FIRST_LINES - LAST_LINES;
        let left_out =
            lang.pick(format!("… {more} lines more …"), format!("……中间还有 {more} 行……"));
        lines.splice(FIRST_LINES..FIRST_LINES + more, [left_out]);
    }
    lines
}

/// The position of the first byte that differs. `None` if the difference is not in bytes.
fn first_wrong(expected: &[Observed], actual: &[Observed]) -> Option<usize> {
    let (Some(Observed::Bytes(expected)), Some(Observed::Bytes(actual))) =
        (expected.first(), actual.first())
    else {
        return None;
    };
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    (same < expected.len() || same < actual.len()).then_some(same)
}

/// Formats the observations, and returns the column of the byte `at` of the first one. That one
/// gets a separate line if necessary.
fn rows(
    all: &[Observed],
    at: Option<usize>,
    lang: Lang,
    width: usize,
) -> (Vec<String>, Option<usize>) {
    let then = lang.pick(", then ", "，然后");
    let rest = |from: usize| -> String {
        all.iter().skip(from).map(|one| then.to_string() + &one.show(lang, width / 2)).collect()
    };
    match all.first() {
        Some(Observed::Bytes(bytes)) => {
            let rest = rest(1);
            let room = width.saturating_sub(columns(&rest)).max(width / 2);
            let (first, caret) = match at {
                Some(at) => {
                    let (first, caret) = excerpt(bytes, at, room);
                    (first, Some(caret))
                }
                None => (Observed::bytes(bytes).show(lang, room), None),
            };
            match columns(&first) + columns(&rest) <= width {
                true => (vec![first + &rest], caret),
                false => {
                    (vec![first, rest.trim_start_matches([',', '，', ' ']).to_string()], caret)
                }
            }
        }
        _ => {
            let first = all.first().map(|first| first.show(lang, width)).unwrap_or_default();
            (wrap(&(first + &rest(1)), width), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const RULE: Rule = Rule { name: "x", en: "Say it right.", zh: "说对。", see: "" };

    fn shown(expected: Vec<Observed>, actual: Vec<Observed>) -> String {
        Failure::new(&RULE, expected, actual).to_string()
    }

    #[test]
    fn a_caret_stands_under_the_first_wrong_byte() {
        let text =
            shown(vec![Observed::bytes("a\r\nb"), Observed::Fin], vec![Observed::bytes("a\nb")]);
        assert_eq!(
            text,
            "  rule      Say it right.\n\
             \x20 expected  \"a\\r\\nb\", then the end (FIN)\n\
             \x20 actual    \"a\\nb\"\n\
             \x20             ^ byte 2\n"
        );
    }

    #[test]
    fn what_is_missing_is_pointed_at_behind_the_last_byte() {
        let text =
            shown(vec![Observed::bytes("abc")], vec![Observed::bytes("ab"), Observed::Reset]);
        assert!(
            text.contains("actual    \"ab\", then a reset (RST)\n               ^ byte 3"),
            "{text}"
        );
    }

    #[test]
    fn only_the_neighbourhood_of_a_long_difference_is_shown() {
        let mut long = vec![b'x'; 1000];
        let right = long.clone();
        long[500] = b'y';
        let text = shown(vec![Observed::Bytes(right)], vec![Observed::Bytes(long), Observed::Fin]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("  actual    …\"xxxxxx"), "{text}");
        let caret = lines[3].find('^').expect("a caret");
        assert_eq!(lines[2].chars().nth(caret), Some('y'), "{text}");
        assert!(lines[3].ends_with("^ byte 501"), "{text}");
        assert!(lines.iter().all(|line| columns(line) <= DEFAULT_COLUMNS), "{text}");
    }

    #[test]
    fn broken_characters_are_bytes_and_chinese_takes_two_columns() {
        let text =
            shown(vec![Observed::bytes("你好")], vec![Observed::bytes(&"你好".as_bytes()[..5])]);
        assert!(text.contains("actual    \"你\\xe5\\xa5\"\n"), "{text}");
        let equal = shown(vec![Observed::bytes("a")], vec![Observed::bytes("a"), Observed::Fin]);
        assert!(!equal.contains('^'), "{equal}");
    }

    #[test]
    fn what_a_program_printed_cannot_move_the_cursor_or_fill_the_screen() {
        let failure =
            || Failure::new(&RULE, vec![Observed::Fin], vec![Observed::text("a\x1bc", "")]);
        let text = failure().to_string();
        assert!(text.ends_with("actual    a\\u{1b}c\n"), "{text}");
        let stderr = "\t\"\x1b[2J\u{9b}1m\r'你\n".to_string() + &"x".repeat(10_000);
        let text = failure().with_program(stderr, Vec::new()).to_string();
        assert!(text.contains("\n    \"\\u{1b}[2J\\u{9b}1m\\r'你\n    xxx"), "{text}");
        assert!(text.len() < 1000, "{text}");
        let stderr: String = (1..=100).map(|n| format!("line {n}\n")).collect();
        let text = failure().with_program(stderr, Vec::new()).to_string();
        assert!(text.contains("line 8\n    … 88 lines more …\n    line 97\n"), "{text}");
    }

    #[test]
    fn a_failure_speaks_chinese_and_fits_the_terminal() {
        let long =
            Rule { zh: "客户端结束之后，服务器也要结束这条连接。", ..RULE };
        let nothing = Observed::Nothing(Duration::from_millis(1500));
        let failure = Failure::new(&long, vec![Observed::Fin], vec![nothing, Observed::Reset]);
        let text = failure.show_in(Lang::Zh, 40);
        assert_eq!(
            text,
            "  规则      客户端结束之后，服务器也要结\n            束这条连接。\n  应该是    结束（FIN）\n\
             \x20 实际是    1.5s 内什么也没有，然后连接\n            被重置（RST）\n"
        );
    }

    #[test]
    fn a_rule_is_kept_broken_or_not_reached() {
        let [one, two] = ["one", "two"].map(|name| Rule { name, ..RULE });
        let failure =
            Failure::new(&RULE, Vec::new(), Vec::new()).with_run(vec!["one", "x"], Vec::new());
        assert_eq!(failure.standing(&one), Standing::Kept);
        assert_eq!(failure.standing(&two), Standing::NotReached);
        assert_eq!(failure.standing(&RULE), Standing::Broken);
    }
}

//! [`Observed`]: something that was expected, or that was observed.

use std::time::Duration;

use super::layout::both_ends;
use super::rule::{Lang, Localized};

/// The largest number of characters of a printed line that are shown: a line may have no end.
const LINE_CHARS_MAX: usize = 500;

/// Something that was expected, or that was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The peer's FIN: it has ended its direction.
    Fin,
    /// An RST: the connection was cut off, and bytes on their way are lost.
    Reset,
    /// Nothing in this time.
    Nothing(Duration),
    /// The program has ended: with this exit status, or by a signal.
    Exit(Option<i32>),
    /// Anything else.
    Text(Localized),
}

impl Observed {
    /// Creates an observation that no other variant covers.
    pub fn text(en: impl Into<String>, zh: impl Into<String>) -> Observed {
        Observed::Text(Localized::new(en.into(), zh.into()))
    }

    /// Creates an observation of these bytes.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Observed {
        Observed::Bytes(bytes.as_ref().to_vec())
    }

    /// Formats the observation; bytes in about `width` columns.
    pub(super) fn show(&self, lang: Lang, width: usize) -> String {
        match self {
            Observed::Bytes(bytes) => both_ends(bytes, width),
            Observed::Fin => lang.pick("the end (FIN)", "结束（FIN）").to_string(),
            Observed::Reset => lang.pick("a reset (RST)", "连接被重置（RST）").to_string(),
            Observed::Nothing(time) => {
                let time = round_for_display(*time);
                lang.pick(format!("nothing in {time:?}"), format!("{time:?} 内什么也没有"))
            }
            Observed::Exit(Some(status)) => lang.pick(
                format!("the program ends with exit status {status}"),
                format!("程序结束，退出状态为 {status}"),
            ),
            Observed::Exit(None) => {
                lang.pick("the program is killed by a signal", "程序被信号终止").to_string()
            }
            Observed::Text(text) => escape_controls(text.in_lang(lang)),
        }
    }
}

/// Rounds a time for people: `1.5s`, `150ms`.
pub(super) fn round_for_display(time: Duration) -> Duration {
    let unit = if time < Duration::from_secs(1) { 1 } else { 100 };
    Duration::from_millis((time.as_millis() as u64 + unit / 2) / unit * unit)
}

/// Escapes control characters, which may move the cursor of a terminal or rename its window.
pub(super) fn escape_controls(line: &str) -> String {
    let mut text = String::new();
    for (n, character) in line.chars().enumerate() {
        match character {
            _ if n == LINE_CHARS_MAX => return text + "…",
            '\t' => text.push_str("    "),
            _ if character.is_control() => text.extend(character.escape_default()),
            _ => text.push(character),
        }
    }
    text
}

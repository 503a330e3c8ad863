//! Something that was expected, or that was seen.

use std::time::Duration;

use super::layout::both_ends;
use super::rule::{Lang, Localized};

/// How many characters of a line are shown of what a program printed: it may have printed without end.
const LINE_MAX: usize = 500;

/// Something that was expected, or that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
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
    Text(Localized),
}

impl Observed {
    /// Anything that the other kinds do not say.
    pub fn text(en: impl Into<String>, zh: impl Into<String>) -> Observed {
        Observed::Text(Localized::new(en.into(), zh.into()))
    }

    /// These bytes.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Observed {
        Observed::Bytes(bytes.as_ref().to_vec())
    }

    /// As text, and bytes in about `width` columns.
    pub(super) fn show(&self, lang: Lang, width: usize) -> String {
        match self {
            Observed::Bytes(bytes) => both_ends(bytes, width),
            Observed::Fin => lang.pick("the end (FIN)", "结束（FIN）").to_string(),
            Observed::Reset => lang.pick("a reset (RST)", "连接被重置（RST）").to_string(),
            Observed::Nothing(time) => {
                let time = rounded(*time);
                lang.pick(format!("nothing in {time:?}"), format!("{time:?} 内什么也没有"))
            }
            Observed::Exit(Some(status)) => lang.pick(
                format!("the program ends with exit status {status}"),
                format!("程序结束，退出状态为 {status}"),
            ),
            Observed::Exit(None) => {
                lang.pick("the program is killed by a signal", "程序被信号终止").to_string()
            }
            Observed::Text(text) => harmless(text.in_lang(lang)),
        }
    }
}

/// A time as a person would say it: `1.5s`, `150ms`.
pub(super) fn rounded(time: Duration) -> Duration {
    let unit = if time < Duration::from_secs(1) { 1 } else { 100 };
    Duration::from_millis((time.as_millis() as u64 + unit / 2) / unit * unit)
}

/// One line as a terminal may be given it: what a program printed may move the cursor, or rename the window.
pub(super) fn harmless(line: &str) -> String {
    let mut text = String::new();
    for (n, character) in line.chars().enumerate() {
        match character {
            _ if n == LINE_MAX => return text + "…",
            '\t' => text.push_str("    "),
            _ if character.is_control() => text.extend(character.escape_default()),
            _ => text.push(character),
        }
    }
    text
}

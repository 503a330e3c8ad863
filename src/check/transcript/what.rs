//! One thing that happened during a check, and how it is shown.

use crate::check::rule::{Lang, Localized};
use crate::quote::quoted;

/// Pieces of this size that come one after another are one entry: megabytes must not push out all else.
pub(super) const BIG: usize = 4096;
/// How wide the bytes of one line may be.
const WIDTH: usize = 48;

/// One thing that happened. "Sent" is what the check sent, "received" what the program did.
#[derive(Debug, Clone)]
pub(in crate::check) enum What {
    Sent {
        line: Vec<u8>,
        bytes: usize,
        pieces: usize,
    },
    Received {
        line: Vec<u8>,
        bytes: usize,
        pieces: usize,
    },
    SentFin,
    ReceivedFin,
    SentReset,
    ReceivedReset,
    /// The check is done with this conversation.
    Closes,
    /// The beginning of it, unescaped: the rest of a line may follow.
    Printed {
        on: Output,
        line: Vec<u8>,
        /// Whether it is whole lines.
        whole: bool,
        bytes: usize,
        pieces: usize,
    },
    Typed(String),
    Other(Localized),
}

/// Where a program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Output {
    Stdout,
    Stderr,
}

impl What {
    pub(in crate::check) fn sent(bytes: &[u8]) -> What {
        What::Sent { line: beginning(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(in crate::check) fn received(bytes: &[u8]) -> What {
        What::Received { line: beginning(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(in crate::check) fn printed(on: Output, text: &[u8]) -> What {
        let whole = text.ends_with(b"\n");
        What::Printed { on, line: beginning(text), whole, bytes: text.len(), pieces: 1 }
    }

    pub(in crate::check) fn typed(text: &[u8]) -> What {
        What::Typed(quoted(text, WIDTH))
    }

    pub(in crate::check) fn other(en: impl Into<String>, zh: impl Into<String>) -> What {
        What::Other(Localized::new(en.into(), zh.into()))
    }

    /// Adds what came next to this, if they are better seen as one. `many`: before this there was much of the same.
    pub(super) fn joins(&mut self, next: &What, many: bool) -> bool {
        match (self, next) {
            // Byte by byte, which is one message for the reader.
            (What::Sent { line, bytes, pieces }, What::Sent { line: byte, bytes: 1, .. })
                if *bytes == *pieces =>
            {
                if line.len() < 4 * WIDTH {
                    line.extend_from_slice(byte);
                }
                *bytes += 1;
                *pieces += 1;
                true
            }
            // A line that is written word by word is one line for the reader.
            (
                What::Received { line, bytes, pieces: 1 },
                What::Received { line: rest, bytes: more, .. },
            ) if *bytes + more < 4 * WIDTH && !line.ends_with(b"\n") => {
                line.extend_from_slice(rest);
                *bytes += more;
                true
            }
            // What is printed without a buffer, as standard error is, comes in bits and pieces: they belong to one line.
            (
                What::Printed { on, line, whole, bytes, pieces: 1 },
                What::Printed { on: same, line: rest, whole: end, bytes: more, .. },
            ) if on == same && !*whole => {
                if line.len() < 4 * WIDTH {
                    line.extend_from_slice(rest);
                }
                *whole = *end;
                *bytes += more;
                true
            }
            (What::Printed { bytes: sum, pieces, .. }, What::Printed { bytes: more, .. })
            | (What::Sent { bytes: sum, pieces, .. }, What::Sent { bytes: more, .. })
                if many =>
            {
                *sum += more;
                *pieces += 1;
                true
            }
            (What::Received { bytes: sum, pieces, .. }, What::Received { bytes: more, .. })
                if *sum >= BIG && *more >= BIG =>
            {
                *sum += more;
                *pieces += 1;
                true
            }
            _ => false,
        }
    }

    pub(super) fn show(&self, lang: Lang) -> String {
        match self {
            What::Sent { line, bytes, pieces: 1 } => format!("→ {} {bytes} B", quoted(line, WIDTH)),
            What::Sent { line, bytes, pieces } => {
                let line = quoted(line, WIDTH);
                match bytes == pieces {
                    true => lang.pick(
                        format!("→ {line} {bytes} B, one by one"),
                        format!("→ {line} {bytes} B，一个一个地发"),
                    ),
                    false => lang.pick(
                        format!("→ {line} and on, {bytes} B in {pieces} pieces"),
                        format!("→ {line} 等等，共 {bytes} B，分 {pieces} 块"),
                    ),
                }
            }
            What::Received { line, bytes, pieces } => {
                let line = quoted(line, WIDTH);
                match pieces {
                    1 => format!("← {line} {bytes} B"),
                    _ => lang.pick(
                        format!("← {line} {bytes} B in {pieces} pieces"),
                        format!("← {line} {bytes} B，分 {pieces} 块"),
                    ),
                }
            }
            What::SentFin => "→ FIN".to_string(),
            What::ReceivedFin => "← FIN".to_string(),
            What::SentReset => "→ RST".to_string(),
            What::ReceivedReset => "← RST".to_string(),
            What::Closes => lang.pick("closes", "关闭").to_string(),
            What::Printed { on, line, bytes, pieces, .. } => {
                let line = quoted(line, WIDTH);
                let prints = match on {
                    Output::Stdout => lang.pick("prints", "打印"),
                    Output::Stderr => lang.pick("prints on stderr", "在 stderr 上打印"),
                };
                match pieces {
                    1 => format!("{prints} {line}"),
                    _ => lang.pick(
                        format!("{prints} {line} and on, {bytes} B in {pieces} pieces"),
                        format!("{prints} {line} 等等，共 {bytes} B，分 {pieces} 块"),
                    ),
                }
            }
            What::Typed(text) => format!("{} {text}", lang.pick("is typed", "收到输入")),
            What::Other(text) => text.in_lang(lang).to_string(),
        }
    }
}

/// As much as is shown of a line: no character has more than four bytes.
fn beginning(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(4 * WIDTH)].to_vec()
}

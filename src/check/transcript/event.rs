//! [`TranscriptEvent`]: one event during a check, and its text.

use crate::check::rule::{Lang, Localized};
use crate::quote::quoted;

/// Consecutive pieces of at least this size, in bytes, are one entry: megabytes must not displace
/// all other entries.
pub(super) const LARGE_PIECE_BYTES: usize = 4096;
/// The width of the bytes in a line, in columns.
const LINE_COLUMNS: usize = 48;

/// One event. "Sent" means sent by the check, "received" means received from the program.
#[derive(Debug, Clone)]
pub(in crate::check) enum TranscriptEvent {
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
    /// The check has finished this conversation.
    Closes,
    /// The beginning of the text, unescaped: the rest of a line may follow.
    Printed {
        on: OutputStream,
        line: Vec<u8>,
        /// Whether the text ends with a line end.
        whole: bool,
        bytes: usize,
        pieces: usize,
    },
    Typed(String),
    Other(Localized),
}

/// An output stream of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum OutputStream {
    Stdout,
    Stderr,
}

impl TranscriptEvent {
    pub(in crate::check) fn sent(bytes: &[u8]) -> TranscriptEvent {
        TranscriptEvent::Sent { line: line_start(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(in crate::check) fn received(bytes: &[u8]) -> TranscriptEvent {
        TranscriptEvent::Received { line: line_start(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(in crate::check) fn printed(on: OutputStream, text: &[u8]) -> TranscriptEvent {
        let whole = text.ends_with(b"\n");
        TranscriptEvent::Printed { on, line: line_start(text), whole, bytes: text.len(), pieces: 1 }
    }

    pub(in crate::check) fn typed(text: &[u8]) -> TranscriptEvent {
        TranscriptEvent::Typed(quoted(text, LINE_COLUMNS))
    }

    pub(in crate::check) fn other(en: impl Into<String>, zh: impl Into<String>) -> TranscriptEvent {
        TranscriptEvent::Other(Localized::new(en.into(), zh.into()))
    }

    /// Merges the next event into this one, if a reader wants to see them as one. `many`: there
    /// were many equal events before this one.
    pub(super) fn try_join(&mut self, next: &TranscriptEvent, many: bool) -> bool {
        match (self, next) {
            // Byte by byte: one message for the reader.
            (
                TranscriptEvent::Sent { line, bytes, pieces },
                TranscriptEvent::Sent { line: byte, bytes: 1, .. },
            ) if *bytes == *pieces => {
                if line.len() < 4 * LINE_COLUMNS {
                    line.extend_from_slice(byte);
                }
                *bytes += 1;
                *pieces += 1;
                true
            }
            // A line that is written word by word: one line for the reader.
            (
                TranscriptEvent::Received { line, bytes, pieces: 1 },
                TranscriptEvent::Received { line: rest, bytes: more, .. },
            ) if *bytes + more < 4 * LINE_COLUMNS && !line.ends_with(b"\n") => {
                line.extend_from_slice(rest);
                *bytes += more;
                true
            }
            // Unbuffered output, as of standard error, arrives in small pieces: they belong to one
            // line.
            (
                TranscriptEvent::Printed { on, line, whole, bytes, pieces: 1 },
                TranscriptEvent::Printed { on: same, line: rest, whole: end, bytes: more, .. },
            ) if on == same && !*whole => {
                if line.len() < 4 * LINE_COLUMNS {
                    line.extend_from_slice(rest);
                }
                *whole = *end;
                *bytes += more;
                true
            }
            (
                TranscriptEvent::Printed { bytes: sum, pieces, .. },
                TranscriptEvent::Printed { bytes: more, .. },
            )
            | (
                TranscriptEvent::Sent { bytes: sum, pieces, .. },
                TranscriptEvent::Sent { bytes: more, .. },
            ) if many => {
                *sum += more;
                *pieces += 1;
                true
            }
            (
                TranscriptEvent::Received { bytes: sum, pieces, .. },
                TranscriptEvent::Received { bytes: more, .. },
            ) if *sum >= LARGE_PIECE_BYTES && *more >= LARGE_PIECE_BYTES => {
                *sum += more;
                *pieces += 1;
                true
            }
            _ => false,
        }
    }

    /// Returns the kind of the event, for programs.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            TranscriptEvent::Sent { .. } => "sent",
            TranscriptEvent::Received { .. } => "received",
            TranscriptEvent::SentFin => "fin-sent",
            TranscriptEvent::ReceivedFin => "fin-received",
            TranscriptEvent::SentReset => "reset-sent",
            TranscriptEvent::ReceivedReset => "reset-received",
            TranscriptEvent::Closes => "closes",
            TranscriptEvent::Printed { .. } => "prints",
            TranscriptEvent::Typed(_) => "typed",
            TranscriptEvent::Other(_) => "other",
        }
    }

    pub(super) fn show(&self, lang: Lang) -> String {
        match self {
            TranscriptEvent::Sent { line, bytes, pieces: 1 } => {
                format!("→ {} {bytes} B", quoted(line, LINE_COLUMNS))
            }
            TranscriptEvent::Sent { line, bytes, pieces } => {
                let line = quoted(line, LINE_COLUMNS);
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
            TranscriptEvent::Received { line, bytes, pieces } => {
                let line = quoted(line, LINE_COLUMNS);
                match pieces {
                    1 => format!("← {line} {bytes} B"),
                    _ => lang.pick(
                        format!("← {line} {bytes} B in {pieces} pieces"),
                        format!("← {line} {bytes} B，分 {pieces} 块"),
                    ),
                }
            }
            TranscriptEvent::SentFin => "→ FIN".to_string(),
            TranscriptEvent::ReceivedFin => "← FIN".to_string(),
            TranscriptEvent::SentReset => "→ RST".to_string(),
            TranscriptEvent::ReceivedReset => "← RST".to_string(),
            TranscriptEvent::Closes => lang.pick("closes", "关闭").to_string(),
            TranscriptEvent::Printed { on, line, bytes, pieces, .. } => {
                let line = quoted(line, LINE_COLUMNS);
                let prints = match on {
                    OutputStream::Stdout => lang.pick("prints", "打印"),
                    OutputStream::Stderr => lang.pick("prints on stderr", "在 stderr 上打印"),
                };
                match pieces {
                    1 => format!("{prints} {line}"),
                    _ => lang.pick(
                        format!("{prints} {line} and on, {bytes} B in {pieces} pieces"),
                        format!("{prints} {line} 等等，共 {bytes} B，分 {pieces} 块"),
                    ),
                }
            }
            TranscriptEvent::Typed(text) => format!("{} {text}", lang.pick("is typed", "收到输入")),
            TranscriptEvent::Other(text) => text.in_lang(lang).to_string(),
        }
    }
}

/// The part of a line that can be shown: no character has more than four bytes.
fn line_start(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(4 * LINE_COLUMNS)].to_vec()
}

//! What crossed the wire during a check, and what the program printed: kept for the failure to show.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::rule::{Lang, Words};
use crate::sync::lock;
use crate::wire::{columns, milliseconds, quoted};

/// More than a person reads; a check that floods must not fill the memory.
const ENTRIES: usize = 2000;
/// How many of the last ones a failure shows.
const SHOWN: usize = 40;
/// Pieces of this size that come one after another are one entry: megabytes must not push out all else.
const BIG: usize = 4096;
/// Of what is printed, so many entries in a row; more are one. A program may print without end, and that must not push out
/// all else.
const IN_A_ROW: usize = 12;
/// How wide the bytes of one line may be.
const WIDTH: usize = 56;

#[derive(Debug)]
pub(super) struct Transcript {
    began: Instant,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    at: Duration,
    who: String,
    what: What,
}

/// One thing that happened. "Sent" is what the check sent, "received" what the program did.
#[derive(Debug, Clone)]
pub(super) enum What {
    Sent {
        line: Vec<u8>,
        bytes: usize,
        pieces: usize,
    },
    Received {
        shown: String,
        bytes: usize,
        pieces: usize,
    },
    SentFin,
    ReceivedFin,
    SentReset,
    ReceivedReset,
    /// The beginning of it, unescaped: the rest of a line may follow.
    Printed {
        line: Vec<u8>,
        bytes: usize,
        pieces: usize,
    },
    Typed(String),
    Other(Words),
}

impl What {
    pub(super) fn sent(bytes: &[u8]) -> What {
        What::Sent { line: beginning(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(super) fn received(bytes: &[u8]) -> What {
        What::Received { shown: quoted(bytes, WIDTH), bytes: bytes.len(), pieces: 1 }
    }

    pub(super) fn printed(text: &[u8]) -> What {
        What::Printed { line: beginning(text), bytes: text.len(), pieces: 1 }
    }

    pub(super) fn typed(text: &str) -> What {
        What::Typed(quoted(text.as_bytes(), WIDTH))
    }

    /// Adds what came next to this, if they are better seen as one. `many`: before this there was much of the same.
    fn joins(&mut self, next: &What, many: bool) -> bool {
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
            // What is printed without a buffer, as standard error is, comes in bits and pieces: they belong to one line.
            (What::Printed { line, bytes, pieces: 1 }, What::Printed { line: rest, .. })
                if !line.ends_with(b"\n") && line.len() < 4 * WIDTH =>
            {
                line.extend_from_slice(rest);
                *bytes += rest.len();
                true
            }
            (What::Printed { bytes: sum, pieces, .. }, What::Printed { bytes: more, .. })
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

    fn show(&self, lang: Lang) -> String {
        match self {
            What::Sent { line, bytes, pieces: 1 } => format!("→ {} {bytes} B", quoted(line, WIDTH)),
            What::Sent { line, pieces, .. } => {
                let line = quoted(line, WIDTH);
                lang.pick(
                    format!("→ {line} {pieces} B, one by one"),
                    format!("→ {line} {pieces} B，一个一个地发"),
                )
            }
            What::Received { shown, bytes, pieces: 1 } => format!("← {shown} {bytes} B"),
            What::Received { shown, bytes, pieces } => lang.pick(
                format!("← {shown} {bytes} B in {pieces} pieces"),
                format!("← {shown} {bytes} B，分 {pieces} 块"),
            ),
            What::SentFin => "→ FIN".to_string(),
            What::ReceivedFin => "← FIN".to_string(),
            What::SentReset => "→ RST".to_string(),
            What::ReceivedReset => "← RST".to_string(),
            What::Printed { line, pieces: 1, .. } => {
                format!("{} {}", lang.pick("prints", "打印"), quoted(line, WIDTH))
            }
            What::Printed { line, bytes, pieces } => {
                let line = quoted(line, WIDTH);
                lang.pick(
                    format!("prints {line} and on, {bytes} B in {pieces} pieces"),
                    format!("打印 {line}，没完没了，共 {bytes} B，分 {pieces} 块"),
                )
            }
            What::Typed(text) => format!("{} {text}", lang.pick("is typed", "收到输入")),
            What::Other(words) => words.in_lang(lang).to_string(),
        }
    }
}

/// As much as is shown of a line: no character has more than four bytes.
fn beginning(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(4 * WIDTH)].to_vec()
}

impl Transcript {
    pub(super) fn new() -> Transcript {
        Transcript { began: Instant::now(), entries: Mutex::default() }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn add(&self, who: &str, what: What) {
        self.add_at(self.now(), who, what);
    }

    /// Adds something that was begun at `at`: what it has caused may have been told of already, and comes after it.
    pub(super) fn add_at(&self, at: Duration, who: &str, what: What) {
        let mut entries = lock(&self.entries);
        let printed = |entry: &&Entry| matches!(entry.what, What::Printed { .. });
        let many = entries.iter().rev().take_while(printed).take(IN_A_ROW).count() == IN_A_ROW;
        if entries.last_mut().is_some_and(|last| last.who == who && last.what.joins(&what, many)) {
            return;
        }
        if entries.len() >= ENTRIES {
            entries.drain(..ENTRIES / 2);
        }
        let place = entries.partition_point(|entry| entry.at <= at);
        entries.insert(place, Entry { at, who: who.to_string(), what });
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }
}

/// The last entries as lines, in columns.
pub(super) fn show(entries: &[Entry], lang: Lang) -> String {
    let left_out = entries.len().saturating_sub(SHOWN);
    let shown = &entries[left_out..];
    let width = shown.iter().map(|entry| columns(&entry.who)).max().unwrap_or(0);
    let mut text = String::new();
    if left_out > 0 {
        let (en, zh) = (format!("{left_out} before these"), format!("前面还有 {left_out} 条"));
        text = format!("              … {}\n", lang.pick(en, zh));
    }
    for Entry { at, who, what } in shown {
        let gap = " ".repeat(width - columns(who));
        text.push_str(&format!("  {} ms  {who}{gap}  {}\n", milliseconds(*at), what.show(lang)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(whats: impl IntoIterator<Item = What>) -> Vec<String> {
        let transcript = Transcript::new();
        whats.into_iter().for_each(|what| transcript.add("x", what));
        transcript.entries().iter().map(|entry| entry.what.show(Lang::En)).collect()
    }

    #[test]
    fn the_bits_of_a_line_are_one_entry_and_lines_are_not() {
        let printed = ["a", "b\n", "c\n"].map(|text| What::printed(text.as_bytes()));
        assert_eq!(shown(printed), [r#"prints "ab\n""#, r#"prints "c\n""#]);
    }

    #[test]
    fn endless_printing_does_not_push_out_all_else() {
        let endless = (0..5000).map(|_| What::printed(b"again\n"));
        let shown = shown([What::SentFin].into_iter().chain(endless).chain([What::ReceivedFin]));
        assert_eq!(shown.len(), 1 + IN_A_ROW + 1);
        assert_eq!((&*shown[0], &*shown[1]), ("→ FIN", r#"prints "again\n""#));
        let last = r#"prints "again\n" and on, 29934 B in 4989 pieces"#;
        assert_eq!((&*shown[IN_A_ROW], &*shown[IN_A_ROW + 1]), (last, "← FIN"));
    }

    #[test]
    fn big_pieces_are_one_entry_and_small_ones_are_not() {
        let (big, small) = ([b'a'; BIG], [b'b'; BIG - 1]);
        let shown = shown([&big[..], &big, &small, &small].map(What::received));
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[0].ends_with("aa…\" 8192 B in 2 pieces"), "{shown:?}");
        assert!(shown[1].ends_with("bb…\" 4095 B"), "{shown:?}");
    }
}

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
        shown: String,
        bytes: usize,
    },
    Received {
        shown: String,
        bytes: usize,
    },
    SentFin,
    ReceivedFin,
    SentReset,
    ReceivedReset,
    /// The beginning of it, unescaped: the rest of a line may follow.
    Printed(Vec<u8>),
    Typed(String),
    Other(Words),
}

impl What {
    pub(super) fn sent(bytes: &[u8]) -> What {
        What::Sent { shown: quoted(bytes, WIDTH), bytes: bytes.len() }
    }

    pub(super) fn received(bytes: &[u8]) -> What {
        What::Received { shown: quoted(bytes, WIDTH), bytes: bytes.len() }
    }

    pub(super) fn printed(text: &[u8]) -> What {
        What::Printed(text[..text.len().min(4 * WIDTH)].to_vec()) // no character has more than four
    }

    pub(super) fn typed(text: &str) -> What {
        What::Typed(quoted(text.as_bytes(), WIDTH))
    }

    fn show(&self, lang: Lang) -> String {
        match self {
            What::Sent { shown, bytes } => format!("→ {shown} {bytes} B"),
            What::Received { shown, bytes } => format!("← {shown} {bytes} B"),
            What::SentFin => "→ FIN".to_string(),
            What::ReceivedFin => "← FIN".to_string(),
            What::SentReset => "→ RST".to_string(),
            What::ReceivedReset => "← RST".to_string(),
            What::Printed(text) => {
                format!("{} {}", lang.pick("prints", "打印"), quoted(text, WIDTH))
            }
            What::Typed(text) => format!("{} {text}", lang.pick("is typed", "被输入")),
            What::Other(words) => words.in_lang(lang).to_string(),
        }
    }
}

impl Transcript {
    pub(super) fn new() -> Transcript {
        Transcript { began: Instant::now(), entries: Mutex::default() }
    }

    pub(super) fn add(&self, who: &str, what: What) {
        let mut entries = lock(&self.entries);
        // What is printed without a buffer, as standard error is, comes in bits and pieces: they belong to one line.
        if let (What::Printed(more), Some(Entry { what: What::Printed(line), who: last, .. })) =
            (&what, entries.last_mut())
        {
            if last == who && !line.ends_with(b"\n") && line.len() < 4 * WIDTH {
                line.extend_from_slice(more);
                return;
            }
        }
        if entries.len() >= ENTRIES {
            entries.drain(..ENTRIES / 2);
        }
        // The clock is read under the lock, so that the times go one way.
        entries.push(Entry { at: self.began.elapsed(), who: who.to_string(), what });
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

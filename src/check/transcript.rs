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
/// How many bytes that were printed are kept for that: no character has more than four.
const PRINTED: usize = 4 * WIDTH;
/// From so many bytes on, the next ones of the same connection are only counted.
const FLOOD: usize = 8 << 10;

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
    /// What of it can be shown, and whether its last line has ended.
    Printed {
        text: Vec<u8>,
        ended: bool,
    },
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
        What::Printed {
            text: text[..text.len().min(PRINTED)].to_vec(),
            ended: text.ends_with(b"\n"),
        }
    }

    /// Whether this has taken in what follows, so that a person reads one line and not twenty. Standard error is not
    /// buffered, and a printed line comes in many pieces; and of a flood nobody wants to see each read.
    fn takes_in(&mut self, next: &What) -> bool {
        match (self, next) {
            (What::Received { bytes, .. }, What::Received { bytes: more, .. })
                if *bytes >= FLOOD =>
            {
                *bytes += more;
                true
            }
            (What::Printed { text, ended }, What::Printed { text: more, ended: more_ended })
                if !*ended =>
            {
                let room = PRINTED - text.len();
                text.extend_from_slice(&more[..more.len().min(room)]);
                *ended = *more_ended;
                true
            }
            _ => false,
        }
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
            What::Printed { text, .. } => {
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
        if entries.len() >= ENTRIES {
            entries.drain(..ENTRIES / 2);
        }
        if entries.last_mut().is_some_and(|last| last.who == who && last.what.takes_in(&what)) {
            return;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_entry() {
        let transcript = Transcript::new();
        for (who, size) in [("a", 100), ("a", 200), ("a", FLOOD), ("a", 1000), ("a", 24), ("b", 5)]
        {
            transcript.add(who, What::received(&vec![b'x'; size]));
        }
        let shown = show(&transcript.entries(), Lang::En);
        let sizes: Vec<&str> =
            shown.lines().filter_map(|line| Some(line.rsplit_once("\" ")?.1)).collect();
        assert_eq!(sizes, ["100 B", "200 B", &format!("{} B", FLOOD + 1024), "5 B"], "{shown}");
    }

    #[test]
    fn a_line_in_pieces_is_one_entry() {
        let transcript = Transcript::new();
        for piece in ["Err", "or: ", "你\n", "next\n", "last"] {
            transcript.add("program", What::printed(piece.as_bytes()));
        }
        transcript.add("program", What::SentFin);
        transcript.add("program", What::printed(b" of all"));
        let shown = show(&transcript.entries(), Lang::En);
        let lines: Vec<&str> =
            shown.lines().filter_map(|line| Some(line.split_once("program  ")?.1)).collect();
        let last = [r#"prints "last""#, "→ FIN", r#"prints " of all""#];
        assert_eq!(lines[..2], [r#"prints "Error: 你\n""#, r#"prints "next\n""#]);
        assert_eq!(lines[2..], last);
        transcript.add("program", What::printed(&[b'x'; 5000]));
        let Some(Entry { what: What::Printed { text, .. }, .. }) = transcript.entries().pop()
        else {
            panic!("not the printed one");
        };
        assert_eq!(text.len(), PRINTED);
    }
}

//! What crossed the wire during a check, and what the program printed: kept for the failure to show.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::layout::cut;
use super::rule::{Lang, Localized};
use crate::sync::lock;
use crate::wire::{columns, milliseconds, quoted};

/// More than a person reads; a check that floods must not fill the memory.
const ENTRIES: usize = 2000;
/// How many of the last lines a failure shows.
const SHOWN: usize = 16;
/// Pieces of this size that come one after another are one entry: megabytes must not push out all else.
const BIG: usize = 4096;
/// Of what is printed, or sent, so many entries in a row; more are one. A program may print without end, and that must not
/// push out all else.
const IN_A_ROW: usize = 6;
/// How wide the bytes of one line may be.
const WIDTH: usize = 48;

#[derive(Debug)]
pub(super) struct Transcript {
    began: Instant,
    entries: Mutex<Vec<Entry>>,
}

/// Whose entry it is. Two conversations may have the same name, and are two all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who<'a> {
    id: u64,
    name: &'a str,
}

impl<'a> Who<'a> {
    pub(super) const PROGRAM: Who<'static> = Who { id: 0, name: "program" };

    pub(super) fn new(id: u64, name: &'a str) -> Who<'a> {
        Who { id, name }
    }

    /// The id of another conversation.
    pub(super) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    at: Duration,
    id: u64,
    name: String,
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
pub(super) enum Output {
    Stdout,
    Stderr,
}

impl What {
    pub(super) fn sent(bytes: &[u8]) -> What {
        What::Sent { line: beginning(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(super) fn received(bytes: &[u8]) -> What {
        What::Received { line: beginning(bytes), bytes: bytes.len(), pieces: 1 }
    }

    pub(super) fn printed(on: Output, text: &[u8]) -> What {
        let whole = text.ends_with(b"\n");
        What::Printed { on, line: beginning(text), whole, bytes: text.len(), pieces: 1 }
    }

    pub(super) fn typed(text: &[u8]) -> What {
        What::Typed(quoted(text, WIDTH))
    }

    pub(super) fn other(en: impl Into<String>, zh: impl Into<String>) -> What {
        What::Other(Localized::new(en.into(), zh.into()))
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

    fn show(&self, lang: Lang) -> String {
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
                        format!("{prints} {line}，没完没了，共 {bytes} B，分 {pieces} 块"),
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

impl Transcript {
    pub(super) fn new() -> Transcript {
        Transcript { began: Instant::now(), entries: Mutex::default() }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn add(&self, who: Who<'_>, what: What) {
        self.add_at(self.now(), who, what);
    }

    /// Adds something that was begun at `at`: what it has caused may have been told of already, and comes after it.
    pub(super) fn add_at(&self, at: Duration, who: Who<'_>, what: What) {
        let mut entries = lock(&self.entries);
        let alike = |entry: &&Entry| {
            let kinds = [&entry.what, &what].map(std::mem::discriminant);
            entry.id == who.id && kinds[0] == kinds[1]
        };
        let many = entries.iter().rev().take_while(alike).take(IN_A_ROW).count() == IN_A_ROW;
        if entries.last_mut().is_some_and(|last| last.id == who.id && last.what.joins(&what, many))
        {
            return;
        }
        if entries.len() >= ENTRIES {
            entries.drain(..ENTRIES / 2);
        }
        let place = entries.partition_point(|entry| entry.at <= at);
        entries.insert(place, Entry { at, id: who.id, name: who.name.to_string(), what });
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }
}

/// The entries as lines in columns, none wider than the terminal.
pub(super) fn show(entries: &[Entry], lang: Lang, width: usize) -> String {
    let rows = rows(entries);
    let left_out = rows.len().saturating_sub(SHOWN);
    let shown: Vec<_> = rows[left_out..].iter().map(|row| row.show(lang)).collect();
    let names = shown.iter().map(|(_, name, _)| columns(name)).max().unwrap_or(0);
    let mut text = String::new();
    if left_out > 0 {
        let (en, zh) = (format!("{left_out} before these"), format!("前面还有 {left_out} 条"));
        text = format!("              … {}\n", lang.pick(en, zh));
    }
    for (at, name, what) in shown {
        let gap = " ".repeat(names - columns(name));
        let line = format!("  {} ms  {name}{gap}  {what}", milliseconds(at));
        text.push_str(&(cut(&line, width) + "\n"));
    }
    text
}

/// One line of what is shown.
enum Row<'a> {
    Entry(&'a Entry),
    /// Conversations that began at this time and are over: what is wrong is in another one.
    Over(Duration, Vec<&'a str>),
}

impl Row<'_> {
    fn show(&self, lang: Lang) -> (Duration, &str, String) {
        match self {
            Row::Entry(entry) => (entry.at, &entry.name, entry.what.show(lang)),
            Row::Over(at, names) => {
                let (en, zh) = (names.join(", "), names.join("、"));
                let what = lang.pick(
                    format!("over, and as it should be: {en}"),
                    format!("已经结束，没有问题：{zh}"),
                );
                (*at, "…", what)
            }
        }
    }
}

fn rows(entries: &[Entry]) -> Vec<Row<'_>> {
    let peers = || entries.iter().filter(|entry| entry.id != Who::PROGRAM.id);
    let closed = peers().filter(|entry| matches!(entry.what, What::Closes));
    let mut over: BTreeSet<u64> = closed.map(|entry| entry.id).collect();
    if peers().all(|entry| over.contains(&entry.id)) {
        // Something must be left to be read: the last one.
        over.retain(|id| peers().next_back().is_some_and(|last| last.id != *id));
    }
    let began = peers().find(|entry| !over.contains(&entry.id)).map(|entry| entry.at);
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for entry in entries {
        if !over.contains(&entry.id) {
            // What was printed before that belongs to a conversation that is over.
            let printed = matches!(entry.what, What::Printed { .. });
            if !printed || began.is_none_or(|began| entry.at >= began) {
                rows.push(Row::Entry(entry));
            }
        } else if seen.insert(entry.id) {
            match rows.last_mut() {
                Some(Row::Over(_, names)) => names.push(&entry.name),
                _ => rows.push(Row::Over(entry.at, vec![&entry.name])),
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(whats: impl IntoIterator<Item = (u64, What)>) -> Vec<Entry> {
        let transcript = Transcript::new();
        for (id, what) in whats {
            transcript.add(Who::new(id, ["program", "ada", "bob"][id as usize]), what);
        }
        transcript.entries()
    }

    fn shown(whats: impl IntoIterator<Item = What>) -> Vec<String> {
        let entries = of(whats.into_iter().map(|what| (1, what)));
        entries.iter().map(|entry| entry.what.show(Lang::En)).collect()
    }

    fn printed(text: &str) -> What {
        What::printed(Output::Stdout, text.as_bytes())
    }

    #[test]
    fn the_bits_of_a_line_are_one_entry_and_lines_are_not() {
        assert_eq!(
            shown(["a", "b\n", "c\n"].map(printed)),
            [r#"prints "ab\n""#, r#"prints "c\n""#]
        );
        let both = [printed("a"), What::printed(Output::Stderr, b"b"), printed("c")];
        assert_eq!(shown(both), [r#"prints "a""#, r#"prints on stderr "b""#, r#"prints "c""#]);
    }

    #[test]
    fn endless_printing_does_not_push_out_all_else() {
        let endless = (0..5000).map(|_| printed("again\n"));
        let shown = shown([What::SentFin].into_iter().chain(endless).chain([What::ReceivedFin]));
        assert_eq!(shown.len(), 1 + IN_A_ROW + 1);
        assert_eq!((&*shown[0], &*shown[1]), ("→ FIN", r#"prints "again\n""#));
        let last = r#"prints "again\n" and on, 29970 B in 4995 pieces"#;
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

    #[test]
    fn a_conversation_that_is_over_is_one_line() {
        let conversation = |id| [(id, What::sent(b"hi")), (id, What::Closes)];
        let program = |text: &'static str| (0, printed(text));
        let mut whats = vec![(0, What::other("starts", ""))];
        whats.extend(conversation(1));
        whats.push(program("1\n"));
        whats.push((2, What::sent(b"bye")));
        whats.push(program("2\n"));
        let text = show(&of(whats.clone()), Lang::En, 80);
        let lines: Vec<&str> = text.lines().map(|line| &line[15..]).collect();
        assert_eq!(
            lines,
            [
                "program  starts",
                "…        over, and as it should be: ada",
                "bob      → \"bye\" 3 B",
                "program  prints \"2\\n\""
            ]
        );
        whats.push((2, What::Closes));
        let text = show(&of(whats), Lang::En, 30);
        assert!(text.contains("bob      → \"by…\n"), "the last one is not folded: {text}");
    }
}

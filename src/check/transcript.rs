//! The events on the wire during a check, and the output of the program, for the failure report.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(super) use self::event::{OutputStream, TranscriptEvent};
use super::layout::cut;
use super::rule::Lang;
use crate::quote::{columns, milliseconds};
use crate::sync::lock;

mod event;

/// More entries than a person reads. A check that floods must not fill the memory.
const ENTRIES_MAX: usize = 2000;
/// The number of last lines that a failure shows.
const SHOWN_LINES: usize = 16;
/// The number of last lines that [`FailureParts`](super::FailureParts) has.
const PARTS_LINES: usize = 200;
/// The number of consecutive printed or sent entries; more are merged into one. A program may print
/// without end, and that must not displace all other entries.
const SAME_IN_A_ROW_MAX: usize = 6;

#[derive(Debug)]
pub(super) struct Transcript {
    began: Instant,
    entries: Mutex<Vec<TranscriptEntry>>,
}

/// The participant that an entry belongs to. Two conversations may have the same name; their ids
/// differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Participant<'a> {
    id: u64,
    name: &'a str,
}

impl<'a> Participant<'a> {
    pub(super) const PROGRAM: Participant<'static> = Participant { id: 0, name: "program" };

    pub(super) fn new(id: u64, name: &'a str) -> Participant<'a> {
        Participant { id, name }
    }

    /// Returns the id of another conversation.
    pub(super) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

#[derive(Debug, Clone)]
pub(super) struct TranscriptEntry {
    at: Duration,
    id: u64,
    name: String,
    event: TranscriptEvent,
}

impl Transcript {
    pub(super) fn new() -> Transcript {
        Transcript { began: Instant::now(), entries: Mutex::default() }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn add(&self, who: Participant<'_>, event: TranscriptEvent) {
        self.add_at(self.now(), who, event);
    }

    /// Adds an event that began at `at`. Events that it has caused may already have been added;
    /// they follow it.
    pub(super) fn add_at(&self, at: Duration, who: Participant<'_>, event: TranscriptEvent) {
        let mut entries = lock(&self.entries);
        let alike = |entry: &&TranscriptEntry| {
            let kinds = [&entry.event, &event].map(std::mem::discriminant);
            entry.id == who.id && kinds[0] == kinds[1]
        };
        let many = entries.iter().rev().take_while(alike).take(SAME_IN_A_ROW_MAX).count()
            == SAME_IN_A_ROW_MAX;
        if entries
            .last_mut()
            .is_some_and(|last| last.id == who.id && last.event.try_join(&event, many))
        {
            return;
        }
        if entries.len() >= ENTRIES_MAX {
            entries.drain(..ENTRIES_MAX / 2);
        }
        let place = entries.partition_point(|entry| entry.at <= at);
        entries
            .insert(place, TranscriptEntry { at, id: who.id, name: who.name.to_string(), event });
    }

    pub(super) fn entries(&self) -> Vec<TranscriptEntry> {
        lock(&self.entries).clone()
    }
}

/// Formats the entries as lines in columns, none wider than the terminal.
pub(super) fn show(entries: &[TranscriptEntry], lang: Lang, width: usize) -> String {
    let rows = rows(entries);
    let left_out = rows.len().saturating_sub(SHOWN_LINES);
    let shown: Vec<_> = rows[left_out..].iter().map(|row| row.show(lang)).collect();
    let names = shown.iter().map(|(_, name, _)| columns(name)).max().unwrap_or(0);
    let mut text = String::new();
    if left_out > 0 {
        let (en, zh) = (format!("{left_out} before these"), format!("前面还有 {left_out} 条"));
        text = format!("              … {}\n", lang.pick(en, zh));
    }
    for (at, name, event) in shown {
        let gap = " ".repeat(names - columns(name));
        let line = format!("  {} ms  {name}{gap}  {event}", milliseconds(at));
        text.push_str(&(cut(&line, width) + "\n"));
    }
    text
}

/// One event of a check, as a line of [`FailureParts`](super::FailureParts).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TranscriptLine {
    /// The time since the check began.
    pub at: Duration,
    /// The name of the conversation, or `program`.
    pub who: String,
    /// The kind of the event: `sent`, `received`, `fin-sent`, `fin-received`, `reset-sent`,
    /// `reset-received`, `closes`, `prints`, `typed`, `other`, or `over` for conversations that
    /// ended as they should.
    pub kind: &'static str,
    /// The event in one language.
    pub text: String,
}

/// Returns the last entries as lines.
pub(super) fn lines(entries: &[TranscriptEntry], lang: Lang) -> Vec<TranscriptLine> {
    let rows = rows(entries);
    let line = |row: &Row<'_>| {
        let (at, who, text) = row.show(lang);
        let (who, kind) = match row {
            Row::Entry(entry) => (&entry.name[..], entry.event.kind()),
            Row::Over(..) => (who, "over"),
        };
        TranscriptLine { at, who: who.to_string(), kind, text }
    };
    rows[rows.len().saturating_sub(PARTS_LINES)..].iter().map(line).collect()
}

/// One line of the report.
enum Row<'a> {
    Entry(&'a TranscriptEntry),
    /// Conversations that began at this time and are over: the problem is in another one.
    Over(Duration, Vec<&'a str>),
}

impl Row<'_> {
    fn show(&self, lang: Lang) -> (Duration, &str, String) {
        match self {
            Row::Entry(entry) => {
                let is_program = entry.id == Participant::PROGRAM.id;
                let name = if is_program { lang.pick("program", "程序") } else { &entry.name };
                (entry.at, name, entry.event.show(lang))
            }
            Row::Over(at, names) => {
                let (en, zh) = (names.join(", "), names.join("、"));
                let event = lang.pick(
                    format!("over, and as it should be: {en}"),
                    format!("已经结束，没有问题：{zh}"),
                );
                (*at, "…", event)
            }
        }
    }
}

fn rows(entries: &[TranscriptEntry]) -> Vec<Row<'_>> {
    let peers = || entries.iter().filter(|entry| entry.id != Participant::PROGRAM.id);
    let closed = peers().filter(|entry| matches!(entry.event, TranscriptEvent::Closes));
    let mut over: BTreeSet<u64> = closed.map(|entry| entry.id).collect();
    if peers().all(|entry| over.contains(&entry.id)) {
        // At least one conversation must be shown: the last one.
        over.retain(|id| peers().next_back().is_some_and(|last| last.id != *id));
    }
    let began = peers().find(|entry| !over.contains(&entry.id)).map(|entry| entry.at);
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for entry in entries {
        if !over.contains(&entry.id) {
            // Output from before that belongs to a conversation that is over.
            let printed = matches!(entry.event, TranscriptEvent::Printed { .. });
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
    use super::event::LARGE_PIECE_BYTES;
    use super::*;

    fn of(events: impl IntoIterator<Item = (u64, TranscriptEvent)>) -> Vec<TranscriptEntry> {
        let transcript = Transcript::new();
        for (id, event) in events {
            transcript.add(Participant::new(id, ["program", "ada", "bob"][id as usize]), event);
        }
        transcript.entries()
    }

    fn shown(events: impl IntoIterator<Item = TranscriptEvent>) -> Vec<String> {
        let entries = of(events.into_iter().map(|event| (1, event)));
        entries.iter().map(|entry| entry.event.show(Lang::En)).collect()
    }

    fn printed(text: &str) -> TranscriptEvent {
        TranscriptEvent::printed(OutputStream::Stdout, text.as_bytes())
    }

    #[test]
    fn the_bits_of_a_line_are_one_entry_and_lines_are_not() {
        assert_eq!(
            shown(["a", "b\n", "c\n"].map(printed)),
            [r#"prints "ab\n""#, r#"prints "c\n""#]
        );
        let both =
            [printed("a"), TranscriptEvent::printed(OutputStream::Stderr, b"b"), printed("c")];
        assert_eq!(shown(both), [r#"prints "a""#, r#"prints on stderr "b""#, r#"prints "c""#]);
    }

    #[test]
    fn endless_printing_does_not_push_out_all_else() {
        let endless = (0..5000).map(|_| printed("again\n"));
        let shown = shown(
            [TranscriptEvent::SentFin]
                .into_iter()
                .chain(endless)
                .chain([TranscriptEvent::ReceivedFin]),
        );
        assert_eq!(shown.len(), 1 + SAME_IN_A_ROW_MAX + 1);
        assert_eq!((&*shown[0], &*shown[1]), ("→ FIN", r#"prints "again\n""#));
        let last = r#"prints "again\n" and on, 29970 B in 4995 pieces"#;
        assert_eq!((&*shown[SAME_IN_A_ROW_MAX], &*shown[SAME_IN_A_ROW_MAX + 1]), (last, "← FIN"));
    }

    #[test]
    fn big_pieces_are_one_entry_and_small_ones_are_not() {
        let (big, small) = ([b'a'; LARGE_PIECE_BYTES], [b'b'; LARGE_PIECE_BYTES - 1]);
        let shown = shown([&big[..], &big, &small, &small].map(TranscriptEvent::received));
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[0].ends_with("aa…\" 8192 B in 2 pieces"), "{shown:?}");
        assert!(shown[1].ends_with("bb…\" 4095 B"), "{shown:?}");
    }

    #[test]
    fn a_conversation_that_is_over_is_one_line() {
        let conversation = |id| [(id, TranscriptEvent::sent(b"hi")), (id, TranscriptEvent::Closes)];
        let program = |text: &'static str| (0, printed(text));
        let mut events = vec![(0, TranscriptEvent::other("starts", ""))];
        events.extend(conversation(1));
        events.push(program("1\n"));
        events.push((2, TranscriptEvent::sent(b"bye")));
        events.push(program("2\n"));
        let text = show(&of(events.clone()), Lang::En, 80);
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
        events.push((2, TranscriptEvent::Closes));
        let text = show(&of(events), Lang::En, 30);
        assert!(text.contains("bob      → \"by…\n"), "the last one is not folded: {text}");
    }
}

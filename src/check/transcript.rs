//! What crossed the wire during a check, and what the program printed: kept for the failure to show.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(super) use self::what::{Output, What};
use super::layout::cut;
use super::rule::Lang;
use crate::quote::{columns, milliseconds};
use crate::sync::lock;

mod what;

/// More than a person reads; a check that floods must not fill the memory.
const ENTRIES: usize = 2000;
/// How many of the last lines a failure shows.
const SHOWN: usize = 16;
/// Of what is printed, or sent, so many entries in a row; more are one. A program may print without end, and that must not
/// push out all else.
const IN_A_ROW: usize = 6;

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
    use super::what::BIG;
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

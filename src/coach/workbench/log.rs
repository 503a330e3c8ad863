//! The log of the workbench's events, in one order for all tabs.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::json::Object;
use crate::coach::lock;

/// The number of events that are kept: as many as a page shows.
const EVENTS_MAX: usize = 10_000;
/// Their length together: an event with data has some kilobytes.
const BYTES_MAX: usize = 16 << 20;
/// The number of events that are kept longer, as later ones cannot be understood without them.
const LASTING_MAX: usize = 1000;
/// The number of older outputs that are kept, and their length together. The wire of a program that sends much would soon push
/// out what its terminal shows.
const OUTPUTS_MAX: usize = 10_000;
const OUTPUT_BYTES_MAX: usize = 4 << 20;
/// The number of bytes that are read from the log at a time.
const BATCH_BYTES: usize = 64 * 1024;

/// The events, of which the oldest are left out when there are too many. Readers ask for what comes next, at their own speed:
/// the log knows none of them, so a slow one costs nothing.
#[derive(Debug, Default)]
pub(super) struct Log {
    kept: Mutex<Kept>,
    grown: Condvar,
}

/// Invariant: `events` are those with the numbers from `left_out + 1` on, without a gap, and have `bytes` bytes. `lasting` and
/// `outputs` are older ones, each in their order, and `output_bytes` is the length of the latter.
#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Event>,
    bytes: usize,
    left_out: u64,
    lasting: VecDeque<(u64, Arc<str>)>,
    outputs: VecDeque<(u64, Arc<str>)>,
    output_bytes: usize,
}

#[derive(Debug)]
struct Event {
    json: Arc<str>,
    age: Age,
}

/// How old an event may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// As old as the others.
    Short,
    /// Older: it is output.
    Output,
    /// Oldest: later ones cannot be understood without it.
    Lasting,
}

/// A part of the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// The number of requested events that are no longer kept.
    pub(super) left_out: u64,
    /// The number of the events that are older than those that are left out.
    pub(super) older: usize,
    pub(super) events: Vec<(u64, Arc<str>)>,
}

impl Log {
    /// Adds an event, which gets the next number.
    pub(super) fn add(&self, event: Object) {
        self.push(event, Age::Short);
    }

    /// Adds an event without which later ones cannot be understood: it is kept when others of its age are left out.
    pub(super) fn add_lasting(&self, event: Object) {
        self.push(event, Age::Lasting);
    }

    /// Adds an event with output, which is kept when others of its age are left out.
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "only a Unix shell runs the commands of lessons")
    )]
    pub(super) fn add_output(&self, event: Object) {
        self.push(event, Age::Output);
    }

    fn push(&self, event: Object, age: Age) {
        let mut kept = lock(&self.kept);
        let number = kept.next();
        let json: Arc<str> = event.number("n", number).end().into();
        kept.bytes += json.len();
        kept.events.push_back(Event { json, age });
        while kept.events.len() > EVENTS_MAX || kept.bytes > BYTES_MAX {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.bytes -= oldest.json.len();
            kept.left_out += 1;
            kept.keep_older(oldest);
        }
        drop(kept);
        self.grown.notify_all();
    }

    /// The number that the next event gets.
    pub(super) fn next(&self) -> u64 {
        lock(&self.kept).next()
    }

    /// The events from this number on, as many as fit in one batch. Waits for the first of them, but not longer than `limit`.
    pub(super) fn read(&self, from: u64, limit: Duration) -> Batch {
        let deadline = Instant::now() + limit;
        let mut kept = lock(&self.kept);
        while kept.next() <= from {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Batch::default();
            }
            let waited = self.grown.wait_timeout(kept, left);
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let first = from.max(kept.left_out + 1);
        let older = kept.lasting.iter().chain(&kept.outputs).filter(|(number, _)| *number >= from);
        let mut events: Vec<_> = older.cloned().collect();
        events.sort_by_key(|(number, _)| *number);
        let older = events.len();
        let mut batch = Batch { left_out: first - from.max(1) - older as u64, older, events };
        let mut bytes = 0;
        let skipped = (first - kept.left_out - 1) as usize;
        for (number, event) in (first..).zip(kept.events.range(skipped..)) {
            bytes += event.json.len();
            if bytes > BATCH_BYTES && number > first {
                break;
            }
            batch.events.push((number, event.json.clone()));
        }
        batch
    }
}

impl Kept {
    /// Keeps an event that is the last one to be left out, if it is of a kind that becomes older.
    fn keep_older(&mut self, Event { json, age }: Event) {
        let number = self.left_out;
        match age {
            Age::Short => {}
            Age::Lasting => {
                self.lasting.push_back((number, json));
                let over = self.lasting.len().saturating_sub(LASTING_MAX);
                self.lasting.drain(..over);
            }
            Age::Output => {
                self.output_bytes += json.len();
                self.outputs.push_back((number, json));
                while self.outputs.len() > OUTPUTS_MAX || self.output_bytes > OUTPUT_BYTES_MAX {
                    let Some((_, oldest)) = self.outputs.pop_front() else { break };
                    self.output_bytes -= oldest.len();
                }
            }
        }
    }

    fn next(&self) -> u64 {
        self.left_out + self.events.len() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(batch: &Batch) -> Vec<u64> {
        batch.events.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn events_are_numbered_from_one_on() {
        let log = Log::default();
        assert_eq!(log.read(0, Duration::ZERO), Batch::default());
        for text in ["a", "b", "c"] {
            log.add(Object::kind(text));
        }
        assert_eq!(numbers(&log.read(0, Duration::ZERO)), [1, 2, 3]);
        let batch = log.read(2, Duration::ZERO);
        assert_eq!(&*batch.events[0].1, r#"{"kind":"b","n":2}"#);
        assert_eq!((batch.left_out, numbers(&batch)), (0, vec![2, 3]));
        assert_eq!((log.next(), log.read(4, Duration::ZERO)), (4, Batch::default()));
    }

    #[test]
    fn the_oldest_events_are_left_out_and_counted() {
        let log = Log::default();
        for _ in 0..EVENTS_MAX + 7 {
            log.add(Object::kind("x"));
        }
        let batch = log.read(3, Duration::ZERO);
        assert_eq!((batch.left_out, batch.events[0].0), (5, 8));
        assert_eq!(log.read(0, Duration::ZERO).left_out, 7);
        assert_eq!(log.read(9, Duration::ZERO).left_out, 0);
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes() {
        let log = Log::default();
        let large = "x".repeat(BYTES_MAX / 100);
        for _ in 0..250 {
            log.add(Object::kind(&large));
        }
        let kept = lock(&log.kept);
        assert!((90..=100).contains(&kept.events.len()), "{}", kept.events.len());
        assert_eq!(kept.bytes, kept.events.iter().map(|event| event.json.len()).sum::<usize>());
        assert_eq!(kept.next(), 251);
        drop(kept);
        assert_eq!(log.read(251 - 5, Duration::ZERO).events.len(), 1, "one batch is small");
    }

    #[test]
    fn an_event_that_lasts_is_read_before_what_follows_the_gap() {
        let log = Log::default();
        for number in 1..=EVENTS_MAX + 20 {
            match number {
                5 | 15 | 10_010 => log.add_lasting(Object::kind("hello")),
                _ => log.add(Object::kind("x")),
            }
        }
        let batch = log.read(0, Duration::ZERO);
        assert_eq!((batch.left_out, &numbers(&batch)[..4]), (18, &[5, 15, 21, 22][..]));
        let batch = log.read(10, Duration::ZERO);
        assert_eq!((batch.left_out, &numbers(&batch)[..2]), (10, &[15, 21][..]));
        assert_eq!(numbers(&log.read(10_009, Duration::ZERO))[..2], [10_009, 10_010]);
        for _ in 0..LASTING_MAX + 1 + EVENTS_MAX {
            log.add_lasting(Object::kind("hello"));
        }
        assert_eq!(lock(&log.kept).lasting.len(), LASTING_MAX);
    }

    #[test]
    fn output_is_kept_longer_than_what_crosses_the_wire_but_not_for_ever() {
        let log = Log::default();
        log.add_lasting(Object::kind("run"));
        log.add_output(Object::kind("first"));
        (0..EVENTS_MAX + 5).for_each(|_| log.add(Object::kind("x")));
        let batch = log.read(0, Duration::ZERO);
        assert_eq!((batch.left_out, batch.older, &numbers(&batch)[..3]), (5, 2, &[1, 2, 8][..]));
        // However much is printed, what it belongs to stays, and so does the bound.
        let large = "x".repeat(OUTPUT_BYTES_MAX / 10);
        (0..100).for_each(|_| log.add_output(Object::kind(&large)));
        (0..EVENTS_MAX).for_each(|_| log.add(Object::kind("x")));
        let kept = lock(&log.kept);
        assert_eq!((kept.lasting.len(), kept.outputs.len()), (1, 9));
        let bytes = kept.outputs.iter().map(|(_, json)| json.len()).sum::<usize>();
        assert_eq!(kept.output_bytes, bytes);
    }

    #[test]
    fn a_reader_is_woken_by_the_event_that_it_waits_for() {
        let log = Log::default();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| log.read(1, Duration::from_secs(30)));
            log.add(Object::kind("x"));
            assert_eq!(numbers(&reader.join().unwrap()), [1]);
        });
    }
}

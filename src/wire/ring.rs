//! The lines that wait for the viewer, in bounded memory. A line that finds no room is dropped and
//! counted, and the count is sent.

use std::collections::VecDeque;
use std::time::Duration;

use super::line::{self, Count, Line};

/// The largest memory of the lines that wait, in bytes.
const TEXT_MAX: usize = 1024 * 1024;

/// The largest number of lines that wait.
const LINES_MAX: usize = 4096;

/// A batch that has reached this number of bytes takes no more lines.
const BATCH_FULL: usize = 64 * 1024;

/// The lines that wait.
#[derive(Default)]
pub(super) struct Ring {
    lines: VecDeque<Line>,
    memory: usize,
    /// The events dropped since the last batch, and the time of the last of them.
    dropped: Count,
    dropped_until: Duration,
    /// All events ever added, whether there was room or not.
    added: Count,
    /// All events ever taken, including the dropped ones that were reported.
    taken: Count,
}

impl Ring {
    /// Adds the line of an event that happened at `time`, or drops it. Once one is dropped, all
    /// that follow are dropped up to the next batch: the line that reports them is then in their
    /// place.
    pub(super) fn add(&mut self, time: Duration, line: Line) {
        let memory = self.memory + line.text.capacity();
        if self.is_dropping() || memory > TEXT_MAX || self.lines.len() >= LINES_MAX {
            return self.drop_event(time, line.count);
        }
        self.added.add(line.count);
        self.memory = memory;
        self.lines.push_back(line);
    }

    /// Whether the next event will be dropped.
    pub(super) fn is_dropping(&self) -> bool {
        self.dropped.events > 0
    }

    pub(super) fn drop_event(&mut self, time: Duration, count: Count) {
        self.added.add(count);
        self.dropped.add(count);
        self.dropped_until = time;
    }

    /// Whether it is time to make room.
    pub(super) fn is_half_full(&self) -> bool {
        self.memory > TEXT_MAX / 2 || self.lines.len() > LINES_MAX / 2
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped.events == 0
    }

    /// Moves the oldest lines to `batch`.
    pub(super) fn take(&mut self, batch: &mut String) {
        while batch.len() < BATCH_FULL {
            let Some(line) = self.lines.pop_front() else { break };
            self.memory -= line.text.capacity();
            self.taken.add(line.count);
            batch.push_str(&line.text);
        }
        if self.dropped.events > 0 {
            let lost = line::lost(self.dropped_until, std::mem::take(&mut self.dropped));
            self.memory += lost.text.capacity();
            self.lines.push_back(lost);
        }
    }

    pub(super) fn added(&self) -> Count {
        self.added
    }

    /// Returns the events taken so far, which a later viewer does not receive.
    pub(super) fn taken(&self) -> Count {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u64, length: usize) -> Line {
        Line { text: format!("{n:0length$}\n"), count: Count { events: 1, bytes: 10 } }
    }

    /// Empties the ring, and returns all its lines.
    fn drain(ring: &mut Ring) -> Vec<String> {
        let mut batch = String::new();
        while !ring.is_empty() {
            let mut next = String::new();
            ring.take(&mut next);
            assert!(next.len() < BATCH_FULL + 10_000, "a batch has its limit, too");
            batch.push_str(&next);
        }
        batch.lines().map(str::to_string).collect()
    }

    #[test]
    fn what_finds_no_room_is_counted_where_it_would_be() {
        for (length, room) in [(60, LINES_MAX), (8191, TEXT_MAX / 8192)] {
            let mut ring = Ring::default();
            let add = |ring: &mut Ring, range: std::ops::Range<usize>| {
                for n in range {
                    ring.add(Duration::from_micros(n as u64), line(n as u64, length));
                }
            };
            add(&mut ring, 0..room + 37);
            assert!(ring.memory <= TEXT_MAX && ring.lines.len() <= LINES_MAX);
            let mut first = String::new();
            ring.take(&mut first); // makes room
            let taken = first.lines().count();
            assert!(0 < taken && taken < room);
            add(&mut ring, room + 37..room + 40);
            let rest = drain(&mut ring);

            let lost = rest.iter().position(|line| line.contains(" lost ")).expect("it is said");
            assert_eq!(taken + lost, room, "behind all that came before");
            let text = format!("{} {} lost 37 370", room + 36, std::process::id());
            assert_eq!(rest[lost], text);
            assert_eq!(rest.len(), lost + 1 + 3, "and before all that came after");
            let all = (room + 40) as u64;
            assert_eq!(ring.taken(), Count { events: all, bytes: 10 * all }, "sent or said");
            assert_eq!(ring.added(), ring.taken());
            assert_eq!(ring.memory, 0);
        }
    }

    #[test]
    fn nothing_overtakes_what_was_dropped() {
        let mut ring = Ring::default();
        let mut n = 0;
        while ring.dropped.events == 0 {
            ring.add(Duration::ZERO, line(n, 8000));
            n += 1;
        }
        ring.add(Duration::ZERO, line(n, 1)); // would find room
        let lines = drain(&mut ring);
        let lost = format!("0 {} lost 2 20", std::process::id());
        assert_eq!(lines.last(), Some(&lost));
        assert_eq!(lines.len() as u64, n);
    }
}

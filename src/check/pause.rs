//! The long pause of a check: so that no program passes that takes silence for an end.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::observed::rounded;
use super::random;

/// Within these bounds it is of random length. A program that gives up waiting earlier is caught by the pause; one that gives
/// up later is late with what it should do at once, for which it has as long as the shortest pause.
const MILLISECONDS: Range<usize> = 1500..1900;

/// A pause that has begun. It is meant to be waited out late in a check, so that it costs no time of its own.
#[derive(Debug)]
pub struct Pause {
    began: Instant,
    length: Duration,
}

impl Pause {
    pub(super) fn begin() -> Pause {
        let length = Duration::from_millis(random::number(MILLISECONDS) as u64);
        Pause { began: Instant::now(), length }
    }

    /// What is done at once takes less than this: the shortest pause.
    pub fn shortest() -> Duration {
        Duration::from_millis(MILLISECONDS.start as u64)
    }

    /// How long it still takes. Never no time at all: who waits it out late must look at what has come meanwhile.
    pub fn left(&self) -> Duration {
        self.length.saturating_sub(self.began.elapsed()).max(Duration::from_millis(1))
    }

    /// What it is, for the transcript.
    pub(super) fn words(&self) -> (String, String) {
        let length = rounded(self.length.max(self.began.elapsed()));
        (format!("has paused {length:?} by now"), format!("到这里停顿了 {length:?}"))
    }
}

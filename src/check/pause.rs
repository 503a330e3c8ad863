//! The long pause of a check, which a program fails that takes silence for an end.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::observed::round_for_display;
use super::random;

/// The range of its random length, in milliseconds. A program that stops waiting earlier fails in
/// the pause. A program that stops waiting later is late where it must answer at once: the limit
/// for this is the shortest pause.
const LONG_PAUSE_MS: Range<usize> = 1500..1900;

/// A pause that has begun. It is meant to be waited out late in a check, so that it costs no extra
/// time.
#[derive(Debug)]
pub struct Pause {
    began: Instant,
    length: Duration,
}

impl Pause {
    pub(super) fn begin() -> Pause {
        let length = Duration::from_millis(random::number(LONG_PAUSE_MS) as u64);
        Pause { began: Instant::now(), length }
    }

    /// The shortest pause. An action that must happen at once must take less than this.
    pub fn shortest() -> Duration {
        Duration::from_millis(LONG_PAUSE_MS.start as u64)
    }

    /// The remaining time. At least 1 ms, so that the caller still checks what has arrived in the
    /// meantime.
    pub fn left(&self) -> Duration {
        self.length.saturating_sub(self.began.elapsed()).max(Duration::from_millis(1))
    }

    /// The text for the transcript.
    pub(super) fn describe(&self) -> (String, String) {
        let length = round_for_display(self.length.max(self.began.elapsed()));
        (format!("has paused {length:?} by now"), format!("到这里停顿了 {length:?}"))
    }
}

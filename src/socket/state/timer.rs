//! The state of one timer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::socket::EventSocket;

/// The id of a timer: returned by [`EventSocket::after`] and [`EventSocket::every`], taken by
/// [`EventSocket::cancel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

impl TimerId {
    /// Returns an id that is unique in the process, so an id of one socket never cancels a timer of
    /// another.
    pub(in crate::socket) fn next() -> TimerId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TimerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

pub(in crate::socket) type Callback = Box<dyn FnMut(&EventSocket) + Send>;

/// A timer of a socket.
pub(in crate::socket) struct Timer {
    pub(in crate::socket) id: TimerId,
    /// `None`: the timer fires once.
    pub(in crate::socket) period: Option<Duration>,
    pub(in crate::socket) phase: TimerPhase,
    /// `None` while the callback is running.
    pub(in crate::socket) callback: Option<Callback>,
}

/// The state of a timer.
pub(in crate::socket) enum TimerPhase {
    /// Waits until this time; `None`: longer than `Instant` can express.
    Waiting(Option<Instant>),
    /// Its time has come: the callback waits for its turn, or is being called. `due` is the time
    /// that was set.
    Fired { due: Instant },
}

impl Timer {
    pub(in crate::socket) fn due(&self) -> Option<Instant> {
        match self.phase {
            TimerPhase::Waiting(due) => due,
            TimerPhase::Fired { .. } => None,
        }
    }

    /// Waiting → Fired, if it is due.
    pub(in crate::socket) fn fire(&mut self, now: Instant) -> Option<(Instant, TimerId)> {
        let due = self.due().filter(|due| *due <= now)?;
        self.phase = TimerPhase::Fired { due };
        Some((due, self.id))
    }

    /// Fired → Waiting. Missed periods are skipped: there is no burst after a slow listener.
    pub(in crate::socket) fn reschedule(&mut self, period: Duration) {
        if let TimerPhase::Fired { due } = self.phase {
            let now = Instant::now();
            let next = due.checked_add(period).filter(|next| *next > now);
            self.phase = TimerPhase::Waiting(next.or_else(|| now.checked_add(period)));
        }
    }
}

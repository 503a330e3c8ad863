//! The times of a socket: its idle time, its timers, and the end of `close_within`. The thread of
//! [`crate::timers`] keeps them all: it has one alarm per socket, for the earliest of these times.
//!
//! ```text
//! the idle time   Off ──▶ Set ──▶ Counting ──▶ Set     Set: has fired, or not running
//! ```

use std::time::{Duration, Instant};

use super::timer::Timer;
use crate::timers::Alarm;

#[derive(Default)]
pub(in crate::socket) struct Clock {
    pub(in crate::socket) idle: Idle,
    pub(in crate::socket) timers: Vec<Timer>,
    /// The timers of a destroyed socket, until the runner has closed it. Not dropped by `destroy`:
    /// its caller may hold a lock that the `Drop` of a callback takes.
    pub(in crate::socket) stopped: Vec<Timer>,
    /// The alarm is never later than the earliest of the times. It may be earlier: then it is set
    /// again when it rings. So an activity on the socket costs no more than reading the clock.
    pub(in crate::socket) alarm: Option<Alarm>,
}

/// The idle time of `set_timeout`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Idle {
    #[default]
    Off,
    Set(Duration),
    Counting {
        time: Duration,
        since: Instant,
    },
}

impl Idle {
    pub(in crate::socket) fn due(self) -> Option<Instant> {
        match self {
            Idle::Counting { time, since } => since.checked_add(time),
            Idle::Off | Idle::Set(_) => None,
        }
    }

    /// The idle time that was set, if any.
    pub(in crate::socket) fn time(self) -> Option<Duration> {
        match self {
            Idle::Off => None,
            Idle::Set(time) | Idle::Counting { time, .. } => Some(time),
        }
    }
}

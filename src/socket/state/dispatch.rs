//! The turn to call listeners, the events that wait for it, and the jobs of a helper thread.
//!
//! ```text
//! the turn     Free ──▶ Taken ──▶ Free       one listener, or one callback, at a time
//! the helper   Absent ──▶ Working ──▶ Absent
//! ```

use std::collections::VecDeque;
use std::io;

use super::output::Done;
use super::timer::TimerId;
use crate::panics::Panic;
use crate::socket::event::SocketListeners;

/// The listeners, and the state of their calls.
#[derive(Default)]
pub(in crate::socket) struct Dispatch {
    pub(in crate::socket) listeners: SocketListeners,
    pub(in crate::socket) turn: Turn,
    pub(in crate::socket) pending: VecDeque<Pending>,
    pub(in crate::socket) helper: Helper,
    /// A listener of Close that is added from now on will not be called.
    pub(in crate::socket) close_has_begun: bool,
    /// The first panic of a listener. `run()` resumes it.
    pub(in crate::socket) panic: Option<Panic>,
}

/// The right to call listeners.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Turn {
    #[default]
    Free,
    /// A thread calls a listener or a callback, with no lock held.
    Taken,
}

/// Whether a helper emits in place of the runner. (Another helper may send the queue at the same
/// time: see [`Role`](super::output::Role).)
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Helper {
    #[default]
    Absent,
    /// It emits, or is being started to emit.
    Working,
}

impl Helper {
    pub(in crate::socket) fn is_working(self) -> bool {
        self == Helper::Working
    }
}

/// An event that waits for its turn.
pub(in crate::socket) enum Pending {
    Drain,
    Finish,
    Timeout,
    Timer(TimerId),
    /// The callback of a write that is done or was given up.
    Wrote(Done, io::Result<()>),
}

/// The next event to emit.
pub(in crate::socket) enum NextEvent {
    Pending(Pending),
    /// A chunk that was held back.
    Held(Vec<u8>),
}

/// A task that the runner cannot, or must not, do. A helper has exactly one job at a time, and a
/// job has at most one helper: so a listener that blocks delays no bytes, and a peer that reads
/// nothing delays no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum HelperJob {
    /// Send the queue.
    Drain,
    /// Emit the pending events.
    Emit,
}

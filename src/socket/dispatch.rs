//! Whose turn it is to call listeners, the events that wait for it, and what a helper thread has to do.
//!
//! ```text
//! the turn     Free ──▶ Taken ──▶ Free       one listener, or one callback, at a time
//! the helper   Absent ──▶ Working ──▶ Absent
//! ```

use std::collections::VecDeque;
use std::io;

use super::event::{self, SocketEvent, Table};
use super::life::{Cause, Runner};
use super::output::{Done, Role};
use super::state::State;
use super::timing::TimerId;
use crate::panics::{self, Panic};

/// The listeners, and what calls them.
#[derive(Default)]
pub(super) struct Dispatch {
    pub(super) listeners: Table,
    pub(super) turn: Turn,
    pub(super) pending: VecDeque<Pending>,
    pub(super) helper: Helper,
    /// The first panic of a listener: `run()` resumes it.
    pub(super) panic: Option<Panic>,
}

/// The right to call listeners.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    #[default]
    Free,
    /// A thread calls a listener or a callback, with no lock held.
    Taken,
}

/// Whether a helper emits in place of the runner. (Another one may drain the queue at the same time: see [`Role`].)
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Helper {
    #[default]
    Absent,
    /// It emits, or is being started to emit.
    Working,
}

impl Helper {
    pub(super) fn is_working(self) -> bool {
        self == Helper::Working
    }
}

/// An event that waits for its turn.
pub(super) enum Pending {
    Drain,
    Finish,
    Timeout,
    Timer(TimerId),
    /// A write is done, or given up.
    Wrote(Done, io::Result<()>),
}

/// What is emitted next.
pub(super) enum Next {
    Pending(Pending),
    /// A chunk that was held.
    Held(Vec<u8>),
}

/// What a helper does that the runner cannot, or must not, do. A helper has exactly one job at a time, and a job has at most
/// one helper: so a listener that blocks holds up no bytes, and a peer that reads nothing holds up no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// Send the queue.
    Drain,
    /// Emit what is pending.
    Emit,
}

impl State {
    /// The one place that decides what a helper does next. The job counts as taken from here on.
    pub(super) fn claim_job(&mut self) -> Option<Job> {
        if self.output.role == Role::HandedOver {
            self.output.role = Role::Draining;
            return Some(Job::Drain);
        }
        let runner_cannot = matches!(self.runner, Runner::Reading | Runner::Returned);
        if runner_cannot && self.dispatch.helper == Helper::Absent && self.has_event() {
            if self.is_heard() {
                self.dispatch.helper = Helper::Working;
                return Some(Job::Emit);
            }
            self.skip_unheard();
        }
        None
    }

    /// The system gave no thread for a job.
    pub(super) fn give_up_job(&mut self, job: Job, error: io::Error) {
        match job {
            Job::Emit => self.dispatch.helper = Helper::Absent,
            Job::Drain => {
                self.output.role = Role::Free;
                self.destroy(Cause::failed(error));
            }
        }
    }

    pub(super) fn make_pending(&mut self, event: Pending) {
        self.dispatch.pending.push_back(event);
        self.effects.wake();
    }

    /// Whether there is something to emit now.
    pub(super) fn has_event(&self) -> bool {
        self.first_event().is_some() || self.may_emit_held()
    }

    /// The first event whose time has come: a Drain may have to wait for other sockets' listeners, and holds up nothing.
    fn first_event(&self) -> Option<usize> {
        let is_held = |event: &Pending| matches!(event, Pending::Drain) && self.is_drain_held();
        self.dispatch.pending.iter().position(|event| !is_held(event))
    }

    /// Takes what is to be emitted next. Only for the thread that has the turn: so nothing can overtake.
    pub(super) fn take_event(&mut self) -> Option<Next> {
        if let Some(first) = self.first_event() {
            return self.dispatch.pending.remove(first).map(Next::Pending);
        }
        self.may_emit_held().then(|| Next::Held(self.input.take_held()))
    }

    /// Whether anything that could be emitted now has a listener.
    fn is_heard(&mut self) -> bool {
        let listeners = &mut self.dispatch.listeners;
        let finish = self.output.destroy_after_finish || event::Finish::is_heard(listeners);
        let (drain, timeout) =
            (event::Drain::is_heard(listeners), event::Timeout::is_heard(listeners));
        let pending = self.dispatch.pending.iter().any(|pending| match pending {
            Pending::Drain => drain,
            Pending::Finish => finish,
            Pending::Timeout => timeout,
            Pending::Timer(_) | Pending::Wrote(..) => true,
        });
        pending || self.may_emit_held()
    }

    /// Nobody listens, so no thread is worth the trouble.
    fn skip_unheard(&mut self) {
        while let Some(first) = self.first_event() {
            if let Some(Pending::Drain) = self.dispatch.pending.remove(first) {
                self.begin_drain();
            }
        }
    }

    /// Keeps the first panic of a listener. It destroys the socket.
    pub(super) fn record_panic(&mut self, panic: Panic) {
        match &self.dispatch.panic {
            None => self.dispatch.panic = Some(panic),
            Some(_) => self.effects.discard(Payload(Some(panic))),
        }
        self.destroy(Cause::Closed);
    }
}

/// The payload of a panic that nobody resumes: what its own `Drop` panics with is not kept.
struct Payload(Option<Panic>);

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(panics::discard);
    }
}

//! Which event is emitted next, and by which thread. The states: `state::dispatch`.

use std::io;

use super::event::{self, SocketEvent};
use super::state::State;
use super::state::dispatch::{Helper, HelperJob, NextEvent, Pending};
use super::state::life::{Cause, Runner};
use super::state::output::Role;
use crate::panics::{self, Panic};

impl State {
    /// Decides what a helper does next, and claims it: the caller must run the job, or give it up.
    /// No other function decides this.
    pub(super) fn claim_job(&mut self) -> Option<HelperJob> {
        if self.output.role == Role::HandedOver {
            self.output.role = Role::Draining;
            return Some(HelperJob::Drain);
        }
        let runner_cannot = matches!(self.runner, Runner::Reading | Runner::Returned);
        if runner_cannot && self.dispatch.helper == Helper::Absent && self.has_event() {
            if self.has_listener_for_event() {
                self.dispatch.helper = Helper::Working;
                return Some(HelperJob::Emit);
            }
            self.drop_events_without_listener();
        }
        None
    }

    /// Gives up a claimed job, because the system gave no thread for it.
    pub(super) fn give_up_job(&mut self, job: HelperJob, error: io::Error) {
        match job {
            HelperJob::Emit => self.dispatch.helper = Helper::Absent,
            HelperJob::Drain => {
                self.output.role = Role::Free;
                self.destroy(Cause::failed(error));
            }
        }
    }

    pub(super) fn make_pending(&mut self, event: Pending) {
        self.dispatch.pending.push_back(event);
        self.effects.wake();
    }

    /// Whether an event can be emitted now.
    pub(super) fn has_event(&self) -> bool {
        self.first_event().is_some() || self.may_emit_held()
    }

    /// The first pending event that can be emitted. A Drain that waits for listeners of other
    /// sockets does not delay the events behind it.
    fn first_event(&self) -> Option<usize> {
        let is_held = |event: &Pending| matches!(event, Pending::Drain) && self.is_drain_held();
        self.dispatch.pending.iter().position(|event| !is_held(event))
    }

    /// Takes the next event. Only the thread that has the turn may call this, so no event overtakes
    /// another.
    pub(super) fn take_event(&mut self) -> Option<NextEvent> {
        if let Some(first) = self.first_event() {
            return self.dispatch.pending.remove(first).map(NextEvent::Pending);
        }
        self.may_emit_held().then(|| NextEvent::Held(self.input.take_held()))
    }

    /// Whether any event that can be emitted now has a listener.
    fn has_listener_for_event(&mut self) -> bool {
        let listeners = &mut self.dispatch.listeners;
        let finish = self.output.destroy_after_finish || event::Finish::has_listeners(listeners);
        let (drain, timeout) =
            (event::Drain::has_listeners(listeners), event::Timeout::has_listeners(listeners));
        let pending = self.dispatch.pending.iter().any(|pending| match pending {
            Pending::Drain => drain,
            Pending::Finish => finish,
            Pending::Timeout => timeout,
            Pending::Timer(_) | Pending::Wrote(..) => true,
        });
        pending || self.may_emit_held()
    }

    /// Drops pending events that have no listener: they are not worth a thread.
    fn drop_events_without_listener(&mut self) {
        while let Some(first) = self.first_event() {
            if let Some(Pending::Drain) = self.dispatch.pending.remove(first) {
                self.begin_drain();
            }
        }
    }

    /// Destroys the socket after a panic of a listener. Keeps the first panic, and discards later
    /// ones.
    pub(super) fn record_panic(&mut self, panic: Panic) {
        match &self.dispatch.panic {
            None => self.dispatch.panic = Some(panic),
            Some(_) => self.effects.discard(Payload(Some(panic))),
        }
        self.destroy(Cause::Closed);
    }
}

/// The payload of a panic that is not resumed. If its own `Drop` panics, that panic is not kept.
struct Payload(Option<Panic>);

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(panics::discard);
    }
}

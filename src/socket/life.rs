//! The transitions of a socket's life. Its states: `state::life`.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;

use super::state::State;
use super::state::dispatch::Pending;
use super::state::life::{Cause, Life, Permit, Remains, Runner};
use super::state::output::Role;
use crate::endpoint::Address;
use crate::stream::Stream;
use crate::wire::CallSite;

impl State {
    /// New → Connecting: claims the permission to run. `None`: it was claimed before.
    #[track_caller]
    pub(super) fn claim_run(&mut self) -> Option<Permit> {
        if self.runner != Runner::NotStarted {
            return None;
        }
        self.runner = Runner::Awake;
        let site = CallSite::of_caller();
        match std::mem::replace(&mut self.life, Life::Connecting) {
            Life::New(to) => {
                self.restart_idle_timer(); // connecting counts as activity
                Some(Permit { to: Some(to), site })
            }
            destroyed => {
                self.life = destroyed;
                Some(Permit { to: None, site })
            }
        }
    }

    /// Connecting → Greeting. Returns `false` if the socket was destroyed at the last moment. If
    /// anything was written before, the runner has the sender's role now.
    pub(super) fn begin_greeting(&mut self, stream: Stream, remote: Address) -> bool {
        if !matches!(self.life, Life::Connecting) {
            return false;
        }
        self.life = Life::Greeting(Arc::new(stream));
        self.remote = Some(remote);
        self.restart_idle_timer();
        if !self.output.queue.is_empty() {
            self.output.role = Role::Caller;
        }
        true
    }

    /// Greeting → Open. The FIN may be sent now. Nothing changes if a listener of Connect has
    /// destroyed the socket.
    pub(super) fn finish_greeting(&mut self) {
        if let Life::Greeting(stream) = &self.life {
            self.life = Life::Open(stream.clone());
            self.send_fin_if_due();
        }
    }

    /// Any life → Destroyed. Nothing is sent, and no event except Error and Close is emitted after
    /// this. Only the first call counts; the causes of later calls are dropped without the lock.
    #[track_caller]
    pub(super) fn destroy(&mut self, cause: Cause) {
        let stream = match std::mem::replace(&mut self.life, Life::Connecting) {
            Life::New(_) | Life::Connecting => None,
            Life::Greeting(stream) | Life::Open(stream) => Some(stream),
            destroyed => {
                self.life = destroyed;
                return self.effects.discard(cause);
            }
        };
        if stream.is_some() && (self.runner == Runner::Reading || self.output.role != Role::Free) {
            // Wakes the threads inside a system call. Without such threads the descriptor is only
            // closed: if there are unread bytes, the peer then gets a reset (RFC 9293 3.10.4, RFC
            // 2525 2.17).
            self.effects.shut_down(Shutdown::Both);
        }
        self.life = Life::Destroyed { stream, cause };
        self.destroy_site = CallSite::of_caller();
        self.stop_clock();
        if self.runner == Runner::NotStarted {
            // There may never be a runner.
            self.clock.stopped.drain(..).for_each(|timer| self.effects.discard(timer));
        }
        self.give_up_queue();
        self.dispatch.pending.retain(|pending| matches!(pending, Pending::Wrote(..)));
        self.effects.wake();
    }

    /// Destroyed → Closing, by the runner, when no other thread writes. The caller must drop the
    /// stream without the lock.
    pub(super) fn begin_to_close(&mut self) -> Remains {
        let closing = Life::Closing { failure: None };
        let (stream, cause) = match std::mem::replace(&mut self.life, closing) {
            Life::Destroyed { stream, cause } => (stream, cause),
            _ => unreachable!("the runner destroys before it closes"),
        };
        self.output.length = 0; // unsent bytes will never be sent
        self.output.stalled_since = None;
        match cause {
            Cause::Closed => Remains { stream, error: None },
            Cause::Failed { error, copy } => {
                self.life = Life::Closing { failure: Some(copy) };
                Remains { stream, error: Some(error) }
            }
        }
    }

    /// Closing → Over. Drops the listeners and timers. They must not live on in a handle that the
    /// user keeps, because they often own such a handle.
    pub(super) fn finish_closing(&mut self) {
        if let Life::Closing { failure } = &mut self.life {
            self.life = Life::Over { failure: failure.take() };
        }
        self.runner = Runner::Returned;
        self.discard_callbacks();
    }

    fn discard_callbacks(&mut self) {
        let listeners = std::mem::take(&mut self.dispatch.listeners);
        listeners.into_each().into_iter().for_each(|listener| self.effects.discard(listener));
        self.clock.stopped.drain(..).for_each(|timer| self.effects.discard(timer));
    }

    /// Takes all values that the user has given to the socket, when its last handle is dropped.
    pub(super) fn take_users_values(&mut self) -> Vec<Box<dyn Send>> {
        self.destroy(Cause::Closed);
        self.discard_callbacks();
        for pending in self.dispatch.pending.drain(..) {
            self.effects.discard(pending);
        }
        for done in self.output.given_up.drain(..) {
            self.effects.discard(done);
        }
        if let Some(panic) = self.dispatch.panic.take() {
            self.effects.discard(panic);
        }
        if let Life::Destroyed { cause, .. } = &mut self.life {
            self.effects.discard(std::mem::replace(cause, Cause::Closed));
        }
        self.effects.take_discarded()
    }

    pub(super) fn is_destroyed(&self) -> bool {
        matches!(self.life, Life::Destroyed { .. } | Life::Closing { .. } | Life::Over { .. })
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.life, Life::Over { .. })
    }

    /// A copy of the error that has destroyed the socket. `None`: no error has.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        match &self.life {
            Life::Destroyed { cause: Cause::Failed { copy, .. }, .. } => Some(copy),
            Life::Closing { failure } | Life::Over { failure } => failure.as_ref(),
            _ => None,
        }
    }

    /// The stream, if there is a connection that is not destroyed.
    pub(super) fn stream(&self) -> Option<&Arc<Stream>> {
        match &self.life {
            Life::Greeting(stream) | Life::Open(stream) => Some(stream),
            _ => None,
        }
    }

    /// The stream, while there is a descriptor: also after `destroy`, until the runner closes it.
    pub(super) fn open_stream(&self) -> Option<&Arc<Stream>> {
        match &self.life {
            Life::Destroyed { stream, .. } => stream.as_ref(),
            _ => self.stream(),
        }
    }
}

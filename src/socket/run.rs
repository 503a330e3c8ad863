//! The life of a socket on its runner: connect, read to the end, close.

use std::io;
use std::panic::resume_unwind;

use super::EventSocket;
use super::event::{Close, Error, SocketEvent};
use super::lock::Locked;
use super::state::dispatch::Pending;
use super::state::life::{Cause, Permit, Remains};
use super::state::output::Role;
use crate::deferred;
use crate::error::{self, NetError};
use crate::panics;
use crate::wire::{self, WireEvent};

impl EventSocket {
    /// Claims the permission to run, which each socket gives once.
    #[track_caller]
    pub(super) fn claim_run(&self) -> io::Result<Permit> {
        self.lock().claim_run().ok_or(NetError::SocketRuns.into())
    }

    /// The whole life of a connecting socket.
    pub(super) fn run_to_close(&self, permit: Permit) -> io::Result<()> {
        // Inside a listener that has written to this socket: it will not return before `run` does.
        deferred::perform(self.0.id);
        if let Some(options) = permit.to {
            self.establish(&options, permit.site);
        }
        self.read_to_end();
        let unhandled = self.close_and_notify(|| ());
        let panic = self.lock().dispatch.panic.take();
        match panic {
            Some(panic) => resume_unwind(panic),
            None => unhandled.map_or(Ok(()), Err),
        }
    }

    /// The whole life of an accepted socket. `on_start` calls the server's Connection listeners;
    /// `on_descriptor_closed` is called before Close.
    pub(crate) fn serve(&self, on_start: impl FnOnce(), on_descriptor_closed: impl FnOnce()) {
        self.emit_call(&mut self.lock(), on_start);
        self.read_to_end();
        if let Some(error) = self.close_and_notify(on_descriptor_closed) {
            let remote =
                self.remote_addr().map(|remote| format!(" ({remote})")).unwrap_or_default();
            let why = error::text_of(&error);
            error::report_to_stderr(&format!(
                "a socket{remote} failed and has no Error listener: {why}"
            ));
            panics::drop_each([error]).into_iter().for_each(panics::discard);
        }
        // The panic hook has already reported a panic; the server and the other sockets continue.
        let panic = self.lock().dispatch.panic.take();
        panic.into_iter().for_each(panics::discard);
    }

    /// Closes the descriptor, and emits the last events. Returns the error, if it had no listener.
    fn close_and_notify(&self, on_descriptor_closed: impl FnOnce()) -> Option<io::Error> {
        let mut state = self.lock();
        state.destroy(Cause::Closed); // after this no other thread begins to write
        // A thread inside write(2) still has a handle of the stream. The wait releases the lock, so
        // that it can finish.
        while state.output.role != Role::Free
            || state.effects.fin_is_being_observed
            || state.input.peeking > 0
        {
            state.wait(None);
        }
        let Remains { stream, error } = state.begin_to_close();
        let connected = stream.is_some();
        let site = state.destroy_site;
        // Without the lock, as closing takes time, and the observers may call any method.
        state.unlocked(|| {
            if connected {
                // Before the peer can notice: its reset follows the close.
                let now = self.observation_time();
                // The last handle: a thread with the sender's role has dropped its own.
                drop(stream);
                self.observe_at(now, site, || WireEvent::Close);
            }
            on_descriptor_closed();
            if !self.0.accepted {
                wire::flush(); // the program may end after `run`, or in a listener of Close
            }
        });

        // A helper may still be inside a callback, and may add or remove listeners, or panic: wait
        // for the turn, and check then.
        self.emit_pending(&mut state);
        self.take_turn(&mut state);
        let has_listener = Error::has_listeners(&mut state.dispatch.listeners);
        if let Some(error) = &error {
            self.call_listeners::<Error>(&mut state, error);
        }
        state.free_turn();
        // As in Node: the callbacks of queued writes come before Close, and those of a socket that
        // was never connected after it.
        if connected {
            self.fail_writes(&mut state, NetError::Destroyed);
        }
        self.take_turn(&mut state);
        let had_error = error.is_some() || state.dispatch.panic.is_some();
        // Under the same lock as the list of those that are called.
        state.dispatch.close_has_begun = true;
        self.call_listeners::<Close>(&mut state, had_error);
        state.free_turn();
        self.fail_writes(&mut state, NetError::ClosedBeforeConnection);
        state.finish_closing();
        drop(state);
        if has_listener {
            let panic = error.and_then(|error| panics::drop_each([error]));
            panic.into_iter().for_each(|panic| self.lock().record_panic(panic));
            None
        } else {
            error
        }
    }

    /// Calls the callbacks of the writes that were given up.
    fn fail_writes(&self, state: &mut Locked<'_>, error: NetError) {
        let given_up = std::mem::take(&mut state.output.given_up);
        for (n, done) in given_up.into_iter().enumerate() {
            // In Node the first write that waited for a connection gets this error, and the others
            // get the cause.
            let first_unconnected = error == NetError::ClosedBeforeConnection && n == 0;
            let why = match state.failure() {
                Some(failure) if !first_unconnected => error::duplicate(failure),
                _ => error.clone().into(),
            };
            state.make_pending(Pending::Wrote(done, Err(why)));
        }
        self.emit_pending(state);
    }
}

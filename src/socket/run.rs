//! The life of a socket on its runner: connect, read to the end, close.

use std::io::{self, ErrorKind};
use std::panic::resume_unwind;

use super::EventSocket;
use super::dispatch::Pending;
use super::event::{Close, Error, SocketEvent};
use super::life::{Cause, Permit, Remains};
use super::lock::Locked;
use super::output::Role;
use crate::error;
use crate::panics;
use crate::wire::WireEvent;

impl EventSocket {
    /// Claims the one permission to run.
    pub(super) fn claim_run(&self) -> io::Result<Permit> {
        self.lock().claim_run().ok_or_else(|| {
            let why = "this socket runs already, or ran before, or is run by its server";
            error::with_code(ErrorKind::InvalidInput, error::INVALID_STATE, why)
        })
    }

    /// The whole life of a connecting socket.
    pub(super) fn run_to_close(&self, permit: Permit) -> io::Result<()> {
        if let Some(options) = permit.to {
            self.establish(&options);
        }
        self.read_to_end();
        let unheard = self.close_and_notify(|| ());
        let panic = self.lock().dispatch.panic.take();
        match panic {
            Some(panic) => resume_unwind(panic),
            None => unheard.map_or(Ok(()), Err),
        }
    }

    /// The whole life of an accepted socket. `on_start` calls the server's Connection listeners; `on_descriptor_closed` is
    /// called before Close.
    pub(crate) fn serve(&self, on_start: impl FnOnce(), on_descriptor_closed: impl FnOnce()) {
        self.emit_call(&mut self.lock(), on_start);
        self.read_to_end();
        if let Some(error) = self.close_and_notify(on_descriptor_closed) {
            let remote =
                self.remote_addr().map(|remote| format!(" ({remote})")).unwrap_or_default();
            let why = error::text_of(&error);
            error::report(&format!("a socket{remote} failed and has no Error listener: {why}"));
            panics::drop_each([error]).into_iter().for_each(panics::discard);
        }
        // The panic hook has reported a panic already; the server and the other sockets continue.
        let panic = self.lock().dispatch.panic.take();
        panic.into_iter().for_each(panics::discard);
    }

    /// Closes the descriptor, and emits the last events. Returns the error, if no listener was there for it.
    fn close_and_notify(&self, on_descriptor_closed: impl FnOnce()) -> Option<io::Error> {
        let mut state = self.lock();
        state.destroy(Cause::Closed); // from here on no other thread begins to write
        while state.output.role != Role::Free {
            state.wait(None);
        }
        let Remains { stream, error } = state.begin_to_close();
        let connected = stream.is_some();
        state.unlocked(|| {
            if connected {
                let now = self.observation_time(); // before the peer can notice: a reset comes after the close
                drop(stream); // the last handle, as whoever had the sender's role has dropped its own
                self.observe_at(now, || WireEvent::Close);
            }
            on_descriptor_closed();
        });

        // A helper may still be inside a callback: what that adds or removes counts, and whether it panics.
        self.emit_pending(&mut state);
        self.take_turn(&mut state);
        let heard = Error::is_heard(&mut state.dispatch.listeners);
        if let Some(error) = &error {
            self.call_listeners::<Error>(&mut state, error);
        }
        state.free_turn();
        // As in Node: the callbacks of what was queued come before Close, of what never had a connection after it.
        if connected {
            self.fail_writes(&mut state, error::STREAM_DESTROYED);
        }
        self.take_turn(&mut state);
        let had_error = error.is_some() || state.dispatch.panic.is_some();
        self.call_listeners::<Close>(&mut state, had_error);
        state.free_turn();
        self.fail_writes(&mut state, error::CLOSED_BEFORE_CONNECTION);
        state.finish();
        drop(state);
        match heard {
            true => {
                let panic = error.and_then(|error| panics::drop_each([error]));
                panic.into_iter().for_each(|panic| self.lock().record_panic(panic));
                None
            }
            false => error,
        }
    }

    /// Calls the callbacks of the writes that were given up.
    fn fail_writes(&self, state: &mut Locked<'_>, code: &'static str) {
        let given_up = std::mem::take(&mut state.output.given_up);
        for (n, done) in given_up.into_iter().enumerate() {
            // Node tells the first write that waited for a connection what became of it, and the others why.
            let first_unconnected = code == error::CLOSED_BEFORE_CONNECTION && n == 0;
            let why = match state.failure() {
                Some(failure) if !first_unconnected => error::duplicate(failure),
                _ => error::refused_write(code),
            };
            state.make_pending(Pending::Wrote(done, Err(why)));
        }
        self.emit_pending(state);
    }
}

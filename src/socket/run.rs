//! The life of a socket on its runner: connect, read to the end, close.

use std::io::{self, ErrorKind};
use std::panic::resume_unwind;

use super::EventSocket;
use super::emit::Guard;
use super::event::{Close, Error, SocketEvent};
use super::state::{Life, Pending};
use crate::error;
use crate::panics;
use crate::wire::Wire;

impl EventSocket {
    /// The one permission to run.
    pub(super) fn begin(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.life != Life::New {
            let why = "this socket runs already, or ran before, or is run by its server";
            return Err(error::with_code(ErrorKind::InvalidInput, error::INVALID_STATE, why));
        }
        state.life = Life::Running;
        state.touch(); // the idle time of a socket that is still connecting counts from here
        Ok(())
    }

    /// All of a connecting socket's life.
    pub(super) fn live(&self) -> io::Result<()> {
        self.open();
        self.read_to_end();
        let unheard = self.shut(|| ());
        let panics = std::mem::take(&mut self.lock().panics);
        match panics.into_iter().next() {
            Some(panic) => resume_unwind(panic),
            None => unheard.map_or(Ok(()), Err),
        }
    }

    /// All of an accepted socket's life. `greet` calls the server's Connection listeners; `gone` is called when the
    /// descriptor is closed, before Close.
    pub(crate) fn serve(&self, greet: impl FnOnce(), gone: impl FnOnce()) {
        drop(self.call(self.lock(), greet));
        self.read_to_end();
        if let Some(error) = self.shut(gone) {
            let remote =
                self.remote_addr().map(|remote| format!(" ({remote})")).unwrap_or_default();
            error::complain(&format!("a socket{remote} failed and has no Error listener: {error}"));
        }
        // The panic hook has told of a panic already; the server and the other sockets go on.
        let panics = std::mem::take(&mut self.lock().panics);
        let _ = panics::let_go(panics);
    }

    /// Closes the descriptor and tells everybody. Returns the error that nobody listened to.
    fn shut(&self, gone: impl FnOnce()) -> Option<io::Error> {
        let mut state = self.lock();
        let connected = state.stream.is_some();
        state = self.destroy_locked(state, None); // from here on no other thread writes
        while state.writing {
            state = self.monitor().wait(state, None);
        }
        if connected {
            state.length = 0; // what was not sent never will be
        }
        let stream = state.stream.take();
        drop(state);
        // Whoever had the writer's role has given its reference back, so this one is the last.
        if stream.is_some() {
            drop(stream);
            self.wire(|| Wire::Close);
        }
        gone();

        // The helper may still be in a callback: what that adds or removes, and whether it panics, counts.
        let mut state = self.wait_for_turn(self.settle(self.lock()));
        let error = state.error.take();
        let heard = !Error::list(&mut state.listeners).is_empty();
        if let Some(error) = &error {
            state = self.emit::<Error>(state, error);
        }
        // As in Node: the callbacks of what was queued come before Close, of what never had a connection after it.
        if connected {
            state = self.fail_writes(state, &error, error::STREAM_DESTROYED);
        }
        state = self.wait_for_turn(state);
        let had_error = error.is_some() || !state.panics.is_empty();
        state = self.emit::<Close>(state, had_error);
        state = self.fail_writes(state, &error, error::CLOSED_BEFORE_CONNECTION);
        state.life = Life::Over;
        // What the listeners own must not live on in a handle that somebody keeps; often it is a handle to this socket.
        let listeners = std::mem::take(&mut state.listeners);
        drop(self.stir(state));
        let panic = panics::let_go(listeners);
        self.lock().panics.extend(panic);
        error.filter(|_| !heard)
    }

    /// Calls back for the writes that were given up.
    fn fail_writes<'s>(
        &'s self,
        mut state: Guard<'s>,
        error: &Option<io::Error>,
        code: &'static str,
    ) -> Guard<'s> {
        let given_up = std::mem::take(&mut state.failed);
        if given_up.is_empty() {
            return state;
        }
        drop(state); // to copy an error may run its Display, which is the user's
        let failed = given_up.into_iter().enumerate().map(|(n, done)| {
            // Node tells the first write that waited for a connection what became of it, and the others why.
            let first_unconnected = code == error::CLOSED_BEFORE_CONNECTION && n == 0;
            let why = match error {
                Some(error) if !first_unconnected => error::again(error),
                _ => error::refused_write(code),
            };
            Pending::Wrote(done, Err(why))
        });
        let failed: Vec<_> = failed.collect();
        state = self.lock();
        state.pending.extend(failed);
        self.settle(state)
    }
}

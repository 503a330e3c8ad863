//! The ways to end a socket: after the last byte, after the peer's end, within a time limit, at
//! once.

use std::io;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::event;
use super::state::State;
use super::state::dispatch::Pending;
use super::state::life::{Cause, Life};
use super::state::output::Fin;
use crate::error::NetError;

impl EventSocket {
    /// Ends our side: sends the queued bytes, then the FIN. The peer may continue to send, and
    /// `Data` continues until the peer ends its side; if that data is of no interest, use
    /// [`close_within`](Self::close_within). Node: `socket.end`.
    #[track_caller]
    pub fn end(&self) {
        self.lock().end();
    }

    /// Calls `write(data)`, then `end()`. Node: `socket.end(data)`.
    #[track_caller]
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        let state = self.lock();
        match (state.is_destroyed(), state.output.fin) {
            (true, _) => {}
            // Even after the peer's end, where a plain write would fail with EPIPE.
            (false, Fin::Asked | Fin::Sent) => {
                drop(state);
                self.destroy_with(NetError::WriteAfterEnd.into());
            }
            (false, Fin::NotAsked) => {
                drop(state);
                self.send(data.as_ref(), None);
                self.end();
            }
        }
    }

    /// Closes now: queued bytes are dropped, and no event follows except `Close`. The peer sees an
    /// end, or a reset if we have not read all of its bytes. Returns at once; a second call does
    /// nothing. (In a listener of `Connect`, a `Ready` still follows, as in Node.) Node:
    /// `socket.destroy`.
    #[track_caller]
    pub fn destroy(&self) {
        self.lock().destroy(Cause::Closed);
    }

    /// Destroys the socket with a reason: `Error` is emitted, then `Close` with `true`. Node:
    /// `socket.destroy(error)`.
    #[track_caller]
    pub fn destroy_with(&self, error: io::Error) {
        let cause = Cause::failed(error); // not under the lock: it may run the user's `Display`
        self.lock().destroy(cause);
    }

    /// Calls `end()`, and `destroy()` after `Finish`: the socket closes as soon as the FIN is sent,
    /// without waiting for the peer's end. Bytes that the peer still sends may reset the
    /// connection, and a reset may destroy bytes that the peer has not read yet;
    /// [`close_within`](Self::close_within) avoids that. Node: `socket.destroySoon`.
    #[track_caller]
    pub fn destroy_soon(&self) {
        let mut state = self.lock();
        state.output.destroy_after_finish = true;
        let emitted = !state.dispatch.pending.iter().any(|event| matches!(event, Pending::Finish));
        if state.output.fin == Fin::Sent && emitted {
            return state.destroy(Cause::Closed);
        }
        state.end();
    }

    /// Closes so that the peer can read everything. Calls `end()`; bytes that the peer still sends
    /// are read and dropped, without `Data`; and the socket closes when the peer has ended, or when
    /// `time` is over. After that the socket uses no thread, whatever the peer does. Node has no
    /// such method: a program there combines `end`, `resume` and a timer.
    ///
    /// Closing with unread bytes would reset the connection, and a reset destroys bytes that are
    /// still on their way to the peer (RFC 9112 9.6, RFC 2525 2.17). If this is called again, the
    /// earlier deadline counts.
    ///
    /// ```
    /// use net_notes::{self as net, event};
    /// use std::time::Duration;
    ///
    /// let server = net::create_server(|socket| {
    ///     socket.write("400 I did not understand\n");
    ///     socket.close_within(Duration::from_secs(1));
    ///     socket.on(event::Data, |_, _| unreachable!("dropped"));
    /// });
    /// server.listen(0, |_| {})?;
    /// let client = net::connect(server.address().unwrap(), |client| {
    ///     client.end_with("?".repeat(100_000));
    /// });
    /// client.on(event::Text, |_, text| assert_eq!(text, "400 I did not understand\n"));
    /// let running = server.spawn();
    /// client.run()?; // no reset
    /// server.close()?;
    /// running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn close_within(&self, time: Duration) {
        let now = Instant::now();
        // A time beyond the range of `Instant` counts as a century.
        let until = now.checked_add(time).unwrap_or(now + Duration::from_secs(3_000_000_000));
        let mut state = self.lock();
        if !state.is_destroyed() {
            state.end();
            state.discard_input(until);
        }
    }

    /// Calls `end()`. When everything is sent, bytes that the peer still sends are read and
    /// dropped, until it has ended, or has sent nothing for `quiet`, or `total` is over. Data that
    /// arrives before that is emitted, and the caller must ignore it: a peer that reads slowly has
    /// as much time as it needs.
    #[track_caller]
    pub(crate) fn close_in_stages(&self, quiet: Duration, total: Duration) {
        self.once(event::Finish, move |socket, ()| {
            socket.on(event::Timeout, |socket, ()| socket.destroy());
            socket.set_timeout(Some(quiet));
            socket.close_within(total);
        });
        self.end();
        self.resume();
    }

    /// Whether Close is being emitted, or has been: a listener that is added now is not called.
    pub(crate) fn close_has_begun(&self) -> bool {
        self.lock().dispatch.close_has_begun
    }

    /// Calls shutdown(2) for a transition, under the lock.
    pub(super) fn shut_down(&self, state: &mut State, how: Shutdown) {
        let stream = match &state.life {
            Life::Greeting(stream) | Life::Open(stream) => stream,
            Life::Destroyed { stream: Some(stream), .. } => stream,
            _ => return,
        };
        let now = self.observation_time(); // before the call: the peer may answer during it
        // Fails only if the connection no longer exists, and then the reader gets the error.
        let _ = stream.shutdown(how);
        if how == Shutdown::Write {
            state.effects.fin_sent = now;
        }
    }
}

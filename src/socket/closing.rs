//! The ways to end a socket: after the last byte, after the peer's end, within a time, at once.

use std::io;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::dispatch::Pending;
use super::event;
use super::life::{Cause, Life};
use super::output::Fin;
use super::state::State;
use crate::error;

impl EventSocket {
    /// Ends our side: what is queued is sent, then the FIN. The peer may continue to write, and `Data` continues until it
    /// ends its side: use [`close_within`](Self::close_within) if that no longer matters. Node: `socket.end`.
    pub fn end(&self) {
        self.lock().end();
    }

    /// `write(data)`, then `end()`. Node: `socket.end(data)`.
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        let state = self.lock();
        match (state.is_destroyed(), state.output.fin) {
            (true, _) => {}
            // Also when the peer has ended, where a write says EPIPE.
            (false, Fin::Asked | Fin::Sent) => {
                drop(state);
                self.destroy_with(error::refused_write(error::WRITE_AFTER_END));
            }
            (false, Fin::NotAsked) => {
                drop(state);
                self.send(data.as_ref(), None);
                self.end();
            }
        }
    }

    /// Closes now: what is queued is dropped, and no event follows but `Close`. The peer sees an end, or a reset if bytes of
    /// its own were never read. Returns at once; harmless the second time. (A `Ready` still follows the `Connect` in whose
    /// listener it was called, as in Node.) Node: `socket.destroy`.
    pub fn destroy(&self) {
        self.lock().destroy(Cause::Closed);
    }

    /// `destroy` with a reason: `Error` is emitted, then `Close` with `true`. Node: `socket.destroy(error)`.
    pub fn destroy_with(&self, error: io::Error) {
        let cause = Cause::failed(error); // not under the lock
        self.lock().destroy(cause);
    }

    /// Ends our side, and closes as soon as the FIN is out, without waiting for the peer's end: `end()`, and `destroy()`
    /// after `Finish`. What the peer still sends may reset the connection, and a reset may destroy what it has not read yet;
    /// [`close_within`](Self::close_within) avoids that. Node: `socket.destroySoon`.
    pub fn destroy_soon(&self) {
        let mut state = self.lock();
        state.output.destroy_after_finish = true;
        let emitted = !state.dispatch.pending.iter().any(|event| matches!(event, Pending::Finish));
        if state.output.fin == Fin::Sent && emitted {
            return state.destroy(Cause::Closed);
        }
        state.end();
    }

    /// Says goodbye so that the peer can read everything: `end()`; what the peer still sends is read and dropped, without
    /// `Data`; and the socket closes when the peer has ended, or when `time` is over. After that it costs no thread, whatever
    /// the peer does. Node has no such method: a program there combines `end`, `resume` and a timer.
    ///
    /// To close with bytes unread would reset the connection, and a reset destroys what is still on its way to the peer
    /// (RFC 9112 9.6, RFC 2525 2.17). When this is called again, the earlier end counts.
    ///
    /// ```
    /// use net_notes::{self as net, event};
    /// use std::time::Duration;
    ///
    /// let server = net::create_server(|socket| {
    ///     socket.write("400 I did not understand\n");
    ///     socket.close_within(Duration::from_secs(1));
    ///     socket.on(event::Data, |_, _| unreachable!("dropped, unseen"));
    /// });
    /// server.listen(0, |_| {})?;
    /// let client = net::connect(server.address().unwrap(), |client| client.end_with("?".repeat(100_000)));
    /// client.on(event::Text, |_, text| assert_eq!(text, "400 I did not understand\n"));
    /// let running = server.spawn();
    /// client.run()?; // no reset
    /// server.close()?;
    /// running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn close_within(&self, time: Duration) {
        let now = Instant::now();
        // A time that no clock can say is as good as for ever; a century will do.
        let until = now.checked_add(time).unwrap_or(now + Duration::from_secs(3_000_000_000));
        let mut state = self.lock();
        if !state.is_destroyed() {
            state.end();
            state.discard_input(until);
        }
    }

    /// `end()`; and when everything is sent, what the peer still sends is read and dropped, until it has ended, or has sent
    /// nothing for `quiet`, or `total` is over. Data that arrives before is for the caller to ignore: a peer that is slow to
    /// read has all the time it needs.
    pub(crate) fn close_in_stages(&self, quiet: Duration, total: Duration) {
        self.once(event::Finish, move |socket, ()| {
            socket.on(event::Timeout, |socket, ()| socket.destroy());
            socket.set_timeout(Some(quiet));
            socket.close_within(total);
        });
        self.end();
        self.resume();
    }

    /// shutdown(2), on behalf of a transition.
    pub(super) fn shut_down(&self, state: &mut State, how: Shutdown) {
        let stream = match &state.life {
            Life::Greeting(stream) | Life::Open(stream) => stream,
            Life::Destroyed { stream: Some(stream), .. } => stream,
            _ => return,
        };
        let now = self.observation_time(); // before the call: the peer may answer during it
        // Fails only when the connection is gone already, and then the reader is told why.
        let _ = stream.shutdown(how);
        if how == Shutdown::Write {
            state.effects.fin_sent = now;
        }
    }
}

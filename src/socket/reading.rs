//! The reading side: read one chunk, wait until it may flow, emit it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::EventSocket;
use super::chunks::ChunkReader;
use super::event::{End, Text};
use super::input::Peer;
use super::life::{Cause, Runner};
use super::lock::Locked;
use super::output::{Fin, Role};
use crate::error;
use crate::stream::is_timeout;
use crate::wire::WireEvent;

/// How long a look at the kernel may take.
const PEEK_TIMEOUT: Duration = Duration::from_millis(1);

impl EventSocket {
    /// Whether the peer has ended its side or is gone, as far as that was read.
    pub(crate) fn peer_has_ended(&self) -> bool {
        let state = self.lock();
        state.input.peer != Peer::Sending || state.is_destroyed()
    }

    /// The same, by a look at the kernel, which may take some milliseconds: for a listener that runs long, as nobody reads
    /// meanwhile. Behind bytes that were not read nothing can be seen. Only in a listener of this socket.
    pub(crate) fn peer_has_ended_now(&self) -> bool {
        let state = self.lock();
        if state.input.peer != Peer::Sending || state.is_destroyed() {
            return true;
        }
        let Some(stream) = state.stream().filter(|_| state.runner != Runner::Reading).cloned()
        else {
            return false; // the runner will know
        };
        drop(state);
        stream.set_read_timeout(Some(PEEK_TIMEOUT));
        let peeked = stream.peek();
        stream.set_read_timeout(None);
        match peeked {
            None => false,
            Some(Ok(bytes)) => bytes == 0,
            Some(Err(error)) => !is_timeout(&error) && error.kind() != ErrorKind::Interrupted,
        }
    }

    /// Reads until both sides have ended, or the socket is destroyed.
    pub(super) fn read_to_end(&self) {
        let mut state = self.lock();
        let Some(stream) = state.stream().cloned() else { return };
        let mut chunks = ChunkReader::new(&stream);
        loop {
            // 1. Wait until a chunk may be read. If not, the peer's data stays in the kernel.
            self.wait_until(&mut state, None, |state| {
                state.is_destroyed() || state.input.may_read()
            });
            if state.is_destroyed() {
                return;
            }
            if !state.input.is_flowing() {
                chunks.grow(); // what is read ahead comes in few large chunks
            }

            // 2. Read it, with the lock released. From here on a helper emits what becomes pending.
            state.runner = Runner::Reading;
            let result = state.unlocked(|| self.read_chunk(&mut chunks));
            state.runner = Runner::Awake;
            if state.is_destroyed() {
                return;
            }

            // 3. Emit it.
            match result {
                Ok([]) => return self.at_end(&mut state),
                Ok(chunk) => self.received(&mut state, chunk),
                Err(error) if error.kind() == ErrorKind::Interrupted || is_timeout(&error) => {}
                Err(error) => return self.read_failed(&mut state, error),
            }
        }
    }

    /// Reads a chunk, and shows the observers what came. Blocks.
    fn read_chunk<'c>(&self, chunks: &'c mut ChunkReader<'_>) -> io::Result<&'c [u8]> {
        let result = chunks.next();
        match &result {
            Ok([]) => {} // the peer's FIN, or our own shutdown: `at_end` knows
            Ok(chunk) => self.observe(|| WireEvent::Received(chunk)),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.observe(|| WireEvent::Reset)
            }
            Err(_) => {}
        }
        result
    }

    /// Emits a chunk, or holds it until it may flow.
    fn received(&self, state: &mut Locked<'_>, chunk: &[u8]) {
        state.input.bytes_read += chunk.len() as u64;
        state.restart_idle_timer();
        self.emit_pending(state); // what is pending goes first, and what was held before
        self.take_turn(state);
        if state.input.is_discarding() {
            // `close_within`: nobody wants it any longer.
        } else if state.input.is_flowing() && state.input.held.is_empty() && !state.is_destroyed() {
            self.call_with_chunk(state, chunk);
        } else {
            state.input.held.extend_from_slice(chunk); // emitted before the next read, if it may flow by then
        }
        state.free_turn();
    }

    fn read_failed(&self, state: &mut Locked<'_>, error: io::Error) {
        state.destroy(Cause::failed(error::of_call("read", "", error)));
    }

    /// The peer's FIN: End when nothing is held, then our own end, then wait until everything is out.
    fn at_end(&self, state: &mut Locked<'_>) {
        state.input.peer = Peer::FinRead;
        state.effects.wake(); // a write that failed waits for it
        if state.output.role != Role::Free && state.stream().is_none_or(|stream| stream.is_broken())
        {
            // A reset. The kernel reports it to one system call only, and this read was not the one: a write is, and its
            // thread is about to destroy the socket. An End now would be false.
            self.wait_until(state, None, |state| {
                state.is_destroyed() || state.output.role == Role::Free
            });
        }
        if state.is_destroyed() {
            return;
        }
        state.unlocked(|| self.observe(|| WireEvent::ReceivedFin));
        if state.is_destroyed() {
            return;
        }
        state.restart_idle_timer();

        // Behind what is held, and behind what is pending.
        self.wait_until(state, None, |state| state.is_destroyed() || state.input.held.is_empty());
        self.take_turn(state);
        if state.is_destroyed() {
            return state.free_turn();
        }
        state.input.peer = Peer::Ended;
        state.restart_idle_timer();
        if let Some(broken) = state.input.decoder.finish() {
            self.call_listeners::<Text>(state, broken);
        }
        if !state.is_destroyed() {
            self.call_listeners::<End>(state, ());
        }
        state.free_turn();

        // As in Node a little after End, so that a listener of it can still write.
        if !state.options.allow_half_open && !state.is_destroyed() {
            state.end();
        }
        self.wait_until(state, None, |state| state.is_destroyed() || state.output.fin == Fin::Sent);
    }
}

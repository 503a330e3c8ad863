//! The reading side: reads one chunk, waits until it may flow, emits it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::EventSocket;
use super::chunks::ChunkReader;
use super::event::{End, Error, Text};
use super::lock::Locked;
use super::state::input::Peer;
use super::state::life::{Cause, Runner};
use super::state::output::{Fin, Role};
use crate::error;
use crate::stream::is_timeout;
use crate::wire::WireEvent;

/// How long a peek into the kernel's buffer may take.
const PEEK_TIMEOUT: Duration = Duration::from_millis(1);

impl EventSocket {
    /// Whether the peer has ended its side or no longer exists, as far as we have read.
    pub(crate) fn peer_has_ended(&self) -> bool {
        let state = self.lock();
        state.input.peer != Peer::Sending || state.is_destroyed()
    }

    /// Like `peer_has_ended`, with a peek into the kernel's buffer, which may take some
    /// milliseconds: for a listener that runs long, as no thread reads in the meantime. Returns
    /// `false` if there are unread bytes: nothing behind them is visible. Only for a listener of
    /// this socket.
    pub(crate) fn peer_has_ended_now(&self) -> bool {
        let mut state = self.lock();
        if state.input.peer != Peer::Sending || state.is_destroyed() {
            return true;
        }
        let Some(stream) = state.stream().filter(|_| state.runner != Runner::Reading).cloned()
        else {
            return false; // the runner is reading, and will see the end
        };
        state.input.peeking += 1;
        drop(state);
        stream.set_read_timeout(Some(PEEK_TIMEOUT));
        let peeked = stream.peek();
        stream.set_read_timeout(None);
        drop(stream); // before the runner may close: it must have the last handle
        let mut state = self.lock();
        state.input.peeking -= 1;
        state.effects.wake();
        drop(state);
        match peeked {
            None => false,
            Some(Ok(bytes)) => bytes == 0,
            Some(Err(error)) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {
                false
            }
            Some(Err(error)) => {
                // The kernel reports it to one system call only: to the next read, this would look
                // like an orderly end.
                self.observe_reset(&error);
                self.handle_read_error(&mut self.lock(), error);
                true
            }
        }
    }

    fn observe_reset(&self, error: &io::Error) {
        if error.kind() == ErrorKind::ConnectionReset {
            self.observe(self.listener_site::<Error>(), || WireEvent::Reset);
        }
    }

    /// Reads until both sides have ended, or the socket is destroyed.
    pub(super) fn read_to_end(&self) {
        let mut state = self.lock();
        let Some(stream) = state.stream().cloned() else { return };
        let mut chunks = ChunkReader::new(&stream);
        loop {
            // 1. Wait until a chunk may be read. Until then, the peer's data stays in the kernel.
            //    The wait emits pending events, and releases the lock while it sleeps.
            self.wait_until(&mut state, None, |state| {
                state.is_destroyed() || state.input.may_read() && state.input.peeking == 0
            });
            if state.is_destroyed() {
                return;
            }
            if !state.input.is_flowing() {
                chunks.grow(); // data read ahead arrives in few large chunks
            }

            // 2. Read it, with the lock released, as the read blocks. Meanwhile a helper emits
            //    events that become pending.
            state.runner = Runner::Reading;
            let result = state.unlocked(|| self.read_chunk(&mut chunks));
            state.runner = Runner::Awake;
            if state.is_destroyed() {
                return;
            }

            // 3. Emit it. The lock is held again, and the socket was not destroyed during the read.
            match result {
                Ok([]) => return self.handle_end(&mut state),
                Ok(chunk) => self.handle_chunk(&mut state, chunk),
                Err(error) if error.kind() == ErrorKind::Interrupted || is_timeout(&error) => {}
                Err(error) => return self.handle_read_error(&mut state, error),
            }
        }
    }

    /// Reads a chunk, and notifies the observers. Blocks.
    fn read_chunk<'c>(&self, chunks: &'c mut ChunkReader<'_>) -> io::Result<&'c [u8]> {
        let result = chunks.next();
        match &result {
            Ok([]) => {} // the peer's FIN, or our own shutdown: `handle_end` tells them apart
            Ok(chunk) => self.observe(self.data_site(), || WireEvent::Received(chunk)),
            Err(error) => self.observe_reset(error),
        }
        result
    }

    /// Emits a chunk, or holds it until it may flow.
    fn handle_chunk(&self, state: &mut Locked<'_>, chunk: &[u8]) {
        state.input.bytes_read += chunk.len() as u64;
        state.restart_idle_timer();
        self.emit_pending(state); // first the pending events, and the data that was held before
        self.take_turn(state);
        if state.input.is_discarding() {
            // `close_within` was called: data is dropped.
        } else if state.input.is_flowing() && state.input.held.is_empty() && !state.is_destroyed() {
            self.call_with_chunk(state, chunk);
        } else {
            // Emitted before the next read, if it may flow then.
            state.input.held.extend_from_slice(chunk);
        }
        state.free_turn();
    }

    fn handle_read_error(&self, state: &mut Locked<'_>, error: io::Error) {
        state.destroy(Cause::failed(error::from_syscall("read", "", error)));
    }

    /// The peer's FIN was read: emits End when no data is held, then ends our side, then waits
    /// until everything is sent.
    fn handle_end(&self, state: &mut Locked<'_>) {
        state.input.peer = Peer::FinRead;
        state.effects.wake(); // a failed write may wait for this
        if state.output.role != Role::Free && state.stream().is_none_or(|stream| stream.is_broken())
        {
            // This is a reset, and no FIN. The kernel reports a reset to one system call only, and
            // it was not this read: it is a write, whose thread is about to destroy the socket. An
            // End now would be wrong.
            self.wait_until(state, None, |state| {
                state.is_destroyed() || state.output.role == Role::Free
            });
        }
        if state.is_destroyed() {
            return;
        }
        state.unlocked(|| self.observe(self.listener_site::<End>(), || WireEvent::ReceivedFin));
        if state.is_destroyed() {
            return;
        }
        state.restart_idle_timer();

        // After the held data, and after the pending events.
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

        // As in Node, after End, so that a listener of it can still write.
        if !state.options.allow_half_open && !state.is_destroyed() {
            state.end();
        }
        self.wait_until(state, None, |state| state.is_destroyed() || state.output.fin == Fin::Sent);
    }
}

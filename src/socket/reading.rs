//! The reading side: read one chunk, wait until it may flow, emit it.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::emit::Guard;
use super::event::{Data, End, SocketEvent, Text};
use super::state::{Flow, State};
use super::writing::is_timeout;
use crate::error;
use crate::stream::Stream;
use crate::wire::Wire;

/// The biggest chunk, and the most that is read ahead of the listeners.
const CHUNK: usize = 64 * 1024;

/// The buffer of a connection that says little, as most do most of the time: it shares its pages of memory with others.
const SMALL: usize = 2 * 1024;

/// How long an end of stream waits for a write that may know better; see [`EventSocket::at_end`].
const SECOND_OPINION: Duration = Duration::from_millis(10);

impl EventSocket {
    /// Reads until both sides have ended, or the socket is destroyed.
    pub(super) fn read_to_end(&self) {
        let Some(stream) = self.lock().stream.clone() else { return };
        // BufReader, because std reads into its memory without clearing it first: what was never needed costs nothing.
        match &*stream {
            Stream::Tcp(tcp) => self.read_from(BufReader::with_capacity(SMALL, tcp), &stream),
            #[cfg(unix)]
            Stream::Unix(unix) => self.read_from(BufReader::with_capacity(SMALL, unix), &stream),
        }
    }

    fn read_from(&self, mut reader: BufReader<impl Read>, stream: &Arc<Stream>) {
        let mut limit = None;
        let mut filled = false;
        loop {
            // Paused before anything was read: nothing is, and the peer's data stays in the kernel.
            let mut state = self.rest_until(self.lock(), None, |state| {
                state.destroyed || state.flow != Flow::Paused || state.bytes_read > 0
            });
            if state.destroyed {
                return;
            }

            // The small buffer is for data that goes on at once, and only until it was too small.
            if reader.capacity() < CHUNK && (filled || state.flow != Flow::Flowing) {
                reader = BufReader::with_capacity(CHUNK, reader.into_inner());
            }

            // 1. Read.
            limit = self.limit_read(&mut state, stream, limit);
            state.blocked = true;
            drop(state);
            let result = reader.fill_buf();
            state = self.lock();
            state.blocked = false;
            let chunk = match result {
                _ if state.destroyed => return,
                Ok(chunk) => chunk,
                Err(error) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {
                    continue;
                }
                Err(error) => {
                    if error.kind() == ErrorKind::ConnectionReset {
                        self.wire(|| Wire::Reset);
                    }
                    drop(self.destroy_locked(state, Some(error::of_call("read", "", error))));
                    return;
                }
            };
            if chunk.is_empty() {
                return self.at_end(state);
            }
            self.wire(|| Wire::Received(chunk));
            state.bytes_read += chunk.len() as u64;
            state.touch();

            // 2. Hold it until somebody wants it.
            let holds = |state: &State| state.destroyed || state.flow == Flow::Flowing;
            if !holds(&state) || !state.pending.is_empty() {
                state = self.rest_until(state, None, holds);
            }
            if state.destroyed {
                return;
            }

            // 3. Emit it. If all listeners were removed while it flowed, it is lost, as in Node.
            state = self.emit::<Data>(state, chunk);
            drop(self.emit_text(state, chunk));
            let length = chunk.len();
            filled = length == reader.capacity();
            reader.consume(length);
        }
    }

    fn emit_text<'s>(&'s self, mut state: Guard<'s>, chunk: &[u8]) -> Guard<'s> {
        if Text::list(&mut state.listeners).is_empty() || state.destroyed {
            return state;
        }
        let mut decoder = std::mem::take(&mut state.decoder);
        let text = decoder.decode(chunk);
        state.decoder = decoder;
        if text.is_empty() { state } else { self.emit::<Text>(state, &text) }
    }

    /// The peer's FIN, and nothing held: End, then our own end, then wait until everything is out.
    fn at_end<'s>(&'s self, mut state: Guard<'s>) {
        if state.writing {
            // A reset is reported to one system call only, and the next one sees an end of stream. If it was a write
            // that heard of it, that thread is about to destroy the socket: an End now would be a lie.
            let until = Instant::now() + SECOND_OPINION;
            state = self.rest_until(state, Some(until), |state| state.destroyed || !state.writing);
            if state.destroyed {
                return;
            }
        }
        self.wire(|| Wire::ReceivedFin);
        state.end_emitted = true;
        state.touch();
        if let Some(broken) = state.decoder.finish() {
            state = self.emit::<Text>(state, broken);
        }
        if !state.destroyed {
            state = self.emit::<End>(state, ());
        }
        // As in Node a little after End, so that a listener of it can still write.
        if !state.options.allow_half_open && !state.destroyed {
            state.ended = true;
            state = self.finish_if_due(state);
        }
        drop(self.rest_until(state, None, |state| state.destroyed || state.finished));
    }

    /// Bounds the coming read by the idle time. `was` is the bound set before, and the result the one set now: with
    /// steady traffic it stays as it is, without a system call. A bound that is too short only means to look again.
    fn limit_read(
        &self,
        state: &mut State,
        stream: &Stream,
        was: Option<Duration>,
    ) -> Option<Duration> {
        let now = match (state.deadline, was) {
            (None, None) => return None,
            _ => Instant::now(),
        };
        let want = state.deadline.map(|deadline| deadline.saturating_duration_since(now));
        let fits = match (was, want) {
            (None, None) => true,
            (Some(was), Some(want)) => was <= want + Duration::from_millis(1) && was >= want / 2,
            _ => false,
        };
        if !fits {
            stream.set_read_timeout(want);
        }
        let limit = if fits { was } else { want };
        state.read_limit = limit.map(|limit| now + limit);
        limit
    }
}

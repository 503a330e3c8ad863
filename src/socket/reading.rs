//! The reading side: read one chunk, wait until it may flow, emit it.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::time::{Duration, Instant};

use super::EventSocket;
use super::emit::Guard;
use super::event::{Data, End, SocketEvent, Text};
use super::state::{Flow, Pending, State};
use super::writing::is_timeout;
use crate::error;
use crate::stream::Stream;
use crate::wire::Wire;

/// The biggest chunk.
const CHUNK: usize = 64 * 1024;

/// With so much held, reading stops, and the peer is slowed down by TCP itself. Node: `readableHighWaterMark`.
const AHEAD: usize = 16 * 1024;

/// The buffer of a connection that says little, as most do most of the time: it shares its pages of memory with others.
const SMALL: usize = 2 * 1024;

/// How long a chunk that fills the small buffer waits for its rest, which is there already unless that was all.
const REST: Duration = Duration::from_millis(1);

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

    fn read_from(&self, mut reader: BufReader<impl Read>, stream: &Stream) {
        let mut limit = None;
        // The small buffer was too small: what it held is in `held`, and the rest of the chunk is read next.
        let mut joining = false;
        loop {
            // Nothing is read when enough is held, or when `pause` came before reading had begun: then the peer's data
            // stays in the kernel.
            let mut state = self.rest_until(self.lock(), None, |state| {
                let may = state.begun || state.flow != Flow::Paused;
                state.destroyed || (may && state.held.len() < AHEAD)
            });
            if state.destroyed {
                return;
            }
            if reader.capacity() < CHUNK && (joining || state.flow != Flow::Flowing) {
                reader = BufReader::with_capacity(CHUNK, reader.into_inner());
            }

            let capacity = reader.capacity();

            // 1. Read.
            limit = self.limit_read(&mut state, stream, limit, joining);
            state.blocked = true;
            drop(state);
            let result = reader.fill_buf();
            state = self.lock();
            state.blocked = false;
            if state.destroyed {
                return;
            }
            let is_rest = std::mem::take(&mut joining);
            if is_rest && !matches!(&result, Ok(rest) if !rest.is_empty()) {
                state = self.emit_held(state); // that was all
            }
            let chunk = match result {
                Ok([]) => return self.at_end(state),
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
            self.wire(|| Wire::Received(chunk));
            state.bytes_read += chunk.len() as u64;
            state.touch();

            // 2. What is pending goes first, also what is held of before.
            if !is_rest {
                state = self.settle(state);
            }
            state = self.wait_for_data_turn(state);

            // 3. Emit it, or hold it until it may flow or is whole.
            joining = chunk.len() == capacity && capacity < CHUNK;
            if state.may_flow() && state.held.is_empty() && !joining && !is_rest {
                drop(self.emit_data(state, chunk));
            } else {
                state.held.extend_from_slice(chunk);
                if !joining {
                    state.pending.push_back(Pending::Held); // at once, if it may flow
                }
                drop(state);
            }
            let length = chunk.len();
            reader.consume(length);
        }
    }

    /// Emits what is held, in chunks, as long as it may flow.
    pub(super) fn emit_held<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        loop {
            state = self.wait_for_data_turn(state);
            if !state.may_flow() || state.held.is_empty() {
                self.monitor().notify(&state); // the runner may go on reading
                return state;
            }
            let length = state.held.len().min(CHUNK);
            let rest = state.held.split_off(length);
            let chunk = std::mem::replace(&mut state.held, rest);
            state = self.emit_data(state, &chunk);
        }
    }

    /// The runner emits what it reads, and the helper what was held when the runner waits for more. Only one of them at a
    /// time: Data and Text of a chunk belong together, and the next chunk comes after them.
    fn wait_for_data_turn<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        while state.turn || state.data_turn {
            state = self.monitor().wait(state, None);
        }
        state
    }

    /// Emits a chunk. If all listeners were removed while it flowed, it is lost, as in Node.
    fn emit_data<'s>(&'s self, mut state: Guard<'s>, chunk: &[u8]) -> Guard<'s> {
        state.data_turn = true;
        state = self.emit::<Data>(state, chunk);
        if !Text::list(&mut state.listeners).is_empty() && !state.destroyed {
            let mut decoder = std::mem::take(&mut state.decoder);
            let text = decoder.decode(chunk);
            state.decoder = decoder;
            if !text.is_empty() {
                state = self.emit::<Text>(state, &text);
            }
        }
        state.data_turn = false;
        self.monitor().notify(&state);
        state
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
        state.touch();
        // Behind what is held, and behind what is pending.
        state = self.rest_until(state, None, |state| state.destroyed || state.held.is_empty());
        state = self.wait_for_data_turn(state);
        if state.destroyed {
            return;
        }
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

    /// Bounds the coming read: by the idle time, or because only the rest of a chunk is to be read. `was` is the bound set
    /// before, and the result the one set now: with steady traffic it stays as it is, without a system call. A bound that
    /// is too short only means to look again.
    fn limit_read(
        &self,
        state: &mut State,
        stream: &Stream,
        was: Option<Duration>,
        joining: bool,
    ) -> Option<Duration> {
        if !joining && (state.deadline, was) == (None, None) {
            state.read_limit = None;
            return None;
        }
        let now = Instant::now();
        let want = match state.deadline {
            _ if joining => Some(REST),
            deadline => deadline.map(|deadline| deadline.saturating_duration_since(now)),
        };
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

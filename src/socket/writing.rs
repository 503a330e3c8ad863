//! The writing side: gives bytes to the kernel at once if it has room, and queues the rest.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::EventSocket;
use super::lock::Locked;
use super::state::dispatch::Pending;
use super::state::life::Cause;
use super::state::output::{Chunk, Done, Route, WRITE_CALL_MAX};
use crate::deferred;
use crate::error::NetError;
use crate::stream::{Stream, is_timeout};
use crate::wire::{CallSite, WireEvent};

/// How long one system call of a `write` waits for room in the kernel. The kernel counts in ticks,
/// and waits for one or two of them: 4 to 8 ms where HZ is 250.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_millis(1);

/// How long a `write` continues while the kernel has room.
const WRITE_BUDGET: Duration = Duration::from_millis(2);

/// The size of the pieces of the queue, in bytes: the memory of each is freed as soon as it is
/// sent.
const PIECE_BYTES: usize = WRITE_CALL_MAX;

/// A write that is refused, because it came too late.
pub(super) struct RefusedWrite {
    pub(super) error: NetError,
    done: Option<Done>,
}

impl EventSocket {
    /// Implements `write` and `write_then`.
    #[track_caller]
    pub(super) fn send(&self, data: &[u8], done: Option<Done>) -> bool {
        let mut state = match self.write_or_queue(data, done) {
            Ok(state) => state,
            Err(refused) => return self.report_refused(refused),
        };
        if state.is_destroyed() {
            // This write has failed, or another thread has destroyed the socket: there will be no
            // Drain.
            return false;
        }
        let room = state.has_room();
        if !room {
            state.owe_drain();
            let socket = self.clone();
            if deferred::defer(self.0.id, move || socket.lock().release_drain()) {
                state.hold_drain();
            }
        }
        room
    }

    /// Gives the kernel what it takes at once, and queues the rest. Returns with the lock held, so
    /// the caller sees the result of this write, and not of a later one.
    #[track_caller]
    pub(super) fn write_or_queue(
        &self,
        data: &[u8],
        done: Option<Done>,
    ) -> Result<Locked<'_>, RefusedWrite> {
        // The copy for the queue. Made without the lock, as copying 100 MiB takes tens of
        // milliseconds; then the loop decides again.
        let mut copy = None;
        loop {
            let mut state = self.lock();
            match (state.route_write(), copy.take()) {
                (Route::Refuse(error), _) => return Err(RefusedWrite { error, done }),
                (Route::Send(stream), unused) => {
                    state.record_written(data.len());
                    // Without the lock, as write(2) may wait. The role keeps all other threads from
                    // writing.
                    drop(state);
                    drop(unused);
                    let (sent, result) = self.write_now(&stream, data);
                    // Before the role is free: then the runner may close, and this must not be the
                    // last handle.
                    drop(stream);
                    let rest = match &done {
                        None if sent == data.len() => Vec::new(), // the usual case
                        _ => with_callback(pieces(&data[sent..]), done),
                    };
                    // Under one lock: no other write comes between the rest of these bytes and the
                    // end of the role.
                    let mut state = self.lock();
                    state.record_sent(rest, sent, result);
                    state.pass_role_on();
                    return Ok(state);
                }
                (Route::Queue, Some(copied)) => {
                    state.record_written(data.len());
                    if !data.is_empty() {
                        state.output.stalled_since.get_or_insert_with(Instant::now);
                    }
                    state.output.queue.extend(with_callback(copied, done));
                    return Ok(state);
                }
                (Route::Queue, None) => {
                    drop(state);
                    copy = Some(pieces(data));
                }
            }
        }
    }

    /// Writes until all bytes are sent, the kernel is full, or the time is used up.
    #[track_caller]
    fn write_now(&self, stream: &Stream, data: &[u8]) -> (usize, io::Result<()>) {
        let mut sent = 0;
        let mut began = None;
        let site = CallSite::of_caller();
        while sent < data.len() {
            let slice = &data[sent..data.len().min(sent + WRITE_CALL_MAX)];
            let time = self.observation_time();
            match stream.write(slice) {
                Ok(n) => {
                    sent += n;
                    self.observe_at(time, site, || WireEvent::Sent {
                        bytes: &slice[..n],
                        queued: self.writable_length().saturating_sub(sent),
                    });
                    if n < slice.len() {
                        break; // it has waited for its time limit
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => break,
                Err(error) => return (sent, Err(error)),
            }
            if sent < data.len() && began.get_or_insert_with(Instant::now).elapsed() > WRITE_BUDGET
            {
                break;
            }
        }
        (sent, Ok(()))
    }

    /// Reports a write that came too late: an error of the program, which destroys the socket.
    /// After `destroy`, only the callback is called.
    #[track_caller]
    fn report_refused(&self, refused: RefusedWrite) -> bool {
        let RefusedWrite { error, done } = refused;
        let mut state = self.lock();
        if let Some(done) = done {
            state.make_pending(Pending::Wrote(done, Err(error.clone().into())));
        }
        if error != NetError::Destroyed {
            state.destroy(Cause::failed(error.into()));
        }
        false
    }
}

/// Copies bytes in pieces.
#[track_caller]
fn pieces(data: &[u8]) -> Vec<Chunk> {
    let site = CallSite::of_caller();
    let pieces = data.chunks(PIECE_BYTES);
    pieces.map(|piece| Chunk { data: piece.to_vec(), sent: 0, done: None, site }).collect()
}

/// Adds the callback to the last piece, so that it is called when all are sent. Without bytes there
/// is one empty piece, which waits for the chunks before it.
fn with_callback(mut pieces: Vec<Chunk>, done: Option<Done>) -> Vec<Chunk> {
    match (pieces.last_mut(), done) {
        (_, None) => {}
        (Some(last), done) => last.done = done,
        (None, done) => {
            pieces.push(Chunk { data: Vec::new(), sent: 0, done, site: CallSite::default() });
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_chunk_is_not_sent_before_what_precedes_it() {
        let socket = EventSocket::new(1);
        let chunk = |length| {
            let (data, done) = (vec![0; length], Some(Box::new(drop) as Done));
            Chunk { data, sent: 0, done, site: CallSite::default() }
        };
        let mut state = socket.lock();
        state.output.length = 10;
        state.record_sent(vec![chunk(0), chunk(10), chunk(0)], 0, Ok(()));
        assert_eq!((state.dispatch.pending.len(), state.output.queue.len()), (1, 2));
    }

    #[test]
    fn a_copy_is_made_of_pieces_and_the_callback_is_with_the_last() {
        for (length, count) in
            [(0, 1), (1, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 1, 2), (3 * PIECE_BYTES, 3)]
        {
            let data: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let pieces = with_callback(pieces(&data), Some(Box::new(drop)));
            assert_eq!(pieces.len(), count);
            assert!(pieces.iter().flat_map(|piece| piece.data.clone()).eq(data));
            let with_callback = pieces.iter().map(|piece| piece.done.is_some());
            assert!(with_callback.eq((1..=count).map(|n| n == count)));
        }
    }
}

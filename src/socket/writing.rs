//! The writing side: the kernel at once if it can, a queue and the helper thread if not.

use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::emit::Guard;
use super::state::{Chunk, Done, Pending, State};
use crate::error;
use crate::stream::Stream;
use crate::wire::Wire;

/// How long a `write` waits for a kernel that is full. The kernel rounds up to its tick: 4 ms where HZ is 250.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_millis(1);

/// How long a `write` goes on, however willing the kernel is.
const WRITE_BUDGET: Duration = Duration::from_millis(2);

/// How long the helper waits for a kernel that is full before it looks up: an idle time may have been set meanwhile.
const HELPER_PATIENCE: Duration = Duration::from_millis(250);

/// Bytes for one system call. A time limit bounds the wait of a call and not one that makes progress; this does.
const SLICE: usize = 64 * 1024;

/// Buffers for one system call: a queue of small writes goes out in few calls.
const BUFFERS: usize = 64;

impl EventSocket {
    /// `write` and `write_then`.
    pub(super) fn send(&self, data: &[u8], done: Option<Done>) -> bool {
        let mut state = self.lock();
        if let Some(why) = state.refuses_writes() {
            return self.refuse(state, why, done);
        }
        state.bytes_written += data.len() as u64;
        state.length += data.len();
        state.touch();
        match state.stream.clone().filter(|_| !state.writing) {
            None => state.queue.push_back(Chunk { data: data.to_vec(), sent: 0, done }),
            Some(stream) => {
                state.writing = true;
                drop(state);
                let (sent, result) = self.push_out(&stream, data);
                drop(stream);
                let rest = Chunk { data: data[sent..].to_vec(), sent: 0, done };
                state = self.lock();
                state = self.account(state, [rest], sent, result);
                state = self.pass_role_on(state);
            }
        }
        let room = state.length < state.options.high_water_mark || state.length == 0;
        state.need_drain |= !room;
        let accepted = room && !state.destroyed;
        drop(self.stir(state));
        accepted
    }

    /// Writes until everything is out, the kernel is full, or the budget is used up.
    fn push_out(&self, stream: &Stream, data: &[u8]) -> (usize, io::Result<()>) {
        let mut sent = 0;
        let mut began = None;
        while sent < data.len() {
            let slice = &data[sent..data.len().min(sent + SLICE)];
            let at = self.wire_now();
            match stream.write(slice) {
                Ok(n) => {
                    self.wire_at(at, || Wire::Sent(&slice[..n]));
                    sent += n;
                    if n < slice.len() {
                        break; // it has waited as long as it may
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

    /// One system call with the front of the queue. The caller has the writer's role and keeps it.
    pub(super) fn send_some<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        let Some(stream) = state.stream.clone() else { return state };
        let mut batch = state.take_batch();
        if batch.is_empty() {
            return state; // destroyed meanwhile
        }
        drop(state);
        let mut room = SLICE;
        let mut slices = Vec::with_capacity(batch.len());
        for chunk in &batch {
            let left = &chunk.data[chunk.sent..];
            slices.push(IoSlice::new(&left[..left.len().min(room)]));
            room -= left.len().min(room);
        }
        let at = self.wire_now();
        let result = stream.write_vectored(&slices);
        drop(stream);
        let sent = *result.as_ref().unwrap_or(&0);
        if at.is_some() && sent > 0 {
            let bytes: Vec<u8> =
                slices.iter().flat_map(|slice| slice.iter().copied()).take(sent).collect();
            self.wire_at(at, || Wire::Sent(&bytes));
        }
        let mut left = sent;
        for chunk in &mut batch {
            let taken = left.min(chunk.data.len() - chunk.sent);
            chunk.sent += taken;
            left -= taken;
        }
        let full = result.as_ref().is_err_and(is_timeout);
        let mut state = self.lock();
        if full && !state.patient {
            state.patient = true;
            state.set_write_patience(HELPER_PATIENCE);
        }
        let result = result.map(drop).or_else(|error| match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            _ if full => Ok(()),
            _ => Err(error),
        });
        self.account(state, batch, sent, result)
    }

    /// Books `sent` bytes, and what has become of the chunks that they were of.
    fn account<'s>(
        &'s self,
        mut state: Guard<'s>,
        chunks: impl IntoIterator<Item = Chunk>,
        sent: usize,
        result: io::Result<()>,
    ) -> Guard<'s> {
        state.length -= sent;
        if sent > 0 {
            state.touch();
        }
        if state.length == 0 && state.need_drain && !state.ended && !state.destroyed {
            state.need_drain = false;
            state.pending.push_back(Pending::Drain); // before the callbacks, as in Node
        }
        let mut unsent = Vec::new();
        for chunk in chunks {
            // An empty one is sent when all before it is.
            if chunk.sent < chunk.data.len() || !unsent.is_empty() {
                unsent.push(chunk);
            } else if let Some(done) = chunk.done {
                state.pending.push_back(Pending::Wrote(done, Ok(())));
            }
        }
        if let Err(error) = result {
            let error = error::of_call("write", "", error);
            if !state.destroyed {
                if let Some(done) = unsent.first_mut().and_then(|chunk| chunk.done.take()) {
                    state.pending.push_back(Pending::Wrote(done, Err(error::again(&error))));
                }
                state = self.destroy_locked(state, Some(error));
            }
        }
        if state.destroyed {
            // These are older than what destroy() found in the queue.
            let given_up = unsent.into_iter().filter_map(|chunk| chunk.done);
            state.failed.splice(0..0, given_up);
        } else {
            for chunk in unsent.into_iter().rev() {
                state.queue.push_front(chunk);
            }
        }
        state
    }

    /// The writer's role after a system call: to the helper if there is more to send, else back.
    pub(super) fn pass_role_on<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        if !state.queue.is_empty() {
            state.handed_over = true;
            return self.start_helper(state);
        }
        state.handed_over = false;
        state.writing = false;
        if state.patient {
            state.patient = false;
            state.set_write_patience(WRITE_PATIENCE);
        }
        state = self.finish_if_due(state);
        self.monitor().notify(&state); // shut() may wait for the role
        state
    }

    /// Sends the FIN when `end()` was called and everything is out.
    pub(super) fn finish_if_due<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        let due =
            state.ended && state.opened && !state.finished && !state.writing && !state.destroyed;
        if due {
            if let Some(stream) = &state.stream {
                self.wire(|| Wire::SentFin);
                // Fails only when the connection is gone already, and the reader will hear why.
                let _ = stream.shutdown(Shutdown::Write);
            }
            state.finished = true;
            state.pending.push_back(Pending::Finish);
        }
        state
    }

    /// `end`.
    pub(super) fn end_now(&self) {
        let mut state = self.lock();
        if state.errored {
            return; // as in Node: a later write is then told that the socket is destroyed, and not that it has ended
        }
        state.ended = true;
        state = self.finish_if_due(state);
        drop(self.stir(state));
    }

    /// A write that comes too late.
    fn refuse<'s>(&'s self, mut state: Guard<'s>, code: &'static str, done: Option<Done>) -> bool {
        if let Some(done) = done {
            state.pending.push_back(Pending::Wrote(done, Err(error::refused_write(code))));
        }
        if code != error::STREAM_DESTROYED {
            state = self.destroy_locked(state, Some(error::refused_write(code)));
        }
        drop(self.stir(state));
        false
    }

    /// `destroy`: from here on nothing is sent and no event but Error and Close is emitted.
    pub(super) fn destroy_locked<'s>(
        &'s self,
        mut state: Guard<'s>,
        error: Option<io::Error>,
    ) -> Guard<'s> {
        if state.destroyed {
            return state;
        }
        state.destroyed = true;
        state.errored = error.is_some();
        state.error = error;
        state.deadline = None;
        state.pending.retain(|pending| matches!(pending, Pending::Wrote(..)));
        let given_up = std::mem::take(&mut state.queue).into_iter().filter_map(|chunk| chunk.done);
        state.failed.extend(given_up);
        if state.blocked || state.writing {
            // Wakes the thread in the system call. Otherwise close alone will do, which tells the peer of bytes that
            // nobody has read by a reset (RFC 9293 3.10.4; RFC 2525 2.17).
            if let Some(stream) = &state.stream {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.monitor().notify(&state);
        state
    }
}

impl State {
    /// The code with which a write is refused, if it is.
    fn refuses_writes(&self) -> Option<&'static str> {
        let peer_gone = self.end_emitted && !self.options.allow_half_open;
        match (self.ended, self.destroyed) {
            (true, _) if peer_gone => Some("EPIPE"),
            (true, _) => Some(error::WRITE_AFTER_END),
            (false, true) => Some(error::STREAM_DESTROYED),
            (false, false) => None,
        }
    }

    /// The front of the queue, about a slice of it.
    fn take_batch(&mut self) -> Vec<Chunk> {
        let mut bytes = 0;
        let mut count = 0;
        for chunk in self.queue.iter().take(BUFFERS) {
            count += 1;
            bytes += chunk.data.len() - chunk.sent;
            if bytes >= SLICE {
                break;
            }
        }
        self.queue.drain(..count).collect()
    }

    fn set_write_patience(&self, limit: Duration) {
        if let Some(stream) = &self.stream {
            stream.set_write_timeout(limit);
        }
    }
}

/// The limit of a blocking call was reached. `TimedOut` is something else, and the end of a connection: a peer that has not
/// acknowledged anything for minutes (RFC 9293 3.8.3).
pub(super) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_chunk_is_not_sent_before_what_precedes_it() {
        let socket = EventSocket::new(1);
        let chunk = |length| Chunk { data: vec![0; length], sent: 0, done: Some(Box::new(drop)) };
        let mut state = socket.lock();
        state.length = 10;
        state = socket.account(state, [chunk(0), chunk(10), chunk(0)], 0, Ok(()));
        assert_eq!((state.pending.len(), state.queue.len()), (1, 2));
    }
}

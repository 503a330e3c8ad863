//! The helper threads of a socket. It has none while the kernel takes all written bytes and the
//! runner can emit the events; so a socket that only echoes short messages has one thread.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lock::Locked;
use super::state::State;
use super::state::dispatch::{Helper, HelperJob, Turn};
use super::state::input::Peer;
use super::state::output::{Chunk, Role, WRITE_CALL_MAX};
use super::writing::WRITE_TIMEOUT;
use super::{EventSocket, SocketInner};
use crate::stream::{Stream, is_timeout};
use crate::threads;
use crate::timers::AlarmTarget;
use crate::wire::WireEvent;

/// The number of bytes with which a helper waits for room in a full kernel. It is small, so that
/// the call returns as soon as there is room: the call blocks until all of these bytes are taken.
const ROOM_PROBE_BYTES: usize = 4 * 1024;

/// How long a failed write waits for the next read, which returns at once as the connection is
/// broken: so for the runner, which may be late on a busy machine, or in a listener.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// How long it waits if a thread blocks in a write, which may be the one that calls a listener: then
/// nothing is read before the failure is known.
const BLOCKED_TIMEOUT: Duration = Duration::from_millis(50);

impl EventSocket {
    /// Starts a thread for a claimed job.
    pub(super) fn start_helper(&self, job: HelperJob) -> io::Result<()> {
        let socket = self.clone();
        threads::start(Box::new(move || socket.run_helper(job)))
    }

    /// Runs one job after another, until there is none.
    fn run_helper(&self, first: HelperJob) {
        let mut state = self.lock();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                HelperJob::Drain => {
                    while self.write_queue_front(&mut state) {}
                    state.pass_role_on();
                }
                HelperJob::Emit => {
                    self.emit_pending(&mut state);
                    state.dispatch.helper = Helper::Absent;
                }
            }
            // Under the same lock as the last change: on release, another helper would be started
            // for this job.
            next = state.claim_job();
        }
    }

    /// Makes one or two system calls with the front of the queue. The caller has the sender's role,
    /// and keeps it. Returns `false` if there is nothing to send.
    pub(super) fn write_queue_front(&self, state: &mut Locked<'_>) -> bool {
        let Some(stream) = state.stream().cloned() else { return false };
        let mut batch = state.take_batch();
        if batch.is_empty() {
            return false;
        }
        let (batch, result) = state.unlocked(move || {
            let mut result = self.write_batch(&stream, &mut batch, WRITE_CALL_MAX);
            if result.as_ref().is_err_and(is_timeout) {
                // The kernel is full. This wait has no time limit, so no thread wakes up in vain:
                // `destroy` ends it by a shutdown.
                stream.set_write_timeout(None);
                result = self.write_batch(&stream, &mut batch, ROOM_PROBE_BYTES);
                stream.set_write_timeout(Some(WRITE_TIMEOUT));
            }
            // The handle of the stream is dropped before the lock is taken: the runner may wait to
            // close it.
            (batch, result)
        });
        let sent = *result.as_ref().unwrap_or(&0);
        let result = result.map(drop).or_else(|error| match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        });
        if result.is_err() && state.output.role == Role::Draining {
            self.let_runner_read(state);
        }
        state.record_sent(batch, sent, result);
        true
    }

    /// Waits until the runner has read what the peer sent before it reset the connection: the
    /// kernel still has these bytes. A server that refuses a long request may answer like that.
    /// Node does the same: if a loop finds both, it reads first, and fails then.
    fn let_runner_read(&self, state: &mut Locked<'_>) {
        let may_arrive = |state: &State| {
            !state.is_destroyed() && state.input.may_read() && state.input.peer == Peer::Sending
        };
        let mut progress = None;
        let mut since = Instant::now();
        // Without emitting: a listener that blocks in a write may have the turn.
        while may_arrive(state) {
            let now = (state.dispatch.turn, state.input.bytes_read);
            if progress.replace(now) != Some(now) {
                since = Instant::now();
            }
            let may_block = state.dispatch.turn == Turn::Taken && state.output.blocked_threads > 0;
            let limit = if may_block { BLOCKED_TIMEOUT } else { READ_TIMEOUT };
            if since.elapsed() >= limit {
                return;
            }
            state.wait(Some(since + limit));
        }
    }

    /// Makes one system call with at most `limit` bytes of the batch.
    fn write_batch(&self, stream: &Stream, batch: &mut [Chunk], limit: usize) -> io::Result<usize> {
        let mut room = limit;
        let mut slices = Vec::with_capacity(batch.len());
        for chunk in &*batch {
            let left = &chunk.data[chunk.sent..];
            slices.push(IoSlice::new(&left[..left.len().min(room)]));
            room -= left.len().min(room);
        }
        let time = self.observation_time();
        let sent = stream.write_vectored(&slices)?;
        if time.is_some() && sent > 0 {
            let bytes: Vec<u8> =
                slices.iter().flat_map(|slice| slice.iter().copied()).take(sent).collect();
            let site = batch.first().map(|chunk| chunk.site).unwrap_or_default();
            let queued = self.writable_length().saturating_sub(sent);
            self.observe_at(time, site, || WireEvent::Sent { bytes: &bytes, queued });
        }
        let mut left = sent;
        for chunk in batch {
            let taken = left.min(chunk.data.len() - chunk.sent);
            chunk.sent += taken;
            left -= taken;
        }
        Ok(sent)
    }
}

impl AlarmTarget for SocketInner {
    fn on_alarm(self: Arc<Self>, now: Instant) -> Option<threads::Job> {
        let socket = EventSocket(self);
        let mut state = socket.lock();
        state.on_alarm(now);
        let job = state.claim_job()?;
        drop(state);
        Some(Box::new(move || socket.run_helper(job)))
    }
}

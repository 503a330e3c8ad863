//! The helper threads of a socket. There is none as long as the kernel takes what is written and the runner can emit what
//! happens; so a socket that only echoes short messages has one thread.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dispatch::{Helper, Job};
use super::input::Peer;
use super::life::Runner;
use super::lock::Locked;
use super::output::{Chunk, Role, WRITE_CALL_MAX};
use super::state::State;
use super::writing::WRITE_TIMEOUT;
use super::{EventSocket, Inner};
use crate::stream::{Stream, is_timeout};
use crate::threads;
use crate::timers::Alarmed;
use crate::wire::WireEvent;

/// The number of bytes with which a helper waits for a full kernel. Few, so that the call returns as soon as there is room:
/// it blocks until all of them are taken.
const ROOM_PROBE: usize = 4 * 1024;

/// How long a write that failed waits for a read that must return at once, as the connection is broken.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// How long it waits for a listener. That may block until it hears of the failure.
const LISTENER_TIMEOUT: Duration = Duration::from_millis(50);

impl EventSocket {
    /// Starts a thread for a job that was claimed.
    pub(super) fn start_helper(&self, job: Job) -> io::Result<()> {
        let socket = self.clone();
        threads::start(Box::new(move || socket.help(job)))
    }

    /// The helper thread: does one job after another, until there is none.
    fn help(&self, first: Job) {
        let mut state = self.lock();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Drain => {
                    while self.write_queue_front(&mut state) {}
                    state.pass_role_on();
                }
                Job::Emit => {
                    self.emit_pending(&mut state);
                    state.dispatch.helper = Helper::Absent;
                }
            }
            // Before the lock is released, as the release gives what is to be done to another helper.
            next = state.claim_job();
        }
    }

    /// One or two system calls with the front of the queue. The caller has the sender's role, and keeps it. `false`: there is
    /// nothing (more) to send.
    pub(super) fn write_queue_front(&self, state: &mut Locked<'_>) -> bool {
        let Some(stream) = state.stream().cloned() else { return false };
        let mut batch = state.take_batch();
        if batch.is_empty() {
            return false;
        }
        let (batch, result) = state.unlocked(move || {
            let mut result = self.write_batch(&stream, &mut batch, WRITE_CALL_MAX);
            if result.as_ref().is_err_and(is_timeout) {
                // The kernel is full. Nothing bounds this wait, so no thread wakes up in vain: `destroy` ends it by a shutdown.
                stream.set_write_timeout(None);
                result = self.write_batch(&stream, &mut batch, ROOM_PROBE);
                stream.set_write_timeout(Some(WRITE_TIMEOUT));
            }
            (batch, result) // the handle of the stream is dropped before the lock is taken: the runner may wait to close it
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

    /// Waits until the runner has read what the peer sent before it reset the connection; the kernel still has it. A server
    /// that refuses a long request answers like that. In Node, too, a loop that finds both reads first, and fails then.
    fn let_runner_read(&self, state: &mut Locked<'_>) {
        let patience = match state.runner {
            Runner::Reading => READ_TIMEOUT,
            _ => LISTENER_TIMEOUT,
        };
        let deadline = Instant::now() + patience;
        let may_come = |state: &State| {
            !state.is_destroyed() && state.input.may_read() && state.input.peer == Peer::Sending
        };
        // Without emitting: the turn may be a listener's that blocks in a write.
        while may_come(state) && Instant::now() < deadline {
            state.wait(Some(deadline));
        }
    }

    /// One system call with at most `limit` bytes of the batch.
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
            self.observe_at(time, || WireEvent::Sent(&bytes));
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

impl Alarmed for Inner {
    fn ring(self: Arc<Self>, now: Instant) -> Option<threads::Job> {
        let socket = EventSocket(self);
        let mut state = socket.lock();
        state.ring(now);
        let job = state.claim_job()?;
        drop(state);
        Some(Box::new(move || socket.help(job)))
    }
}

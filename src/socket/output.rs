//! The transitions of our direction. Its states: `state::output`.

use std::io;
use std::net::Shutdown;
use std::time::Instant;

use super::state::State;
use super::state::dispatch::Pending;
use super::state::input::Peer;
use super::state::life::{Cause, Life};
use super::state::output::{BUFFERS_PER_CALL, Chunk, Drain, Fin, Role, Route, WRITE_CALL_MAX};
use crate::error::{self, NetError};
use crate::wire::CallSite;

impl State {
    /// Decides how to handle a write.
    pub(super) fn route_write(&mut self) -> Route {
        if let Some(error) = self.refused_write() {
            return Route::Refuse(error);
        }
        match self.stream() {
            Some(stream) if self.output.role == Role::Free => {
                let stream = stream.clone();
                self.output.role = Role::Caller;
                Route::Send(stream)
            }
            _ => Route::Queue,
        }
    }

    /// The error of a write that must be refused.
    fn refused_write(&self) -> Option<NetError> {
        let peer_gone = self.input.peer == Peer::Ended && !self.options.allow_half_open;
        match (self.output.fin, self.is_destroyed()) {
            (Fin::Asked | Fin::Sent, _) if peer_gone => Some(NetError::EndedByPeer),
            (Fin::Asked | Fin::Sent, _) => Some(NetError::WriteAfterEnd),
            (Fin::NotAsked, true) => Some(NetError::Destroyed),
            (Fin::NotAsked, false) => None,
        }
    }

    /// Counts bytes that were given to `write`.
    pub(super) fn record_written(&mut self, length: usize) {
        self.output.bytes_written += length as u64;
        self.output.length += length;
        self.restart_idle_timer();
    }

    /// Whether `write` returns `true`.
    pub(super) fn has_room(&self) -> bool {
        self.output.length < self.options.high_water_mark || self.output.length == 0
    }

    /// Takes the front of the queue, about as much as one system call can send. Empty if the queue
    /// is empty, or was given up.
    pub(super) fn take_batch(&mut self) -> Vec<Chunk> {
        let mut bytes = 0;
        let mut count = 0;
        for chunk in self.output.queue.iter().take(BUFFERS_PER_CALL) {
            count += 1;
            bytes += chunk.data.len() - chunk.sent;
            if bytes >= WRITE_CALL_MAX {
                break;
            }
        }
        self.output.queue.drain(..count).collect()
    }

    /// Records that the kernel took `sent` bytes, and the result for the chunks that contained
    /// them.
    pub(super) fn record_sent(&mut self, chunks: Vec<Chunk>, sent: usize, result: io::Result<()>) {
        self.output.length -= sent;
        if sent > 0 {
            self.restart_idle_timer();
            self.effects.wake(); // a blocking write may wait for room
        }
        if self.output.length == 0 {
            self.output.stalled_since = None;
            self.make_drain_due(); // before the callbacks, as in Node
        } else if sent > 0 || self.output.stalled_since.is_none() {
            self.output.stalled_since = Some(Instant::now());
        }
        if chunks.is_empty() && result.is_ok() {
            return; // the usual case: all bytes were sent at once, without a callback
        }
        let mut unsent = Vec::new();
        for chunk in chunks {
            // An empty chunk is sent when all chunks before it are.
            if chunk.sent < chunk.data.len() || !unsent.is_empty() {
                unsent.push(chunk);
            } else if let Some(done) = chunk.done {
                self.make_pending(Pending::Wrote(done, Ok(())));
            }
        }
        if let (Err(error), false) = (result, self.is_destroyed()) {
            let error = error::from_syscall("write", "", error);
            if let Some(done) = unsent.first_mut().and_then(|chunk| chunk.done.take()) {
                let error = error::duplicate(&error);
                self.make_pending(Pending::Wrote(done, Err(error)));
            }
            self.destroy(Cause::failed(error));
        }
        if self.is_destroyed() {
            // These chunks are older than those that `destroy` found in the queue.
            let given_up = unsent.iter_mut().filter_map(|chunk| chunk.done.take());
            self.output.given_up.splice(0..0, given_up);
            if !unsent.is_empty() {
                self.effects.discard(unsent);
            }
        } else {
            for chunk in unsent.into_iter().rev() {
                self.output.queue.push_front(chunk);
            }
        }
    }

    /// Gives up the role after a system call: to a helper if there is more to send, otherwise to no
    /// thread.
    pub(super) fn pass_role_on(&mut self) {
        if !self.output.queue.is_empty() {
            self.output.role = Role::HandedOver;
            return;
        }
        self.output.role = Role::Free;
        self.send_fin_if_due();
        self.effects.wake(); // the runner may wait until the role is free, to close
    }

    /// Sends the FIN if `end()` was called and all bytes before it are sent.
    pub(super) fn send_fin_if_due(&mut self) {
        let due = self.output.fin == Fin::Asked
            && self.output.role == Role::Free
            && matches!(self.life, Life::Open(_));
        if due {
            self.output.fin = Fin::Sent;
            self.effects.shut_down(Shutdown::Write);
            self.make_pending(Pending::Finish);
        }
    }

    /// Implements `end`.
    #[track_caller]
    pub(super) fn end(&mut self) {
        if self.failure().is_some() {
            // As in Node: later writes fail because the socket is destroyed, and not because it has
            // ended.
            return;
        }
        if self.output.fin == Fin::NotAsked {
            self.output.fin = Fin::Asked;
            self.output.fin_site = CallSite::of_caller();
        }
        self.send_fin_if_due();
    }

    /// Drops the unsent bytes. Their callbacks are called when the socket closes.
    pub(super) fn give_up_queue(&mut self) {
        let mut queue = std::mem::take(&mut self.output.queue);
        let given_up = queue.iter_mut().filter_map(|chunk| chunk.done.take());
        self.output.given_up.extend(given_up);
        if !queue.is_empty() {
            self.effects.discard(queue); // without the lock: freeing much memory takes time
        }
        self.output.drain = Drain::NotOwed;
        if self.output.role == Role::HandedOver {
            self.output.role = Role::Free;
        }
    }

    /// Records that `write` returns `false`.
    pub(super) fn owe_drain(&mut self) {
        if self.output.drain == Drain::NotOwed {
            self.output.drain = Drain::Owed { holders: 0 };
        }
    }

    /// Records that a listener received the `false`: Drain waits until this listener has returned.
    pub(super) fn hold_drain(&mut self) {
        if let Drain::Owed { holders } | Drain::Due { holders } = &mut self.output.drain {
            *holders += 1;
        }
    }

    /// The listener has returned.
    pub(super) fn release_drain(&mut self) {
        if let Drain::Owed { holders } | Drain::Due { holders } = &mut self.output.drain {
            *holders = holders.saturating_sub(1);
            self.effects.wake();
        }
    }

    fn make_drain_due(&mut self) {
        if let (Drain::Owed { holders }, Fin::NotAsked) = (self.output.drain, self.output.fin) {
            self.output.drain = Drain::Due { holders };
            self.make_pending(Pending::Drain);
        }
    }

    /// Drain has the turn. Returns `false` if it must not be emitted: more was written, or `end()`
    /// was called in the meantime.
    pub(super) fn begin_drain(&mut self) -> bool {
        if self.output.length > 0 && self.output.fin == Fin::NotAsked {
            self.output.drain = Drain::Owed { holders: 0 };
            return false;
        }
        self.output.drain = Drain::NotOwed;
        self.output.fin == Fin::NotAsked
    }

    pub(super) fn is_drain_held(&self) -> bool {
        matches!(self.output.drain, Drain::Due { holders: 1.. })
    }
}

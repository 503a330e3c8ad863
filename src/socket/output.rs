//! Our direction: the bytes that the kernel has not taken yet, which thread sends them, the Drain that is owed, and the FIN.
//!
//! ```text
//! the sender's role   Free ──▶ Caller ──▶ Free              the kernel took everything at once
//!                                └─────▶ HandedOver ──▶ Draining ──▶ Free
//! the FIN             NotAsked ──▶ Asked ──▶ Sent           Sent as soon as the role is free
//! the Drain           NotOwed ──▶ Owed ──▶ Due ──▶ NotOwed  Due: the queue has become empty
//! ```

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Instant;

use super::dispatch::Pending;
use super::input::Peer;
use super::life::{Cause, Life};
use super::state::State;
use crate::error;
use crate::stream::Stream;

/// The callback of `write_then`.
pub(super) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// The largest number of bytes for one system call. A time limit bounds the wait of a call, and not a call that makes
/// progress; this does.
pub(super) const WRITE_CALL_MAX: usize = 64 * 1024;

/// The largest number of buffers for one system call: a queue of small writes goes out in few calls.
const BUFFERS_PER_CALL: usize = 64;

/// Our direction.
#[derive(Default)]
pub(super) struct Output {
    pub(super) role: Role,
    pub(super) queue: VecDeque<Chunk>,
    /// Bytes that `write` was given and the kernel has not taken, those inside a system call included.
    pub(super) length: usize,
    /// Since when the kernel has taken nothing of what waits for it. `None`: nothing waits.
    pub(super) stalled_since: Option<Instant>,
    pub(super) drain: Drain,
    pub(super) fin: Fin,
    /// `destroy_soon` was called: the socket is destroyed after Finish.
    pub(super) destroy_after_finish: bool,
    /// The callbacks of writes that `destroy` gave up, the oldest first.
    pub(super) given_up: Vec<Done>,
    pub(super) bytes_written: u64,
}

/// Bytes that wait for the kernel.
pub(super) struct Chunk {
    pub(super) data: Vec<u8>,
    /// How many of them the kernel has taken.
    pub(super) sent: usize,
    pub(super) done: Option<Done>,
}

/// Which thread alone may call write(2). All others queue.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// None. If there is a connection, the queue is empty.
    #[default]
    Free,
    /// A thread inside `write`, with the bytes it was given; or the runner, with what was queued before the connection.
    Caller,
    /// None at the moment: a helper is to drain the queue.
    HandedOver,
    /// A helper drains the queue.
    Draining,
}

/// How far the FIN has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fin {
    #[default]
    NotAsked,
    /// `end()` was called, or the peer has ended and half-open is not allowed. The queue goes out first.
    Asked,
    Sent,
}

/// The Drain that a `false` of `write` promises.
///
/// `holders` counts the listeners, of whichever socket, in which `write` has said `false` and which have not returned yet.
/// Drain waits for them, so that it cannot come between `write` and the `pause` that follows it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drain {
    #[default]
    NotOwed,
    /// `write` has said `false`.
    Owed { holders: u32 },
    /// The queue has become empty since, and Drain is pending.
    Due { holders: u32 },
}

/// What becomes of a write.
pub(super) enum Route {
    /// The caller has the sender's role now, and writes to this stream.
    Send(Arc<Stream>),
    Queue,
    /// With this code.
    Refuse(&'static str),
}

impl State {
    /// Decides what becomes of a write.
    pub(super) fn route_write(&mut self) -> Route {
        if let Some(code) = self.refuses_writes() {
            return Route::Refuse(code);
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

    /// The code with which a write is refused, if it is.
    fn refuses_writes(&self) -> Option<&'static str> {
        let peer_gone = self.input.peer == Peer::Ended && !self.options.allow_half_open;
        match (self.output.fin, self.is_destroyed()) {
            (Fin::Asked | Fin::Sent, _) if peer_gone => Some("EPIPE"),
            (Fin::Asked | Fin::Sent, _) => Some(error::WRITE_AFTER_END),
            (Fin::NotAsked, true) => Some(error::STREAM_DESTROYED),
            (Fin::NotAsked, false) => None,
        }
    }

    /// Counts bytes that `write` was given.
    pub(super) fn record_written(&mut self, length: usize) {
        self.output.bytes_written += length as u64;
        self.output.length += length;
        self.restart_idle_timer();
    }

    /// Whether `write` says `true`.
    pub(super) fn has_room(&self) -> bool {
        self.output.length < self.options.high_water_mark || self.output.length == 0
    }

    /// The front of the queue, about as much as one system call takes. Empty: there is no more, or the socket was destroyed.
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

    /// Records that the kernel took `sent` bytes, and what became of the chunks they belong to.
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
            return; // the usual case: all was sent at once, and nobody asked
        }
        let mut unsent = Vec::new();
        for chunk in chunks {
            // An empty one is sent when everything before it is.
            if chunk.sent < chunk.data.len() || !unsent.is_empty() {
                unsent.push(chunk);
            } else if let Some(done) = chunk.done {
                self.make_pending(Pending::Wrote(done, Ok(())));
            }
        }
        if let (Err(error), false) = (result, self.is_destroyed()) {
            let error = error::of_call("write", "", error);
            if let Some(done) = unsent.first_mut().and_then(|chunk| chunk.done.take()) {
                let error = error::duplicate(&error);
                self.make_pending(Pending::Wrote(done, Err(error)));
            }
            self.destroy(Cause::failed(error));
        }
        if self.is_destroyed() {
            // These are older than what `destroy` found in the queue.
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

    /// After a system call: the role goes to a helper if there is more to send, else it is free again.
    pub(super) fn pass_role_on(&mut self) {
        if !self.output.queue.is_empty() {
            self.output.role = Role::HandedOver;
            return;
        }
        self.output.role = Role::Free;
        self.send_fin_if_due();
        self.effects.wake(); // the runner may wait for the role, to close
    }

    /// Sends the FIN when `end()` was called and everything before it is out.
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

    /// `end`.
    pub(super) fn end(&mut self) {
        if self.failure().is_some() {
            return; // as in Node: a later write is told that the socket is destroyed, and not that it has ended
        }
        if self.output.fin == Fin::NotAsked {
            self.output.fin = Fin::Asked;
        }
        self.send_fin_if_due();
    }

    /// Drops what was not sent. The callbacks are called when the socket closes.
    pub(super) fn give_up_queue(&mut self) {
        let mut queue = std::mem::take(&mut self.output.queue);
        let given_up = queue.iter_mut().filter_map(|chunk| chunk.done.take());
        self.output.given_up.extend(given_up);
        if !queue.is_empty() {
            self.effects.discard(queue); // to free much memory takes time
        }
        self.output.drain = Drain::NotOwed;
        if self.output.role == Role::HandedOver {
            self.output.role = Role::Free;
        }
    }

    /// `write` says `false`.
    pub(super) fn owe_drain(&mut self) {
        if self.output.drain == Drain::NotOwed {
            self.output.drain = Drain::Owed { holders: 0 };
        }
    }

    /// A listener in which `write` said `false` has not returned yet.
    pub(super) fn hold_drain(&mut self) {
        if let Drain::Owed { holders } | Drain::Due { holders } = &mut self.output.drain {
            *holders += 1;
        }
    }

    /// It has returned.
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

    /// Drain's turn has come. `false`: not any longer, as more was written, or `end()` was called in the meantime.
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

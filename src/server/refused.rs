//! The clients that a full server has refused: `Drop` is emitted for one after another, on one
//! thread, so a slow listener does not cost a thread for each of them.

use std::collections::VecDeque;

use super::Server;
use super::accept::ConnectionTask;
use super::event::{self, Dropped};

/// With this number of clients for which `Drop` was not emitted yet, accepting pauses.
const WAITING_MAX: usize = 1000;

/// The refused clients. Invariant: if there are any, a thread emits, or is being started.
#[derive(Default)]
pub(super) struct Refused {
    waiting: VecDeque<(Dropped, ConnectionTask)>,
    is_emitting: bool,
}

impl Refused {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }
}

impl Server {
    /// Makes `Drop` due for this client. Returns the emitter that must be started, if none is at
    /// work.
    pub(super) fn refuse(&self, dropped: Dropped, task: ConnectionTask) -> Option<DropEmitter> {
        let mut state = self.lock();
        state.refused.waiting.push_back((dropped, task));
        let is_first = !std::mem::replace(&mut state.refused.is_emitting, true);
        is_first.then(|| DropEmitter { server: Some(self.clone()) })
    }
}

/// Emits `Drop` until no client waits. If it cannot be started, it is dropped, and gives them up.
pub(super) struct DropEmitter {
    /// `None` when its work is done.
    server: Option<Server>,
}

impl DropEmitter {
    pub(super) fn emit(mut self) {
        while let Some((dropped, task)) = self.next() {
            if let Some(server) = &self.server {
                server.emit::<event::Drop>(&dropped);
            }
            drop(task); // not under the lock, which it takes
        }
    }

    fn next(&mut self) -> Option<(Dropped, ConnectionTask)> {
        let mut state = self.server.as_ref()?.lock();
        let next = state.refused.waiting.pop_front();
        state.refused.is_emitting = next.is_some();
        drop(state);
        if next.is_none() {
            self.server = None; // another emitter may be at work from now on
        }
        next
    }
}

impl Drop for DropEmitter {
    fn drop(&mut self) {
        let Some(server) = self.server.take() else { return };
        let mut state = server.lock();
        state.refused.is_emitting = false;
        let given_up = std::mem::take(&mut state.refused.waiting);
        drop(state);
        drop(given_up); // their tasks take the lock
    }
}

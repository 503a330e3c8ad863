//! Telling those who watch what crosses the wire.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::EventSocket;
use crate::sync::lock;
use crate::wire::{Tap, Wire};

impl EventSocket {
    /// Lets somebody watch the wire from now on. That a connection was accepted is told to whoever asks early enough to
    /// hear of all the rest.
    pub(crate) fn tap(&self, tap: Box<dyn Tap>) {
        let state = self.lock();
        if let Some(stream) = state.stream().filter(|_| self.0.accepted) {
            let (local, remote) = (stream.local_addr(), state.remote.clone());
            tap.crossed(
                Instant::now(),
                Wire::Accept { local: local.as_ref(), remote: remote.as_ref() },
            );
        }
        drop(state);
        lock(&self.0.taps).push(tap);
        self.0.tapped.store(true, Ordering::Release);
    }

    /// The time, if anybody watches.
    pub(super) fn wire_now(&self) -> Option<Instant> {
        self.0.tapped.load(Ordering::Acquire).then(Instant::now)
    }

    /// Tells those who watch what happened just now.
    pub(super) fn wire<'a>(&self, what: impl FnOnce() -> Wire<'a>) {
        self.wire_at(self.wire_now(), what);
    }

    /// Tells those who watch what happened at `at`.
    pub(super) fn wire_at<'a>(&self, at: Option<Instant>, what: impl FnOnce() -> Wire<'a>) {
        if let Some(at) = at {
            let what = what();
            for tap in lock(&self.0.taps).iter() {
                tap.crossed(at, what);
            }
        }
    }
}

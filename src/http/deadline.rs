//! Ending what takes too long.
//!
//! Nothing is done for a request: each connection is looked at now and then, and at the latest at the deadline of its phase.

use std::sync::Arc;
use std::time::Instant;

use super::connection::{Connection, Inner};
use super::phase::Phase;
use super::status::refuse;
use crate::sync::{lock, try_lock};
use crate::threads::Job;
use crate::timers::{self, AlarmTarget};

impl Connection {
    /// Looks again at the deadline, or after a while: a deadline may have come into being by then.
    pub(super) fn set_alarm(self: &Arc<Self>, deadline: Option<Instant>) {
        let soon = Instant::now() + self.shared.options.shortest();
        let time = deadline.map_or(soon, |deadline| deadline.min(soon));
        let alarm = timers::set_alarm(time, Arc::downgrade(self) as _);
        *lock(&self.alarm) = Some(alarm);
    }

    fn deadline(&self, inner: &Inner) -> Option<Instant> {
        inner.phase.deadline(&self.shared.options, self.socket.stalled_since())
    }

    /// Ends what has taken too long.
    fn check_deadline(self: &Arc<Self>) {
        let mut inner = self.lock();
        let deadline = self.deadline(&inner);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            match inner.phase {
                Phase::Receiving { .. } => {
                    self.refuse(&mut inner, refuse(408, "the request did not come in time"));
                }
                _ => return self.socket.destroy(),
            }
        }
        self.set_alarm(self.deadline(&inner));
    }
}

impl AlarmTarget for Connection {
    fn on_alarm(self: Arc<Self>, now: Instant) -> Option<Job> {
        if self.socket.is_destroyed() {
            return None;
        }
        let deadline = match try_lock(&self.inner) {
            Some(inner) if matches!(inner.phase, Phase::Upgraded) => return None,
            Some(inner) => self.deadline(&inner),
            None => None, // another thread is at work on it, and this one waits for nobody
        };
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Some(Box::new(move || self.check_deadline()));
        }
        self.set_alarm(deadline);
        None
    }
}

//! Time limits: ends connections that take too long.
//!
//! A request sets no timer: each connection is checked periodically, and at the latest at the
//! deadline of its phase.

use std::sync::Arc;
use std::time::Instant;

use super::connection::{ConnectionState, HttpConnection};
use super::phase::Phase;
use super::status::refuse;
use crate::sync::{lock, try_lock};
use crate::threads::Job;
use crate::timers::{self, AlarmTarget};

impl HttpConnection {
    /// Sets the next check: at the deadline, or after a while, as there may be an earlier deadline
    /// by then.
    pub(super) fn set_alarm(self: &Arc<Self>, deadline: Option<Instant>) {
        let soon = Instant::now() + self.shared.options.check_interval();
        let time = deadline.map_or(soon, |deadline| deadline.min(soon));
        let alarm = timers::set_alarm(time, Arc::downgrade(self) as _);
        *lock(&self.alarm) = Some(alarm);
    }

    fn deadline(&self, inner: &ConnectionState) -> Option<Instant> {
        inner.phase.deadline(&self.shared.options, self.socket.stalled_since())
    }

    /// Refuses the request, or destroys the connection, if its deadline has passed.
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

impl AlarmTarget for HttpConnection {
    fn on_alarm(self: Arc<Self>, now: Instant) -> Option<Job> {
        if self.socket.is_destroyed() {
            return None;
        }
        let deadline = match try_lock(&self.inner) {
            Some(inner) if matches!(inner.phase, Phase::Upgraded) => return None,
            Some(inner) => self.deadline(&inner),
            None => None, // another thread works on it, and this one must not wait
        };
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Some(Box::new(move || self.check_deadline()));
        }
        self.set_alarm(deadline);
        None
    }
}

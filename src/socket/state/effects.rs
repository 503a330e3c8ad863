//! The effects of transitions: they are performed when the lock is released.

use std::net::Shutdown;
use std::time::Instant;

/// The effects of all transitions since the last release of the lock.
#[derive(Default)]
pub(in crate::socket) struct Effects {
    /// Threads that wait for a change must check again.
    wake: bool,
    shutdown: Option<Shutdown>,
    /// When the FIN was sent, if the observers were not told yet.
    pub(in crate::socket) fin_sent: Option<Instant>,
    /// A thread shows the FIN to the observers, without the lock. The socket is not closed before:
    /// Close is the last event.
    pub(in crate::socket) fin_is_being_observed: bool,
    /// Values of the user. Dropping them may run the user's code: never under the lock.
    discarded: Vec<Box<dyn Send>>,
}

impl Effects {
    pub(in crate::socket) fn wake(&mut self) {
        self.wake = true;
    }

    /// Requests a shutdown: to send the FIN, or to wake the threads inside a system call. `Both`
    /// prevails.
    pub(in crate::socket) fn shut_down(&mut self, how: Shutdown) {
        if self.shutdown != Some(Shutdown::Both) {
            self.shutdown = Some(how);
        }
    }

    pub(in crate::socket) fn discard(&mut self, owned: impl Send + 'static) {
        self.discarded.push(Box::new(owned));
    }

    pub(in crate::socket) fn take_shutdown(&mut self) -> Option<Shutdown> {
        self.shutdown.take()
    }

    pub(in crate::socket) fn take_wake(&mut self) -> bool {
        std::mem::take(&mut self.wake)
    }

    pub(in crate::socket) fn take_discarded(&mut self) -> Vec<Box<dyn Send>> {
        std::mem::take(&mut self.discarded)
    }

    /// Whether nothing is left that must be done without the lock.
    pub(in crate::socket) fn are_performed(&self) -> bool {
        self.discarded.is_empty() && self.fin_sent.is_none()
    }
}

//! The lock of a socket, and the one place where a change of its state takes effect.
//!
//! A transition is a method of [`State`]: it takes `&mut State`, so it cannot release the lock, and it only notes in
//! [`Effects`] what must follow. A function that takes `&mut Locked` may release the lock: by [`Locked::unlocked`], by
//! [`Locked::wait`], or by calling another function that does. After such a call everything may have changed.

use std::net::Shutdown;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use super::EventSocket;
use super::dispatch::Job;
use super::state::State;
use crate::panics;
use crate::wire::WireEvent;

/// What the transitions since the last release of the lock ask for.
#[derive(Default)]
pub(super) struct Effects {
    /// A thread that waits for a change must look again.
    wake: bool,
    shutdown: Option<Shutdown>,
    /// When the FIN was sent, while the observers have not seen it.
    pub(super) fin_sent: Option<Instant>,
    /// What belongs to the user. To drop it may run the user's code: so never under the lock.
    discarded: Vec<Box<dyn Send>>,
}

impl Effects {
    pub(super) fn wake(&mut self) {
        self.wake = true;
    }

    /// Sends the FIN, or wakes the threads that are inside a system call. The stronger one wins.
    pub(super) fn shut_down(&mut self, how: Shutdown) {
        if self.shutdown != Some(Shutdown::Both) {
            self.shutdown = Some(how);
        }
    }

    pub(super) fn discard(&mut self, owned: impl Send + 'static) {
        self.discarded.push(Box::new(owned));
    }

    pub(super) fn take_discarded(&mut self) -> Vec<Box<dyn Send>> {
        std::mem::take(&mut self.discarded)
    }

    /// Whether nothing is left that must not be done under the lock.
    fn are_performed(&self) -> bool {
        self.discarded.is_empty() && self.fin_sent.is_none()
    }
}

/// The state of a socket, locked. When the lock is released, the effects take place.
pub(super) struct Locked<'s> {
    socket: &'s EventSocket,
    /// `None` only while the lock is released.
    guard: Option<MutexGuard<'s, State>>,
}

impl EventSocket {
    pub(super) fn lock(&self) -> Locked<'_> {
        Locked { socket: self, guard: Some(self.0.monitor.lock()) }
    }
}

impl Locked<'_> {
    /// Releases the lock, calls `action`, and locks again.
    pub(super) fn unlocked<T>(&mut self, action: impl FnOnce() -> T) -> T {
        self.release();
        let result = action();
        self.guard = Some(self.socket.0.monitor.lock());
        result
    }

    /// Releases the lock until another thread has changed something, or until `deadline`. May also return for no reason:
    /// the caller looks again.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) {
        self.perform();
        if !self.effects.are_performed() {
            return self.unlocked(|| ());
        }
        self.guard = self.guard.take().map(|guard| self.socket.0.monitor.wait(guard, deadline));
    }

    fn release(&mut self) {
        self.perform();
        if self.effects.are_performed() {
            self.guard = None;
            return;
        }
        let discarded = self.effects.take_discarded();
        let fin_sent = self.effects.fin_sent.take();
        self.guard = None;
        self.socket.observe_at(fin_sent, || WireEvent::SentFin);
        if let Some(panic) = panics::drop_each(discarded) {
            self.socket.lock().record_panic(panic);
        }
    }

    /// Everything that takes place under the lock, so that no other thread can come between the change and its effect.
    /// None of it waits.
    fn perform(&mut self) {
        let socket = self.socket;
        loop {
            if let Some(how) = self.effects.shutdown.take() {
                socket.shut_down(self, how);
            }
            let Some(job) = self.claim_job() else { break };
            if let Err(error) = socket.start_helper(job) {
                self.give_up_job(job, error);
                if job == Job::Emit {
                    break; // the runner emits it, when it returns from its read
                }
            }
        }
        if self.has_times() {
            self.set_alarm(|| Arc::downgrade(&socket.0) as _);
        }
        if std::mem::take(&mut self.effects.wake) {
            if let Some(guard) = &self.guard {
                socket.0.monitor.notify(guard);
            }
        }
        self.check();
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if self.guard.is_some() {
            self.release();
        }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        match &self.guard {
            Some(guard) => guard,
            None => unreachable!("the lock is released only inside of `unlocked` and `wait`"),
        }
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        match &mut self.guard {
            Some(guard) => guard,
            None => unreachable!("the lock is released only inside of `unlocked` and `wait`"),
        }
    }
}

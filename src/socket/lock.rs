//! The lock of a socket, and the one place where a change of its state takes effect.
//!
//! A transition is a method of [`State`]: it takes `&mut State`, so it cannot release the lock, and
//! it only records in [`Effects`](super::state::effects::Effects) what must follow. A function that takes `&mut Locked` may release
//! the lock: by [`Locked::unlocked`], by [`Locked::wait`], or by calling another such function.
//! After such a call the whole state may have changed.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use super::EventSocket;
use super::state::State;
use super::state::dispatch::HelperJob;
use crate::panics;
use crate::wire::WireEvent;

/// The state of a socket, with its lock held. The effects are performed when the lock is released.
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
    /// Releases the lock, calls `action`, and takes the lock again. The state may have changed
    /// then.
    pub(super) fn unlocked<T>(&mut self, action: impl FnOnce() -> T) -> T {
        self.release_lock();
        let result = action();
        self.guard = Some(self.socket.0.monitor.lock());
        result
    }

    /// Releases the lock until another thread has changed something, or until `deadline`. May also
    /// return without a reason: the caller checks again.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) {
        // Under the lock, and before the wait: other threads must see the effects of the changes so
        // far.
        self.perform_effects();
        if !self.effects.are_performed() {
            // Some effects need the lock released. The state may change then, so the caller
            // checks again.
            return self.unlocked(|| ());
        }
        self.guard = self.guard.take().map(|guard| self.socket.0.monitor.wait(guard, deadline));
    }

    /// Performs the effects, and releases the lock.
    fn release_lock(&mut self) {
        self.perform_effects();
        if self.effects.are_performed() {
            self.guard = None;
            return;
        }
        let discarded = self.effects.take_discarded();
        let (fin_sent, site) = (self.effects.fin_sent.take(), self.output.fin_site);
        self.effects.fin_is_being_observed |= fin_sent.is_some();
        // Released here: the observers and the `Drop` of the values may call any method of the
        // socket.
        self.guard = None;
        if fin_sent.is_some() {
            self.socket.observe_at(fin_sent, site, || WireEvent::SentFin);
            let mut state = self.socket.lock();
            state.effects.fin_is_being_observed = false;
            state.effects.wake(); // the runner may wait for this, to close
        }
        if let Some(panic) = panics::drop_each(discarded) {
            self.socket.lock().record_panic(panic);
        }
    }

    /// Performs the effects that need the lock, so that no other thread sees the change without its
    /// effect. None of them blocks.
    fn perform_effects(&mut self) {
        let socket = self.socket;
        // A job that is given up changes the state, and so may request another shutdown or another
        // job.
        loop {
            if let Some(how) = self.effects.take_shutdown() {
                socket.shut_down(self, how);
            }
            let Some(job) = self.claim_job() else { break };
            if let Err(error) = socket.start_helper(job) {
                self.give_up_job(job, error);
                if job == HelperJob::Emit {
                    break; // the runner emits the event, when it returns from its read
                }
            }
        }
        if self.has_times() {
            self.set_alarm(|| Arc::downgrade(&socket.0) as _);
        }
        if self.effects.take_wake() {
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
            self.release_lock();
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

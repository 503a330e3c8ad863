//! [`Monitor`]: a mutex with its condition variable; and the one policy of the crate for a poisoned
//! lock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

/// State that several threads change, with a way to wait for a change.
#[derive(Debug)]
pub(crate) struct Monitor<T> {
    state: Mutex<T>,
    changed: Condvar,
    /// The number of threads that wait. `Condvar::notify_all` is a system call even if no thread
    /// waits, and most of the time none does. Only changed with the mutex held, hence `Relaxed`.
    waiting: AtomicUsize,
}

impl<T> Monitor<T> {
    pub(crate) const fn new(state: T) -> Self {
        Monitor { state: Mutex::new(state), changed: Condvar::new(), waiting: AtomicUsize::new(0) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.state)
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases the lock and sleeps until [`notify`](Self::notify), or until `deadline`; returns
    /// with the lock held. May also wake without a reason: callers check again.
    pub(crate) fn wait<'a>(
        &'a self,
        guard: MutexGuard<'a, T>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, T> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = match deadline {
            None => self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                self.changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Wakes all waiting threads. The guard proves that the change was made under the lock.
    pub(crate) fn notify(&self, _held: &MutexGuard<'_, T>) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_all();
        }
    }
}

/// Locks, also after a panic of another thread. No code of the user runs under a lock of this
/// crate, and values of the user are dropped without it. So no panic can leave the state half
/// changed, and the state behind a poisoned lock is valid.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// [`lock`], if no other thread holds the lock at the moment.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

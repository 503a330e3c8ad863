//! Actions that wait until the current listener of this thread has returned.
//!
//! A `false` of `write` promises a Drain. Another thread may empty the queue at any moment; but
//! Node's idiom `if (!to.write(data)) from.pause()`, with a Drain listener that resumes, is correct
//! only if Drain is emitted after the pause. So Drain is deferred until the listener that made this
//! `write` call has returned.

use std::cell::{Cell, RefCell};

thread_local! {
    /// The number of listeners that this thread is inside of. More than one if a listener runs
    /// another socket.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The deferred actions. Those of the innermost listener are at the end.
    static DEFERRED: RefCell<Vec<Deferred>> = const { RefCell::new(Vec::new()) };
}

struct Deferred {
    /// The depth of the listener, counted from the outermost.
    depth: usize,
    key: u64,
    action: Box<dyn FnOnce()>,
}

/// Calls a listener, and then runs the actions that were deferred in it.
pub(crate) fn in_listener<T>(listener: impl FnOnce() -> T) -> T {
    DEPTH.set(DEPTH.get() + 1);
    let _returned = Returned;
    listener()
}

/// Dropped when the listener returns or panics.
struct Returned;

impl Drop for Returned {
    fn drop(&mut self) {
        let depth = DEPTH.get();
        let take = |all: &mut Vec<Deferred>| {
            let is_of_this_one = all.last().is_some_and(|deferred| deferred.depth == depth);
            if is_of_this_one { all.pop() } else { None }
        };
        while let Some(deferred) = DEFERRED.with_borrow_mut(take) {
            (deferred.action)();
        }
        DEPTH.set(depth - 1);
    }
}

/// Performs the actions that this thread has deferred with this key, in all its listeners.
pub(crate) fn perform(key: u64) {
    let take = |all: &mut Vec<Deferred>| {
        let at = all.iter().position(|deferred| deferred.key == key)?;
        Some(all.remove(at))
    };
    while let Some(deferred) = DEFERRED.with_borrow_mut(take) {
        (deferred.action)();
    }
}

/// Defers an action until the innermost listener of this thread has returned. Returns `false` if
/// the thread is inside no listener, or if this listener has deferred an action with this key
/// before.
pub(crate) fn defer(key: u64, action: impl FnOnce() + 'static) -> bool {
    let depth = DEPTH.get();
    depth > 0
        && DEFERRED.with_borrow_mut(|all| {
            let of_this_one = all.iter().rev().take_while(|deferred| deferred.depth == depth);
            let is_new = of_this_one.into_iter().all(|deferred| deferred.key != key);
            if is_new {
                all.push(Deferred { depth, key, action: Box::new(action) });
            }
            is_new
        })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn an_action_waits_for_the_innermost_listener_and_comes_once() {
        let count = Rc::new(Cell::new(0));
        let add = |key| {
            let count = count.clone();
            defer(key, move || count.set(count.get() + 1))
        };
        assert!(!add(1), "outside of listeners nothing is deferred");
        in_listener(|| {
            assert!(add(1) && !add(1) && add(2));
            in_listener(|| assert!(add(1)));
            assert_eq!(count.get(), 1, "the inner one has returned");
        });
        assert_eq!(count.get(), 3);
        in_listener(|| {
            assert!(add(1) && add(2));
            in_listener(|| {
                assert!(add(1));
                perform(1);
                assert_eq!(count.get(), 5, "in both listeners, and only this key");
            });
        });
        assert_eq!(count.get(), 6);
        let panic = std::panic::catch_unwind(|| in_listener(|| panic!("part of the test")));
        assert!(panic.is_err() && !add(1), "no listener is left");
    }
}

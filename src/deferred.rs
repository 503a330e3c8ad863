//! What waits until a listener has returned, whichever socket's listener that is.
//!
//! A `false` of `write` promises a Drain. Another thread may empty the queue at any moment; but Node's idiom
//! `if (!to.write(data)) from.pause()`, with a listener of Drain that resumes, is right only if Drain comes after the pause.
//! So Drain is deferred until the listener has returned in which `write` said `false`.

use std::cell::RefCell;

thread_local! {
    /// The listeners that this thread is inside of. There is more than one when a listener runs another socket.
    static LISTENERS: RefCell<Vec<Listener>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Listener {
    /// What to do when it has returned, with a key each.
    deferred: Vec<(u64, Box<dyn FnOnce()>)>,
}

/// Calls a listener, and then does what was deferred in it.
pub(crate) fn in_listener<T>(listener: impl FnOnce() -> T) -> T {
    LISTENERS.with_borrow_mut(|listeners| listeners.push(Listener::default()));
    let _returned = Returned;
    listener()
}

/// Dropped when the listener returns; also if it panics.
struct Returned;

impl Drop for Returned {
    fn drop(&mut self) {
        let returned = LISTENERS.with_borrow_mut(Vec::pop);
        for (_, action) in returned.into_iter().flat_map(|listener| listener.deferred) {
            action();
        }
    }
}

/// Defers an action until the listener has returned that this thread is inside of. `false`: there is none, or it has deferred
/// one with this key before.
pub(crate) fn defer(key: u64, action: impl FnOnce() + 'static) -> bool {
    LISTENERS.with_borrow_mut(|listeners| match listeners.last_mut() {
        Some(listener) if listener.deferred.iter().all(|(other, _)| *other != key) => {
            listener.deferred.push((key, Box::new(action)));
            true
        }
        _ => false,
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
        let panic = std::panic::catch_unwind(|| in_listener(|| panic!("part of the test")));
        assert!(panic.is_err() && !add(1), "no listener is left");
    }
}

//! Panics in the user's code: caught where they happen, then kept or dropped where they do no harm.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The payload of a panic.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Runs code of the user, and returns the payload if it panics. State that the panic leaves half
/// changed belongs to the user.
pub(crate) fn catch(user: impl FnOnce()) -> Option<Panic> {
    catch_unwind(AssertUnwindSafe(user)).err()
}

/// Drops values of the user one by one, so that two of them may panic: within one drop, a second
/// panic would abort the process. Returns the first panic. Never call it under a lock.
pub(crate) fn drop_each<T>(values: impl IntoIterator<Item = T>) -> Option<Panic> {
    first(values.into_iter().filter_map(|value| catch(|| drop(value))))
}

/// Calls all functions of the user, also if one of them panics, and then resumes the first panic.
pub(crate) fn call_each<F: FnOnce()>(calls: impl IntoIterator<Item = F>) {
    if let Some(panic) = first(calls.into_iter().filter_map(catch)) {
        resume_unwind(panic);
    }
}

/// Keeps the first panic, and discards the others.
pub(crate) fn first(panics: impl IntoIterator<Item = Panic>) -> Option<Panic> {
    let mut panics = panics.into_iter();
    let first = panics.next();
    panics.for_each(discard);
    first
}

/// Drops the payload of a panic. Its `Drop` may panic again with another payload. That one is
/// leaked: its own `Drop` may panic in turn, and so on without end.
pub(crate) fn discard(panic: Panic) {
    if let Some(again) = catch(|| drop(panic)) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb(&'static str);

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(self.0);
        }
    }

    #[test]
    fn each_value_is_dropped_and_the_first_panic_is_kept() {
        let panic = drop_each([Bomb("first"), Bomb("second"), Bomb("third")]);
        assert_eq!(panic.and_then(|panic| panic.downcast_ref().copied()), Some("first"));
    }

    #[test]
    fn each_function_is_called_and_the_first_panic_is_resumed() {
        let count = std::cell::Cell::new(0);
        let calls = [1, 2, 3].map(|n| {
            let count = &count;
            move || {
                count.set(count.get() + 1);
                assert!(n == 2, "part of the test: {n}");
            }
        });
        let panic = catch(|| call_each(calls)).expect("two have panicked");
        assert!(panic.downcast_ref::<String>().is_some_and(|text| text.ends_with(": 1")));
        assert_eq!(count.get(), 3);
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_ends_nothing() {
        struct Chain(u32);
        impl Drop for Chain {
            fn drop(&mut self) {
                std::panic::panic_any(Chain(self.0 + 1));
            }
        }
        discard(Box::new(Chain(0)));
        assert!(
            first([Box::new(1) as Panic, Box::new(Chain(0))])
                .is_some_and(|first| first.is::<i32>())
        );
    }
}

//! Waiting: for a fact, with a deadline; and for time itself, if a peer is slow on purpose.
//! Sleeping happens only here.
#![allow(clippy::disallowed_methods)]

use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything here takes, even beside two busy loops. Reaching it is a failure, never
/// a pause.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The interval between two looks at a fact.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Waits until `fact` is true, checking it repeatedly, and fails by name at the deadline.
pub fn until(what: &str, fact: impl FnMut() -> bool) {
    assert!(becomes_true(DEADLINE, fact), "{what}: not so after {DEADLINE:?}");
}

/// Whether `fact` becomes true before the `limit` is over.
pub fn becomes_true(limit: Duration, mut fact: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !fact() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
    true
}

/// Lets time pass. For peers that are slow on purpose, and for what is measured over a time; never
/// to wait for something that will happen: [`until`] does that.
pub fn let_pass(time: Duration) {
    thread::sleep(time);
}

//! Pauses between attempts: of random length, and the longest one that is allowed doubles each time.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_millis(800);

pub struct Pauses {
    next: Duration,
    is_random: bool,
}

impl Pauses {
    pub fn new(is_random: bool) -> Pauses {
        Pauses { next: FIRST, is_random }
    }

    pub fn next(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        match self.is_random {
            true => whole.mul_f64(0.5 + random() / 2.0), // between half of it and all of it
            false => whole,
        }
    }
}

/// A random number between 0 and 1. std has none to offer, but each of its hash maps starts from
/// one.
fn random() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

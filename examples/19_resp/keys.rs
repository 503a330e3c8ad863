//! Keys with their values, and the times at which they expire.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

#[derive(Default)]
pub struct Keys {
    entries: HashMap<Vec<u8>, Entry>,
    /// The same times, the next one first.
    expiries: BTreeSet<(Instant, Vec<u8>)>,
}

struct Entry {
    value: Vec<u8>,
    expires: Option<Instant>,
}

impl Keys {
    /// Removes expired keys. Called before every batch: then no command can meet an expired key,
    /// and keys that are never requested again take no memory.
    pub fn remove_expired(&mut self) {
        while let Some((at, _)) = self.expiries.first() {
            if *at > Instant::now() {
                break;
            }
            if let Some((_, key)) = self.expiries.pop_first() {
                self.entries.remove(&key);
            }
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(|entry| &*entry.value)
    }

    /// Sets a new value, which expires at that time, or never.
    pub fn set(&mut self, key: &[u8], value: &[u8], expires: Option<Instant>) {
        self.change(key, value);
        self.expire(key, expires);
    }

    /// Sets a new value, which expires when the old one would have.
    pub fn change(&mut self, key: &[u8], value: &[u8]) {
        match self.entries.get_mut(key) {
            Some(entry) => {
                value.clone_into(&mut entry.value);
                entry.value.shrink_to(2 * value.len()); // a large one may have been here
            }
            None => {
                let entry = Entry { value: value.to_vec(), expires: None };
                self.entries.insert(key.to_vec(), entry);
            }
        }
    }

    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.expire(key, None);
        self.entries.remove(key).is_some()
    }

    /// Lets a key expire at that time, or never. Returns `false` if there is no such key.
    pub fn expire(&mut self, key: &[u8], at: Option<Instant>) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        if let Some(old) = entry.expires.take() {
            self.expiries.remove(&(old, key.to_vec()));
        }
        entry.expires = at;
        self.expiries.extend(at.map(|at| (at, key.to_vec())));
        true
    }

    /// Returns the time that a key has left; the inner `None` means for ever, the outer one that
    /// there is no such key.
    pub fn time_left(&self, key: &[u8]) -> Option<Option<Duration>> {
        let left = |at: Instant| at.saturating_duration_since(Instant::now());
        self.entries.get(key).map(|entry| entry.expires.map(left))
    }
}

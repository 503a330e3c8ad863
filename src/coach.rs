//! The exercise coach: what `cargo run` shows. It leads from exercise to exercise, checks what the student wrote over real
//! sockets, and always says what to do next.
//!
//! ```sh
//! cargo run                      # the path: what is done, and what comes next
//! cargo run -- check 03          # judges tests/exercises/03_server.rs
//! cargo run -- hint 03           # one hint, then the next
//! cargo run -- help
//! ```
//!
//! The same checks are tests: `cargo test --test exercises`. The coach is a program that uses the library, as a student's
//! program does: it knows nothing that is not public.

mod advice;
mod build;
mod check_all;
mod check_options;
mod choose_language;
pub(crate) mod command;
mod context;
mod exercise;
mod exercises;
mod export;
mod help;
mod home;
mod json;
mod judge;
mod language;
mod output;
mod pages;
mod path;
mod progress;
mod reset;
mod verdict;
mod verdict_json;
mod watch;
mod workbench;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic elsewhere: each of the coach's locks guards a value that is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

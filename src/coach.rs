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
//! The same checks are tests: `cargo test --test exercises`.

mod advice;
mod build;
mod check_all;
mod command;
pub mod exercise;
mod exercises;
mod help;
mod home;
mod judge;
mod language;
mod output;
mod path;
mod progress;
mod reset;
mod verdict;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

pub use self::exercise::Exercise;
pub use self::home::Home;
pub use self::judge::{Outcome, PATIENCE, build_file, judge, judge_file};
pub use self::language::language;

/// Does what these arguments ask for. Failure: a check that did not pass, or a command that could not be carried out.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    command::run(args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect())
}

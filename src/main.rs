//! `cargo run`: the exercise coach.

#![warn(clippy::unwrap_used, clippy::expect_used)]

mod coach;

use std::process::ExitCode;

/// Does what the arguments ask for. Failure: a check that did not pass, or a command that could not be carried out.
fn main() -> ExitCode {
    let args = std::env::args_os().skip(1);
    coach::command::run(args.map(|arg| arg.to_string_lossy().into_owned()).collect())
}

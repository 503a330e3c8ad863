//! `cargo run`: the exercise coach.

use std::process::ExitCode;

fn main() -> ExitCode {
    net_notes::coach::main(std::env::args_os().skip(1))
}

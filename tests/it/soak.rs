//! Tests that take minutes: ten thousand connections, endless churn, networks that fail, and a
//! workbench with twenty tabs.
//!
//! ```sh
//! cargo test --test it soak:: -- --ignored                              # all of it, two minutes
//! cargo test --release --test it soak:: -- --ignored ten_thousand       # one of them; also: churn, cable, vanish, poor
//! NET_NOTES_SOAK_SECONDS=600 cargo test --release --test it soak:: -- --ignored churn
//! NET_NOTES_SOAK_SECONDS=3600 cargo test --test it workbench::soak -- --ignored --nocapture # an hour; alone: half a minute
//! ```
//!
//! The networks are network namespaces of Linux, which only root may create, with `ip` and `tc`
//! (Debian: iproute2). Where they cannot be created, those tests print `skipped` and the reason.

mod churn;
use crate::common;
mod network;
mod network_tests;
mod ten_thousand;

use std::env;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test of these lasts, unless it is told otherwise.
pub fn duration(default: Duration) -> Duration {
    let seconds = env::var("NET_NOTES_SOAK_SECONDS");
    seconds.map_or(default, |text| Duration::from_secs(text.parse().expect("seconds")))
}

/// Makes these tests run one at a time, as each needs the whole machine.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a command that runs this test again, as a process that plays a part in it.
fn play(test: &str, part: &str, through: &[&str]) -> Command {
    let own = env::current_exe().expect("own path");
    let own = own.to_str().expect("UTF-8");
    let words = [through, &[own, "--exact", test, "--ignored", "--nocapture"]].concat();
    let mut command = common::command(words[0]);
    command.args(&words[1..]).env(PART, part);
    command
}

const PART: &str = "NET_NOTES_SOAK_PART";

/// Returns the part that this process plays, if [`play`] has started it.
fn part() -> Option<String> {
    env::var(PART).ok()
}

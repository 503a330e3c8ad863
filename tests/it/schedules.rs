//! Random schedules: peers do what a seed decides, in listeners and on other threads, over real
//! sockets, directly or through a relay; whatever they do, the promises of the crate about events,
//! bytes, callbacks, timers and threads hold.
//!
//! ```sh
//! cargo test --test it schedules::                          # some hundred seeds
//! cargo test --release --test it schedules:: -- --ignored   # 10,000 of them
//! NET_NOTES_SEED=123 cargo test --test it schedules::       # one that has failed, again and again
//! ```
//!
//! A seed decides the actions and their order on each thread. The system decides how the threads
//! interleave: so one seed is many schedules, and one that fails is run many times. Each schedule
//! writes a log, and pure functions judge it when the schedule is over.

use crate::common;

mod action;
mod history;
mod log;
mod party;
mod plan;
mod random;
mod recorder;
mod records;
mod relay;
mod rules;
mod schedule;
mod server;

use net_notes as net;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, thread};

use common::{MANY_DESCRIPTORS, alone_for, own_descriptors, own_status, until};

/// The number of schedules that run at the same time: more than there are processors, so that
/// threads interrupt each other.
const AT_ONCE: usize = 6;

#[test]
fn some_hundred_schedules() {
    if alone_for(
        Duration::from_secs(120),
        module_path!(),
        "some_hundred_schedules",
        MANY_DESCRIPTORS,
    ) {
        match env::var("NET_NOTES_SEED") {
            Ok(seed) => run_all(&[seed.parse().expect("a number"); 300]),
            Err(_) => run_all(&(0..300).collect::<Vec<_>>()),
        }
    }
}

#[test]
#[ignore = "a minute: cargo test --release --test it schedules:: -- --ignored"]
fn ten_thousand_schedules() {
    if alone_for(
        Duration::from_secs(1800),
        module_path!(),
        "ten_thousand_schedules",
        MANY_DESCRIPTORS,
    ) {
        run_all(&(0..10_000).collect::<Vec<_>>());
    }
}

/// Runs all of them, up to the first that fails.
fn run_all(seeds: &[u64]) {
    let before = resources();
    let (next, clean) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failure = Mutex::new(None);
    let run_some = || {
        while failure.lock().unwrap().is_none() {
            let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            match schedule::run(*seed) {
                Ok(is_clean) => _ = clean.fetch_add(is_clean.into(), Ordering::Relaxed),
                Err(why) => _ = failure.lock().unwrap().get_or_insert((*seed, why)),
            }
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| _ = scope.spawn(run_some)));
    if let Some((seed, why)) = failure.into_inner().unwrap() {
        let after = next.into_inner();
        let again = format!("NET_NOTES_SEED={seed} cargo test --test it schedules::");
        panic!(
            "seed {seed} has failed, among the first {after}\n{why}\nTo run it again: {again}\n"
        );
    }
    let (all, clean) = (seeds.len(), clean.into_inner());
    println!("{all} schedules, {clean} of them with a clean end");
    let distinct = all > 1 && seeds[0] != seeds[1];
    assert!(!distinct || clean * 3 > all, "most of them prove little");
    until("threads and descriptors are back", || resources() <= before);
}

/// Returns the numbers of threads and descriptors of this process, on systems that report them.
fn resources() -> [usize; 2] {
    if !cfg!(target_os = "linux") {
        return [0, 0];
    }
    [own_status("Threads"), own_descriptors()]
}

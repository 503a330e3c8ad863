//! The pauses between the attempts of several clients: how long they are, and whether they are random.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Observed, Verdict};

use super::{AFRESH, COMES_BACK, PAUSES, PAUSES_MS, RANDOM, SUBSCRIBES, Subscriber, expect_time};
use crate::coach::lock;

/// The visit at which it sends `BEAT`.
const BEATS: usize = 5;
/// Enough clients to show whether the pauses are random.
const CLIENTS: usize = 8;
/// Random pauses differ by more than this part of their upper end. The longest quarter does not count: it may be late.
const SPREAD: f64 = 0.15;

/// Hosts that accept and close, and in the end send something. Each has its own client.
pub(super) fn comes_and_goes(check: &Check) -> Verdict {
    let all = Mutex::new(Vec::new());
    check.at_once(CLIENTS, |_| {
        let pauses = visits(&check.beside())?;
        lock(&all).push(pauses);
        Ok(())
    })?;
    let all = lock(&all);
    for (n, (_, most)) in PAUSES_MS.into_iter().enumerate() {
        // On a busy machine some are late.
        let mut sorted: Vec<_> = all.iter().map(|pauses| pauses[n]).collect();
        sorted.sort();
        // Of pauses that grow further, the shortest is hardly longer.
        let shortest = if n + 1 == BEATS { sorted[CLIENTS / 2] } else { sorted[0] };
        let rule = if n == BEATS { &AFRESH } else { &PAUSES };
        expect_time(check, shortest, (0, most), rule)?;
    }
    // Only the long pauses count: there, some milliseconds of delay matter little.
    let part =
        |pauses: &[Duration; 7], n: usize| pauses[n].as_secs_f64() * 1000.0 / PAUSES_MS[n].1 as f64;
    let mut parts: Vec<f64> =
        [2, 3].iter().flat_map(|n| all.iter().map(|it| part(it, *n))).collect();
    parts.sort_by(f64::total_cmp);
    let counted = &parts[..parts.len() * 3 / 4];
    let spread = counted.last().zip(counted.first()).map_or(0.0, |(most, least)| most - least);
    if spread >= SPREAD {
        return Ok(());
    }
    let spread_out = Observed::text(
        format!("{CLIENTS} clients with pauses of different lengths"),
        format!("{CLIENTS} 个客户端，停顿有长有短"),
    );
    let same = Observed::text("they come back in step", "它们步调一致地回来");
    Err(check.failed(&RANDOM, spread_out, same))
}

/// The pauses of one client.
fn visits(check: &Check) -> Verdict<[Duration; 7]> {
    let client = Subscriber::start(check)?;
    let mut pauses = [Duration::ZERO; 7];
    let mut connection = client.accept("visit", 0, &SUBSCRIBES)?;
    for (n, (least, _)) in PAUSES_MS.into_iter().enumerate() {
        if n == BEATS {
            connection.send("BEAT 2000\n1 hello\n");
            client.prints("1 hello", &AFRESH)?;
        }
        let closed = Instant::now();
        drop(connection);
        connection = client.host.accept("visit", &COMES_BACK)?;
        pauses[n] = closed.elapsed();
        expect_time(check, pauses[n], (least, u64::MAX), &PAUSES)?;
        connection.expect_exactly(format!("AFTER {}\n", u8::from(n >= BEATS)), &SUBSCRIBES)?;
    }
    Ok(pauses)
}

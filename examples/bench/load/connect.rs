//! Short connections: one after another, and all at the same instant.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::{MESSAGE, Window, crowd, exchange, open, percentiles};

/// The largest number of connections in a cell. Each closed connection leaves its port unusable for
/// a while (TIME_WAIT), and there are some 28,000 of them on Linux, 16,000 elsewhere: a cell ends
/// early rather than run out of them.
const MOST_CONNECTIONS: usize = 12_000;

/// `at_once` clients, each: connect, one message, its echo, close – and again.
pub fn again_and_again(port: u16, at_once: usize, seconds: f64) -> io::Result<Vec<Option<f64>>> {
    let window = Window::new(seconds);
    let clients = (0..at_once).map(|_| {
        move || {
            let mut reply = MESSAGE;
            let (mut counted, mut now) = (0, Instant::now());
            for _ in 0..MOST_CONNECTIONS / at_once {
                exchange(&mut open(port)?, &MESSAGE, &mut reply)?;
                now = Instant::now();
                if now >= window.end {
                    break;
                }
                counted += usize::from(window.has(now));
            }
            let elapsed = now.min(window.end).saturating_duration_since(window.begin);
            Ok(if counted > 0 { counted as f64 / elapsed.as_secs_f64() } else { 0.0 })
        }
    });
    Ok(vec![Some(crowd(clients)?.iter().sum())])
}

/// Lets all clients connect at the same instant, exchange a message, and stay connected until the
/// last one is served.
///
/// The kernel keeps connections that are not accepted yet in a queue (of 128, if std opened the
/// listener). When it is full, a SYN is dropped, and the client sends it again a whole second
/// later: a server that accepts too slowly is slower by seconds, not by a little.
pub fn burst(port: u16, clients: usize) -> io::Result<Vec<Option<f64>>> {
    // Time enough to start all threads. Each then sleeps until the same instant, from which all
    // latencies count.
    let instant = Instant::now() + Duration::from_millis(100 + clients as u64 / 4);
    let crowd = crowd((0..clients).map(|_| {
        move || {
            thread::sleep(instant.saturating_duration_since(Instant::now()));
            let served = open(port).and_then(|mut stream| {
                exchange(&mut stream, &MESSAGE, &mut MESSAGE.clone())?;
                Ok((stream, instant.elapsed()))
            });
            Ok(served.ok()) // an error is a figure here
        }
    }))?;
    let served: Vec<Duration> = crowd.iter().flatten().map(|(_, latency)| *latency).collect();
    let [p99, all] = percentiles(&served, Duration::from_millis(1), [99.0, 100.0]);
    Ok(vec![p99, all, Some((clients - served.len()) as f64)])
}

//! Paced load: messages at fixed times. Ping-pong shows a server at its limit; most servers never
//! reach theirs, and their users notice how long an answer takes when there is time enough.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::{MESSAGE, Window, crowd, exchange, open_all, percentiles};

pub fn paced(
    port: u16,
    connections: usize,
    per_second: u32,
    seconds: f64,
) -> io::Result<Vec<Option<f64>>> {
    let streams = open_all(port, connections)?;
    let window = Window::new(seconds);
    let step = Duration::from_secs(1) / per_second;
    let start = Instant::now();
    let clients = streams.into_iter().enumerate().map(|(nth, mut stream)| {
        move || {
            let mut reply = MESSAGE;
            let mut latencies = Vec::new();
            // The clients take turns, evenly spaced: 64 messages in one go would be a burst, not a
            // pace.
            let mut due = start + step * nth as u32;
            while due < window.end {
                let sent = wait_for(due);
                exchange(&mut stream, &MESSAGE, &mut reply)?;
                if window.has(due) {
                    latencies.push(sent.elapsed());
                }
                due += step * connections as u32;
            }
            Ok(latencies)
        }
    });
    let latencies = crowd(clients)?.concat();
    let [p50, p99] = percentiles(&latencies, Duration::from_micros(1), [50.0, 99.0]);
    Ok(vec![p99, p50])
}

/// Sleeps until a message is due, and returns the time from which its latency counts.
///
/// If the last answer arrived so late that this message is already overdue, then it counts from
/// when it was due: counting from when it is sent would leave out exactly the waiting that a slow
/// server causes ("coordinated omission"). If there was time to sleep, a late wake-up is caused by
/// the generator, and does not count against the server.
fn wait_for(due: Instant) -> Instant {
    let now = Instant::now();
    if now >= due {
        return due;
    }
    thread::sleep(due - now);
    Instant::now()
}

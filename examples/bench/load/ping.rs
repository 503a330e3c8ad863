//! Ping-pong: a message, its echo, the next message. Every request includes waking a thread on
//! either side, so a layer between the socket and the program would be visible here.

use std::io;
use std::time::{Duration, Instant};

use super::{Window, crowd, exchange, open_all, percentiles};

pub fn ping(
    port: u16,
    connections: usize,
    bytes: usize,
    seconds: f64,
) -> io::Result<Vec<Option<f64>>> {
    let streams = open_all(port, connections)?;
    let window = Window::new(seconds);
    let clients = streams.into_iter().map(|mut stream| {
        move || {
            let message = vec![b'p'; bytes];
            let mut reply = vec![0; bytes];
            let mut latencies = Vec::new();
            let mut sent = Instant::now();
            while sent < window.end {
                exchange(&mut stream, &message, &mut reply)?;
                let received = Instant::now();
                if window.has(received) {
                    latencies.push(received - sent);
                }
                sent = received;
            }
            Ok(latencies)
        }
    });
    let latencies = crowd(clients)?.concat();
    let [p50, p99] = percentiles(&latencies, Duration::from_micros(1), [50.0, 99.0]);
    Ok(vec![Some(latencies.len() as f64 / window.seconds()), p50, p99])
}

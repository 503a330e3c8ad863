//! HTTP, with `wrk` as the load: it is the usual tool for figures of servers, it checks every
//! answer, and it uses nothing of this library.

use std::io::{self, Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use super::open;
use crate::children::{PATIENCE, Process};

/// Measures requests per second, and failed answers: `wrk` has two lines about errors.
pub fn http(
    port: u16,
    connections: usize,
    close: bool,
    seconds: f64,
) -> io::Result<Vec<Option<f64>>> {
    warm_up(port, close, Duration::from_secs_f64(0.02 + seconds / 4.0))?;
    // It counts whole seconds only.
    let seconds = seconds.ceil() as u64;
    let mut wrk = Command::new("wrk");
    // One thread of it is not enough: with short connections it would reach its limit long before
    // the server.
    let threads = connections.min(2);
    wrk.args([format!("-t{threads}"), format!("-c{connections}"), format!("-d{seconds}s")]);
    if close {
        wrk.args(["-H", "Connection: close"]);
    }
    wrk.arg(format!("http://127.0.0.1:{port}/"));
    let report = Process::output(wrk, Duration::from_secs(seconds) + PATIENCE)?;
    read(&report).ok_or_else(|| io::Error::other(format!("no report of wrk: {report:?}")))
}

/// Reads a report like this; the lines about errors are present only if there were any:
///
/// ```text
///   Socket errors: connect 0, read 1, write 0, timeout 0
///   Non-2xx or 3xx responses: 2
/// Requests/sec:  36871.73
/// ```
fn read(report: &str) -> Option<Vec<Option<f64>>> {
    let after = |title| report.lines().find_map(|line| line.trim().strip_prefix(title));
    let rate: f64 = after("Requests/sec:")?.trim().parse().ok()?;
    let lines = [after("Socket errors:"), after("Non-2xx or 3xx responses:")];
    let words = lines.iter().flatten().flat_map(|line| line.split([' ', ',']));
    let errors: u64 = words.filter_map(|word| word.parse::<u64>().ok()).sum();
    Some(vec![Some(rate), Some(errors as f64)])
}

/// `wrk` counts from its first answer on, so a Node that still compiles would be at a disadvantage.
/// And it does not check the content of an answer, so this does: a server that is fast and wrong is
/// not fast.
fn warm_up(port: u16, close: bool, time: Duration) -> io::Result<()> {
    let connection = if close { "Connection: close\r\n" } else { "" };
    let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{connection}\r\n");
    let end = Instant::now() + time;
    let mut stream = open(port)?;
    loop {
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nhello") {
            let mut part = [0; 1024];
            match stream.read(&mut part)? {
                0 => return Err(io::Error::other(format!("not hello: {:?}", text(&answer)))),
                length => answer.extend_from_slice(&part[..length]),
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200 OK\r\n") {
            return Err(io::Error::other(format!("not 200: {:?}", text(&answer))));
        }
        if Instant::now() >= end {
            return Ok(());
        }
        if close {
            stream = open(port)?;
        }
    }
}

fn text(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).into_owned()
}

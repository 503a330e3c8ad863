//! Bulk both ways: each connection writes as fast as it can while another thread reads the echo. A
//! client that first writes all and then reads would stand still together with the server, each
//! waiting for the other to read.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use super::{Window, crowd, open_all};
use crate::children::PATIENCE;

const BLOCK: usize = 64 * 1024;

/// Returns the MiB that arrived back, per second: each of them crossed the loopback twice.
pub fn bulk(port: u16, connections: usize, seconds: f64) -> io::Result<Vec<Option<f64>>> {
    let streams = open_all(port, connections)?;
    let window = Window::new(seconds);
    let clients = streams.iter().map(|stream| {
        move || {
            thread::scope(|scope| {
                let writer = scope.spawn(move || send(stream, window));
                let received = receive(stream, window);
                let sent =
                    writer.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))?;
                let (counted, all) = received?;
                // We have half-closed, but the server must still send every byte: speed does not
                // count if some are lost.
                if all == sent {
                    Ok(counted)
                } else {
                    Err(io::Error::other("the echo is not complete"))
                }
            })
        }
    });
    let counted: u64 = crowd(clients)?.iter().sum();
    Ok(vec![Some(counted as f64 / 1024.0 / 1024.0 / window.seconds())])
}

/// Writes until the window closes, then sends FIN.
fn send(mut stream: &TcpStream, window: Window) -> io::Result<u64> {
    let block = vec![b'b'; BLOCK];
    let mut sent = 0;
    while Instant::now() < window.end {
        stream.write_all(&block)?;
        sent += block.len() as u64;
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(sent)
}

/// Reads until FIN. Returns the number of bytes inside the window, and of all.
fn receive(mut stream: &TcpStream, window: Window) -> io::Result<(u64, u64)> {
    let mut block = vec![0; BLOCK];
    let (mut counted, mut all) = (0, 0);
    loop {
        let length = stream.read(&mut block)? as u64;
        let now = Instant::now();
        all += length;
        if window.has(now) {
            counted += length;
        }
        if length == 0 {
            return Ok((counted, all));
        }
        if now > window.end + PATIENCE {
            return Err(io::Error::other("the echo does not end"));
        }
    }
}

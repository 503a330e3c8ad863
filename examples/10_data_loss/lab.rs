//! The common parts of the experiments: a client that wants the whole answer, and a line of a table
//! for 100 visits.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::{sync::mpsc::Receiver, time::Duration};

const VISITS: usize = 100;

/// The result of a client.
pub struct Visit {
    pub received: usize,
    pub failed: bool,
}

pub fn title(number: u8, text: &str) {
    println!("{number}  {text:<58} whole  errors  received");
}

/// Makes the visits, and counts: how often the whole answer arrived, how often the client received
/// an error, and how much of the answers was received.
pub fn line(name: &str, whole: usize, visit: impl Fn() -> Result<Visit>) -> Result<()> {
    let visits: Vec<Visit> = (0..VISITS).map(|_| visit()).collect::<Result<_>>()?;
    let complete = visits.iter().filter(|visit| visit.received == whole).count();
    let failed = visits.iter().filter(|visit| visit.failed).count();
    let received: u64 = visits.iter().map(|visit| visit.received as u64).sum();
    // Thousandths, rounded down: 1.000 is every byte of every answer.
    let part = received * 1000 / (whole * VISITS) as u64;
    println!("   {name:<58} {complete:>5} {failed:>7}     {}.{:03}", part / 1000, part % 1000);
    Ok(())
}

/// Sends a request, ends, and reads the answer when the server has finished. On one machine a
/// client may be so fast that it receives everything; between two machines the delay makes it late.
pub fn late_client<T>(at: &str, request: &[u8], through: &Receiver<T>) -> Result<Visit> {
    let mut stream = TcpStream::connect(at)?;
    let mut answer = Vec::new();
    let sent = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write); // nothing to do if the connection is closed already
    // Not for ever: with a smaller kernel buffer the server would wait for us.
    let _ = through.recv_timeout(Duration::from_secs(10));
    let read = sent.and_then(|()| stream.read_to_end(&mut answer));
    Ok(Visit { received: answer.len(), failed: read.is_err() })
}

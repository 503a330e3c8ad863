//! What the experiments share: a client that wants the whole answer, and 100 visits made into a line of a table.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::{sync::mpsc::Receiver, time::Duration};

const VISITS: usize = 100;

/// What a client has got in the end.
pub struct Visit {
    pub received: usize,
    pub failed: bool,
}

pub fn title(number: u8, text: &str) {
    println!("{number}  {text:<58} whole  errors  received");
}

/// Makes the visits, and counts: how often the whole answer came, how often the client was told of an
/// error, and how much of the answers was received.
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

/// Sends a request, ends, and reads the answer when the server is through. On one machine a client may be so
/// fast that it gets away with all of it; that it comes later is what the way between two machines does.
pub fn late_client<T>(at: &str, request: &[u8], through: &Receiver<T>) -> Result<Visit> {
    let mut stream = TcpStream::connect(at)?;
    let mut answer = Vec::new();
    let sent = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write); // nothing to do where the connection is gone already
    // Not for ever: a kernel that holds less would make the server wait for us.
    let _ = through.recv_timeout(Duration::from_secs(10));
    let read = sent.and_then(|()| stream.read_to_end(&mut answer));
    Ok(Visit { received: answer.len(), failed: read.is_err() })
}

//! Idle connections: the cost of one while nothing happens. A server of a thousand chats is mostly
//! idle.

use std::io::{self, Write};

use super::open_all;
use crate::children::Process;

/// The number of connections for each client process: these need descriptors, too, and 1,024 is a
/// usual limit.
const EACH: usize = 1000;

/// Measures the KiB of resident memory, the threads and the descriptors of the server, for each
/// connection.
pub fn idle(server: &Process, port: u16, connections: usize) -> io::Result<Vec<Option<f64>>> {
    // A difference: what the server uses without any connection – for Node, an engine of 40 MiB –
    // is not the cost of a connection.
    let cost = || [server.resident_kib(), server.threads(), server.descriptors()];
    let before = cost();
    let mut holders = Vec::new();
    for first in (0..connections).step_by(EACH) {
        let count = EACH.min(connections - first).to_string();
        let holder = Process::start(Process::this(&["hold", &port.to_string(), &count])?)?;
        if holder.first_line != "ready" {
            return Err(io::Error::other(format!(
                "after {first} connections: {}",
                holder.first_line
            )));
        }
        holders.push(holder);
    }
    let each =
        |(before, after): (Option<f64>, Option<f64>)| Some((after? - before?) / connections as f64);
    Ok(before.into_iter().zip(cost()).map(each).collect())
}

/// Runs the client process: opens its connections, exchanges a message on each, reports it, and
/// keeps them until stdin ends.
pub fn hold(port: &str, count: &str) -> io::Result<()> {
    let number = |text: &str| text.parse::<u16>().map_err(io::Error::other);
    let opened = open_all(number(port)?, number(count)?.into());
    match &opened {
        Ok(_) => println!("ready"),
        Err(error) => println!("{error}"),
    }
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    drop(opened);
    Ok(())
}

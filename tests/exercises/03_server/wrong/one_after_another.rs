//! Wrong: plain std without a thread for each client, so the second waits until the first has left.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let mut client = client?;
        client.write_all(b"Hello! Who is there?\n")?;
        for line in BufReader::new(client.try_clone()?).lines() {
            client.write_all(format!("Welcome, {}!\n", line?.trim_end()).as_bytes())?;
        }
    }
    Ok(())
}

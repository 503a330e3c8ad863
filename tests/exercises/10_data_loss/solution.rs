//! Exercise 10, solved: read the line to its end, answer, and close in steps.

use std::io::{BufRead, BufReader, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                // Too many are connected, perhaps. To try again at once would only keep a processor busy.
                eprintln!("nobody could be let in: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        // A thread for each client, so that none has to wait for another.
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client was lost: {error}");
            }
        });
    }
    Ok(())
}

/// Gives the client its line back, after another one that says how long it is.
fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);

    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")?;

    // Nothing more from us. What the client still sends is read and thrown away, until it has nothing more either: nothing
    // lies unread when the connection is closed.
    client.shutdown(Shutdown::Write)?;
    copy(&mut reader, &mut sink())?;
    Ok(())
}

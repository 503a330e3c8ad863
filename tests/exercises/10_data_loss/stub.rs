//! Exercise 10: a server that never loses a byte. The task is at the end of lessons/10_data_loss.md.
//!
//! Start it with `cargo run -- run 10`, and talk to it from a second terminal: `nc 127.0.0.1 5000`. Type a line: it works.
//! Now let other clients have a go: `cargo run -- check 10`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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
    // TODO: this reads once. Read the line to its end, however long it is.
    let mut buffer = [0; 1024];
    let size = client.read(&mut buffer)?;
    let line = buffer[..size].split(|&byte| byte == b'\n').next().unwrap_or_default();

    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")?;

    // TODO: when this function returns, `client` is dropped, and that closes the connection at once. What if the client has
    // sent more than its line, or still does? Close in steps.
    Ok(())
}

//! Wrong: nothing is lost when one has read everything before one answers. But a client that waits for the answer before it
//! ends waits for ever.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming().flatten() {
        // A thread for each client, so that none has to wait for another.
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client was lost: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    client.read_to_end(&mut request)?;
    let line = request.split(|&byte| byte == b'\n').next().unwrap_or_default();
    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")
}

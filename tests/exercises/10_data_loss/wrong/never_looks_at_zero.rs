//! Wrong: it does not look at the 0 of `read`, which says that there will be no more, and asks again for ever.

use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
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

/// Gives the client its line back, after another one that says how long it is.
fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let (mut line, mut buffer) = (Vec::new(), [0; 64 << 10]);
    loop {
        let size = client.read(&mut buffer)?;
        let end = buffer[..size].iter().position(|&byte| byte == b'\n');
        line.extend_from_slice(&buffer[..end.unwrap_or(size)]);
        if end.is_some() {
            break;
        }
    }

    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(&line)?;
    client.write_all(b"\n")?;

    // Nothing more from us. What the client still sends is read and thrown away, until it has nothing more either: nothing
    // lies unread when the connection is closed.
    client.shutdown(Shutdown::Write)?;
    copy(&mut client, &mut sink())?;
    Ok(())
}

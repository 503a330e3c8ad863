//! Wrong: plain std on one thread, which waits for each client to leave before it looks at the next.

use std::io::{Write, copy, sink};
use std::net::{Shutdown, TcpListener};

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let mut client = client?;
        client.write_all(b"What a fine day to learn sockets!\n")?;
        client.shutdown(Shutdown::Write)?;
        copy(&mut client, &mut sink())?;
    }
    Ok(())
}

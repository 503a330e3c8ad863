//! `04_client` without the library: what `net_notes` does for you, written out with `std::net`.
//!
//! ```sh
//! cargo run --example 03_server                    # first, in another terminal: a server
//! cargo run --example 04_client_std                # connects to 127.0.0.1, port 5000
//! cargo run --example 04_client_std -- 5001        # another port
//! ```
//! It prints what `04_client` prints:
//! ```text
//! client connected
//! Hello, this is server!
//! Bye!
//! client disconnected
//! ```
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};

fn main() {
    let (host, port) = address();
    talk(&host, port).unwrap_or_else(|error| {
        fail(format!(
            "cannot talk to a server at {host} port {port}: {error}\n\
             Is it running? Start it in another terminal:  cargo run --example 03_server -- {host} {port}"
        ))
    });
}

fn talk(host: &str, port: u16) -> Result<()> {
    let mut stream = TcpStream::connect((host, port))?;
    println!("client connected"); // net.connect(…, function () {
    stream.write_all(b"hello, this is client!\n\r")?;
    let mut buffer = [0; 65536];
    while let size @ 1.. = stream.read(&mut buffer)? {
        // Bytes as they are: half a character, cut in two on the way, is not text yet.
        std::io::stdout().write_all(&buffer[..size])?; // client.on('data')
        let _ = stream.shutdown(Shutdown::Write); // client.end(); a second call does nothing
    }
    println!("client disconnected"); // a read of 0 bytes is the 'end' event
    Ok(())
}

/// Returns the address from the arguments after `--`: nothing, `PORT`, or `HOST PORT`.
fn address() -> (String, u16) {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match (args.last().map_or(Ok(5000), |port| port.parse()), args.len()) {
        (Ok(port), 0 | 1) => ("127.0.0.1".into(), port),
        (Ok(port), 2) => (args[0].clone(), port),
        _ => fail("after -- goes nothing, PORT, or HOST PORT (a port is 0 to 65535)".into()),
    }
}

fn fail(message: String) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

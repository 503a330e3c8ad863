//! `03_server` without the library: what `net_notes` does for you, written out with `std::net`.
//!
//! ```sh
//! cargo run --example 03_server_std                # port 5000, this machine only
//! cargo run --example 03_server_std -- 5001        # another port; 0 takes any free one
//! ```
//! After one `04_client` (or `04_client_std`) it has printed what `03_server` prints:
//! ```text
//! server started: port 5000.
//! server connected
//! hello, this is client!
//!
//! server disconnected
//! ```
use std::io::{Error, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

fn main() -> Result<()> {
    let (host, port) = address();
    let listener = TcpListener::bind((host.as_str(), port))
        .unwrap_or_else(|error| cannot_listen(&host, port, error));
    println!("server started: port {}.", listener.local_addr()?.port());
    for stream in listener.incoming().flatten() {
        // A read blocks until something comes: with a thread each, no client waits for another.
        std::thread::spawn(|| serve(stream).unwrap_or_else(|error| eprintln!("{error}")));
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> Result<()> {
    println!("server connected"); // net.createServer(function (socket) {
    let mut buffer = [0; 65536];
    while let size @ 1.. = stream.read(&mut buffer)? {
        println!("{}", String::from_utf8_lossy(&buffer[..size])); // socket.on('data')
        stream.write_all(b"Hello, this is server!\n\r")?;
        stream.write_all(b"Bye!\n\r")?;
        stream.shutdown(Shutdown::Write)?; // socket.end(): our side ends, the reading goes on
    }
    println!("server disconnected"); // a read of 0 bytes is the 'end' event
    Ok(())
}

fn cannot_listen(host: &str, port: u16, error: Error) -> ! {
    let other = port.wrapping_add(1);
    fail(format!(
        "cannot listen on {host} port {port}: {error}\n\
         Who holds the port? Perhaps this example in another terminal; on macOS, AirPlay holds 5000.\n\
         Take another port:  cargo run --example 03_server_std -- {host} {other}"
    ))
}

/// What follows `--` on the command line: nothing, `PORT`, or `HOST PORT`.
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

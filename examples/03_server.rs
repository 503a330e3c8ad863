//! The server of the notes: it greets each client, says goodbye, and ends the connection.
//!
//! ```sh
//! cargo run --example 03_server                    # port 5000, this machine only
//! cargo run --example 03_server -- 5001            # another port; 0 takes any free one
//! cargo run --example 03_server -- 0.0.0.0 5000    # open to the network
//! ```
//! In a second terminal: `cargo run --example 04_client`, or `nc 127.0.0.1 5000`.
//! After one `04_client` it has printed this, and waits for more clients (Ctrl-C ends it):
//! ```text
//! server started: port 5000.
//! server connected
//! hello, this is client!
//!
//! server disconnected
//! ```
use net::event;
use net_notes as net;
use std::io::{Error, Result};

fn main() -> Result<()> {
    let (host, port) = address();
    // Called for each client that connects, with the socket that leads to it.
    let server = net::create_server(|socket| {
        println!("server connected");
        socket.on(event::Text, |socket, text| {
            println!("{text}");
            socket.write("Hello, this is server!\n\r");
            socket.end_with("Bye!\n\r"); // as in the notes; what if a second piece arrives? Lesson 3
        });
        socket.on(event::End, |_, ()| println!("server disconnected"));
    });
    let listening = server.listen((&host, port), |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("server started: port {port}.");
    });
    listening.unwrap_or_else(|error| cannot_listen(&host, port, error));
    server.run() // All of it happens in here. The server is never closed, so it keeps running.
}

fn cannot_listen(host: &str, port: u16, error: Error) -> ! {
    let other = port.wrapping_add(1);
    fail(format!(
        "cannot listen on {host} port {port}: {error}\n\
         Who holds the port? Perhaps this example in another terminal; on macOS, AirPlay holds 5000.\n\
         Take another port:  cargo run --example 03_server -- {host} {other}"
    ))
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

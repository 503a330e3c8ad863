//! A server's events: a socket for each client, three clients at once, a limit, and a close that waits.
//!
//! ```sh
//! cargo run --example 11_server_events                    # port 5000, this machine only
//! cargo run --example 11_server_events -- 5001            # another port; 0 takes any free one
//! ```
//! A client, `nc 127.0.0.1 5000`, says `close`, which closes the server, and leaves. Then it has printed:
//! ```text
//! listening: port 5000
//! connection: client 1, 1 of 3
//! client 1 closes the server
//! client 1 has left, 0 of 3
//! close: nobody is left
//! ```
use net::{EventSocket, Server, ServerOptions, event};
use net_notes as net;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOM: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let (host, port) = address()?;
    let server = Server::new(ServerOptions::default().max_connections(ROOM));
    server.on(event::Listening, |server, ()| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening: port {port}");
    });
    let clients = AtomicUsize::new(0); // shared by all of them, and each has its own thread
    server.on(event::Connection, move |server, socket| {
        let number = clients.fetch_add(1, Ordering::Relaxed) + 1;
        println!("connection: client {number}, {} of {ROOM}", server.connections());
        talk(server.clone(), socket, number);
    });
    server.on(event::Drop, |_, _| println!("drop: there is no room for one more"));
    server.on(event::Close, |_, ()| println!("close: nobody is left"));
    server.listen((&host, port), |_| {}).map_err(|error| {
        let other = port.wrapping_add(1);
        format!("{error}. AirPlay on macOS? Try  cargo run --example 11_server_events -- {other}")
    })?;
    Ok(server.run()?) // until close() was called and the last client has left
}

/// A conversation with one client. It knows nothing of the others.
fn talk(server: Server, socket: &EventSocket, number: usize) {
    socket.write(format!("You are client {number}.\n"));
    let (closing, mut pieces) = (server.clone(), 0); // `pieces` is this conversation's own
    socket.on(event::Text, move |socket, text| {
        pieces += 1;
        socket.write(format!("client {number}, piece {pieces}: {text}"));
        if text.trim_end() == "close" && closing.close().is_ok() {
            println!("client {number} closes the server");
        }
    });
    socket.on(event::Close, move |_, _| {
        println!("client {number} has left, {} of {ROOM}", server.connections());
    });
}

fn address() -> Result<(String, u16), &'static str> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let port = args.pop().unwrap_or("5000".into()).parse();
    let port = port.map_err(|_| "after -- goes nothing, PORT, or HOST PORT (0 to 65535)")?;
    Ok((args.pop().unwrap_or("127.0.0.1".into()), port))
}

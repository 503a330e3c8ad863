//! A server's events: a socket for each client, a limit of three clients, and a close that waits.
//! ```sh
//! cargo run --example 11_server_events   # port 5000, this machine only. Another port: -- 5001
//! ```
//! After a client, `nc 127.0.0.1 5000`, has sent `close` and left, the server has printed:
//! ```text
//! listening: port 5000
//! connection: client 1, 1 of 3
//! client 1 closes the server
//! client 1 has left, 0 of 3
//! close: nobody is left
//! ```
use net::{EventSocket, Server, ServerOptions, event, framing::Lines};
use net_notes as net;
use std::{error::Error, sync::atomic};

const ROOM: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let (host, port) = address()?;
    let server = Server::new(ServerOptions::default().max_connections(ROOM));
    server.on(event::Listening, |server, ()| {
        println!("listening: port {}", server.address().and_then(|at| at.port()).unwrap_or(0));
    });
    let clients = atomic::AtomicUsize::new(0); // shared by the clients' threads
    server.on(event::Connection, move |server, socket| {
        let number = clients.fetch_add(1, atomic::Ordering::Relaxed) + 1;
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

/// Holds a conversation with one client, which has its own line splitter and count.
fn talk(server: Server, socket: &EventSocket, number: usize) {
    socket.write(format!("You are client {number}.\n"));
    let (closing, mut lines, mut count) = (server.clone(), Lines::new(1000), 0);
    socket.on(event::Data, move |socket, data| {
        for line in lines.feed(data) {
            let Ok(line) = line else { return socket.end_with("That line is too long.\n") };
            let line = String::from_utf8_lossy(&line);
            count += 1;
            socket.write(format!("client {number}, line {count}: {line}\n"));
            if line == "close" && closing.close().is_ok() {
                println!("client {number} closes the server");
            }
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

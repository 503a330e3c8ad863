//! Exercise 01: a server that reports what it got. The task is at the end of lessons/01_concept.md.
//!
//! Start it with `cargo run -- run 01`, and talk to it from a second terminal: `nc 127.0.0.1 5000`. Type something, press
//! Enter, and end nc with Ctrl-C. Then let other clients have a go: `cargo run -- check 01`.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // What this client has sent. Two listeners need it: so each has a handle of its own (`Arc`), and only one of them at
        // a time may use it (`Mutex`).
        let bytes = Arc::new(Mutex::new(Vec::<u8>::new()));

        let kept = bytes.clone();
        socket.on(event::Data, move |_, data| {
            // TODO: this keeps the last piece. Keep all of them, one after the other.
            *kept.lock().unwrap() = data.to_vec();
        });
        socket.on(event::End, move |_, ()| {
            let bytes = bytes.lock().unwrap();
            // TODO: print each byte as a number, too: `3 bytes: 72 105 10`.
            println!("{} bytes", bytes.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

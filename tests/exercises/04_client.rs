//! Exercise 04: a client that collects the whole answer. The task is at the end of lessons/04_client.md.
//!
//! Start a server in one terminal, `cargo run --example 03_server`, and this client in another: `cargo run -- run 04`. Then
//! let other servers answer it: `cargo run -- check 04`.

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    let client = net::connect((&host, port), |client| _ = client.write("hello\n"));

    // TODO: this prints each piece, with its length. Collect the pieces, and print when the server has ended: once, the
    // number of all bytes in a line, and after it the whole answer.
    client.on(event::Text, |_, text| {
        println!("{} bytes", text.len());
        print!("{text}");
    });

    // TODO: is there no server? Then say so on standard error, with host and port, and end with exit status 1.
    client.run().unwrap();
}

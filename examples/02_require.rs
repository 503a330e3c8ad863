//! `use net_notes as net;` is our `var net = require('net')`, and this is what you get with it.
//!
//! ```sh
//! cargo run --example 02_require                   # port 5000, this machine only
//! cargo run --example 02_require -- 5001           # another port; 0 takes any free one
//! ```
//! It prints:
//! ```text
//! is_ip: "127.0.0.1" 4, "::1" 6, "localhost" 0
//! create_server: a server on port 5000
//! connect: connected
//! good morning
//! ```
use net::event;
use net_notes as net;
use std::io::{Error, Result};

fn main() -> Result<()> {
    let (host, port) = address();

    // is_ip: the version of IP that an address belongs to. 0: not an address, maybe a name.
    let [four, six, name] = ["127.0.0.1", "::1", "localhost"].map(net::is_ip);
    println!(r#"is_ip: "127.0.0.1" {four}, "::1" {six}, "localhost" {name}"#);

    // create_server: others can connect to it. This server says good morning, and ends.
    let server = net::create_server(|socket| socket.end_with("good morning\n"));
    server.listen((&host, port), |_| {}).unwrap_or_else(|error| cannot_listen(&host, port, error));
    let port = server.address().and_then(|address| address.port()).unwrap_or_default();
    println!("create_server: a server on port {port}");
    let running = server.spawn();

    // connect: the other side. Prints what the server says, in however many pieces it arrives.
    let client = net::connect((&host, port), |_| println!("connect: connected"));
    client.on(event::Text, |_, text| print!("{text}"));
    client.run()?;

    server.close()?;
    running.join().expect("a server does not panic")
}

fn cannot_listen(host: &str, port: u16, error: Error) -> ! {
    let other = port.wrapping_add(1);
    fail(format!(
        "cannot listen on {host} port {port}: {error}\n\
         Who holds the port? Perhaps this example in another terminal; on macOS, AirPlay holds 5000.\n\
         Take another port:  cargo run --example 02_require -- {host} {other}"
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

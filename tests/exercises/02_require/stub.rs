//! Exercise 02: your first server. The task is at the end of lessons/02_require.md.
//!
//! Start it with `cargo run -- run 02`, and visit it from a second terminal: `nc 127.0.0.1 5000`. Then let other clients
//! have a go: `cargo run -- check 02`.

// TODO: bring in the library.

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    // TODO: make a server. To everybody who connects it says one line of your choice, and ends the connection.
    // TODO: let it listen on `port`. When it does, print `listening on port N`: the real number, also where `port` is 0.
    // TODO: nothing happens yet. Say "now".
    println!("nobody listens at {port} yet");
    Ok(())
}

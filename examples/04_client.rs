//! The client of the notes: it says hello, prints what the server answers, and ends.
//!
//! ```sh
//! cargo run --example 03_server                    # first, in another terminal: the server
//! cargo run --example 04_client                    # connects to 127.0.0.1, port 5000
//! cargo run --example 04_client -- 5001            # another port
//! cargo run --example 04_client -- localhost 5000  # another host
//! ```
//! It prints:
//! ```text
//! client connected
//! Hello, this is server!
//! Bye!
//! client disconnected
//! ```
use net::event;
use net_notes as net;

fn main() {
    let (host, port) = address();
    let client = net::connect((&host, port), |client| {
        println!("client connected");
        client.write("hello, this is client!\n\r");
    });
    // The answer may arrive in one piece or in several: this is called for each of them.
    client.on(event::Text, |client, text| {
        print!("{text}"); // the text brings its own line ends; println! would add one per piece
        client.end(); // we send no more; the rest of the server's answer still arrives
    });
    client.on(event::End, |_, ()| println!("client disconnected"));

    // So far nothing was sent, and no connection requested. All of it happens in run().
    client.run().unwrap_or_else(|error| {
        fail(format!(
            "cannot talk to a server at {host} port {port}: {error}\n\
             Is it running? Start it in another terminal:  cargo run --example 03_server -- {host} {port}"
        ))
    });
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

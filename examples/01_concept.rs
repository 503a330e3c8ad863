//! A socket carries bytes. A server shows the bytes it gets, first of any text, then of a
//! text that happens to be an HTTP request. To TCP there is no difference.
//!
//! ```sh
//! cargo run --example 01_concept                   # port 5000, this machine only
//! cargo run --example 01_concept -- 5001           # another port; 0 takes any free one
//! ```
//! It prints:
//! ```text
//! server started: port 5000.
//! the client writes "Good morning\n"
//! the server gets   71 111 111 100 32 109 111 114 110 105 110 103 10
//! the client writes "GET / HTTP/1.0\r\n\r\n"
//! the server gets   71 69 84 32 47 32 72 84 84 80 47 49 46 48 13 10 13 10
//! ```
use net::event;
use net_notes as net;
use std::io::{Error, Result};

fn main() -> Result<()> {
    let (host, port) = address();
    let server = net::create_server(|socket| {
        print!("the server gets  ");
        // Called for each piece that arrives. Byte by byte, the number of pieces makes no
        // difference.
        socket.on(event::Data, |_, data| data.iter().for_each(|byte| print!(" {byte}")));
        socket.on(event::End, |_, ()| println!());
    });
    server.listen((&host, port), |_| {}).unwrap_or_else(|error| cannot_listen(&host, port, error));
    let port = server.address().and_then(|address| address.port()).unwrap_or_default();
    println!("server started: port {port}.");
    let running = server.spawn(); // the server runs on its own thread …

    for text in ["Good morning\n", "GET / HTTP/1.0\r\n\r\n"] {
        println!("the client writes {text:?}");
        net::connect((&host, port), move |client| client.end_with(text)).run()?; // … and the client here
    }
    server.close()?;
    running.join().expect("a server does not panic")
}

fn cannot_listen(host: &str, port: u16, error: Error) -> ! {
    let other = port.wrapping_add(1);
    fail(format!(
        "cannot listen on {host} port {port}: {error}\n\
         Who holds the port? Perhaps this example in another terminal; on macOS, AirPlay holds 5000.\n\
         Take another port:  cargo run --example 01_concept -- {host} {other}"
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

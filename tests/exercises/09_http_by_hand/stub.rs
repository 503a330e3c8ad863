//! Exercise 09: a client that asks a web server for a page, and prints its body. The task is at the end of
//! lessons/09_http_by_hand.md.
//!
//! Start it with `cargo run -- run 09 HOST PORT PATH`, against any web server: it works, if the page is short.
//! Now let it ask servers of all moods: `cargo run -- check 09`.

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.unwrap_or_else(|_| fail("a port is a number, 0 to 65535"));
    let path = args.next().unwrap_or("/".into());

    let client = net::connect((&host, port), |_| {});
    client.write(format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));

    // TODO: this takes the first piece for the whole answer. Gather the pieces until the head is whole, look in there how
    // long the body is, and print it when that many bytes have come: these bytes, and nothing else.
    client.on(event::Data, |client, piece| {
        let answer = String::from_utf8_lossy(piece);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        print!("{body}");
        client.destroy();
    });

    // TODO: has the server ended before all of that was there? Then `fail`.
    if let Err(error) = client.run() {
        fail(&format!("{host} port {port}: {error}"));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

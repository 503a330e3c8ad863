//! Wrong: it takes the end of the connection for the end of the answer.

use std::io::Write;
use std::sync::{Arc, Mutex};

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

    let answer = Arc::new(Mutex::new(Vec::new()));
    let so_far = answer.clone();
    client.on(event::Data, move |_, piece| so_far.lock().unwrap().extend_from_slice(piece));
    if let Err(error) = client.run() {
        fail(&format!("{host} port {port}: {error}"));
    }
    let answer = answer.lock().unwrap();
    let Some(blank) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        fail("the server has ended in the middle of the head")
    };
    std::io::stdout().write_all(&answer[blank + 4..]).expect("somebody reads it");
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

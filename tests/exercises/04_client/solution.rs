//! Exercise 04, solved: nothing is printed before `run` has returned, and then everything.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    let client = net::connect((&host, port), |client| _ = client.write("hello\n"));

    // Bytes, and not text: a piece may end in the middle of a character, and it is bytes that are counted.
    let answer = Arc::new(Mutex::new(Vec::new()));
    let so_far = answer.clone();
    client.on(event::Data, move |_, data| so_far.lock().unwrap().extend_from_slice(data));

    if let Err(error) = client.run() {
        eprintln!("cannot get an answer from {host} port {port}: {error}");
        std::process::exit(1);
    }
    let answer = answer.lock().unwrap();
    println!("{} bytes", answer.len());
    print!("{}", String::from_utf8_lossy(&answer));
}

//! Exercise 08: a client that counts Chinese characters. The task is at the end of lessons/08_duplex_client.md.
//!
//! Give it a server first, in a second terminal: `nc -l 5000`. Then start it with `cargo run -- run 08 127.0.0.1 5000`.
//! Or let our server have a go: `cargo run -- check 08`.

use std::sync::atomic::{AtomicUsize, Ordering};

use net::event;
use net_notes as net;

/// How many Chinese characters the server has sent.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether this is one of the 20,992 characters that Unicode calls "CJK Unified Ideographs".
fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // TODO 1: `http://` in front of the host, or no port: say so by `fail`.
    let (host, port) = (&args[0], &args[1]);
    let port: u16 = port.parse().expect("a port is a number, 0 to 65535");

    let socket = net::create_connection((host, port), |_| {});
    // TODO 2: this counts piece by piece, and a character may be in two of them.
    socket.on(event::Data, |_, data| {
        for c in String::from_utf8_lossy(data).chars() {
            if is_chinese(c) {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            if c == '\n' {
                println!("so far: {}", COUNT.load(Ordering::Relaxed));
            }
        }
    });
    // TODO 3: send each line that is typed as soon as it is typed; at the end of the input, end our direction.
    // TODO 4: when the server has ended, too, print `in all: …`.
    if let Err(error) = socket.run() {
        fail(&error.to_string());
    }
}

/// The end, with a message on standard error and exit status 1.
fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

//! Exercise 08, solved: one thread types, the other one counts, and neither waits for the other.

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
    let (host, port) = match &args[..] {
        [host, ..] if host.contains("://") => fail("the host is a bare name, as in example.org"),
        [host, port] => (host, port),
        _ => fail("give me a host and a port; a port has no default"),
    };
    let port: u16 = port.parse().unwrap_or_else(|_| fail("a port is a number, 0 to 65535"));

    let socket = net::create_connection((host, port), |_| {});
    socket.on(event::Text, |_, text| {
        for c in text.chars() {
            if is_chinese(c) {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            if c == '\n' {
                println!("so far: {}", COUNT.load(Ordering::Relaxed));
            }
        }
    });
    let typing = socket.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            typing.write(line + "\n");
        }
        typing.end(); // ours; the server may go on
    });
    if let Err(error) = socket.run() {
        fail(&error.to_string());
    }
    println!("in all: {}", COUNT.load(Ordering::Relaxed));
}

/// The end, with a message on standard error and exit status 1.
fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

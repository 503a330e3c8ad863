//! Wrong: it reads when the input has ended, so that whoever does not type hears nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

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

    if let Err(error) = talk(host, port) {
        fail(&error.to_string());
    }
    println!("in all: {}", COUNT.load(Ordering::Relaxed));
}

fn talk(host: &str, port: u16) -> std::io::Result<()> {
    let mut socket = TcpStream::connect((host, port))?;
    for line in std::io::stdin().lines() {
        socket.write_all(format!("{}\n", line?).as_bytes())?;
    }
    socket.shutdown(Shutdown::Write)?;
    for line in BufReader::new(socket).lines() {
        COUNT.fetch_add(line?.chars().filter(|c| is_chinese(*c)).count(), Ordering::Relaxed);
        println!("so far: {}", COUNT.load(Ordering::Relaxed));
    }
    Ok(())
}

/// The end, with a message on standard error and exit status 1.
fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

//! Plain std: `read` and `write_all` with a buffer of its own, and a reader that says a word about each connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

fn main() -> std::io::Result<()> {
    let ports: Vec<u16> = std::env::args().skip(1).map(|port| port.parse().unwrap()).collect();
    let listener = TcpListener::bind(("127.0.0.1", ports[0]))?;
    println!("a relay on port {} for port {}", listener.local_addr()?.port(), ports[1]);
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        let Ok(server) = TcpStream::connect(("127.0.0.1", ports[1])) else {
            eprintln!("there is no server");
            continue;
        };
        let (client, server) = (Arc::new(client), Arc::new(server));
        let (c, s) = (client.clone(), server.clone());
        thread::spawn(move || pass_on(&c, &s));
        thread::spawn(move || pass_on(&server, &client));
    }
    Ok(())
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = vec![0; 1 << 20];
    loop {
        let size = match from.read(&mut buffer) {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        if to.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

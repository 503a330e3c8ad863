//! Plain std: two threads for each client, and `copy` in each direction.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let ports: Vec<u16> = std::env::args().skip(1).map(|port| port.parse().unwrap()).collect();
    let listener = TcpListener::bind(("127.0.0.1", ports[0]))?;
    println!("listening on port {}", listener.local_addr()?.port());
    loop {
        let Ok((client, _)) = listener.accept() else { continue };
        let to = ports[1];
        thread::spawn(move || {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { return };
            thread::scope(|scope| {
                scope.spawn(|| pass_on(&client, &server));
                scope.spawn(|| pass_on(&server, &client));
            });
        });
    }
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) {
    match copy(&mut from, &mut to) {
        Ok(_) => _ = to.shutdown(Shutdown::Write),
        Err(_) => {
            // Lost: that wakes the other thread, too.
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        }
    }
}

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    listener.set_nonblocking(true)?;
    println!("listening on port {}", listener.local_addr()?.port());
    let mut clients = Vec::new();
    loop {
        if let Ok((client, _)) = listener.accept() {
            client.set_nonblocking(true)?;
            clients.push((client, Vec::new()));
        }
        clients.retain_mut(|(client, bytes)| {
            let mut buffer = [0; 4096];
            match client.read(&mut buffer) {
                Ok(0) => {
                    let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
                    println!("{} bytes:{numbers}", bytes.len());
                    false
                }
                Ok(size) => {
                    bytes.extend_from_slice(&buffer[..size]);
                    true
                }
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            }
        });
        thread::sleep(Duration::from_millis(1));
    }
}

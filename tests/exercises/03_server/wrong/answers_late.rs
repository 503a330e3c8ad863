use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || serve(client));
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    client.write_all(b"Hello!\n")?;
    client.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut came = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(size) => came.extend_from_slice(&buffer[..size]),
            Err(_) => {
                for line in String::from_utf8_lossy(&std::mem::take(&mut came)).lines() {
                    client.write_all(format!("Welcome, {line}!\n").as_bytes())?;
                }
            }
        }
    }
}

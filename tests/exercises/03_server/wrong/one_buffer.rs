use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

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
    client.write_all(b"Who are you?\n")?;
    let mut buffer = [0; 1024];
    loop {
        let size = client.read(&mut buffer)?;
        if size == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&buffer[..size]);
        for name in text.lines() {
            client.write_all(format!("Welcome, {name}!\n").as_bytes())?;
        }
    }
}

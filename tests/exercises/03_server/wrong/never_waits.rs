use std::io::{ErrorKind, Read, Write};
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
    client.write_all(b"Hello! Who is there?\n")?;
    client.set_nonblocking(true)?;
    let mut came = Vec::new();
    loop {
        let mut buffer = [0; 1024];
        match client.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(size) => came.extend_from_slice(&buffer[..size]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        while let Some(end) = came.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = came.drain(..=end).collect();
            let name = String::from_utf8_lossy(&line);
            client.write_all(format!("Welcome, {}!\n", name.trim()).as_bytes())?;
        }
    }
}

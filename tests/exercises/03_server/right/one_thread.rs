use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

struct Client {
    stream: TcpStream,
    came: Vec<u8>,
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    listener.set_nonblocking(true)?;
    println!("listening on port {}", listener.local_addr()?.port());
    let mut clients: Vec<Client> = Vec::new();
    loop {
        while let Ok((mut stream, _)) = listener.accept() {
            if stream.write_all(b"Hello\n").and_then(|()| stream.set_nonblocking(true)).is_ok() {
                clients.push(Client { stream, came: Vec::new() });
            }
        }
        clients.retain_mut(|client| client.turn().is_ok());
        thread::sleep(Duration::from_millis(2));
    }
}

impl Client {
    fn turn(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(size) => self.came.extend_from_slice(&buffer[..size]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        while let Some(end) = self.came.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.came.drain(..=end).collect();
            let name = String::from_utf8_lossy(&line);
            self.stream.write_all(format!("Welcome, {}!\n", name.trim_end()).as_bytes())?;
        }
        Ok(())
    }
}

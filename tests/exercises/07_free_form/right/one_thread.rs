use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

struct Client {
    stream: TcpStream,
    line: Vec<u8>,
    number: u32,
    skips: bool,
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    listener.set_nonblocking(true)?;
    println!("listening on port {}", listener.local_addr()?.port());
    let mut clients: Vec<Client> = Vec::new();
    loop {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            clients.push(Client { stream, line: Vec::new(), number: 0, skips: false });
        }
        let mut idle = true;
        clients.retain_mut(|client| match client.turn() {
            Ok(worked) => {
                idle &= !worked;
                true
            }
            Err(_) => false,
        });
        if idle {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

impl Client {
    fn turn(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 65536];
        let size = match self.stream.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            size => size?,
        };
        let mut answers = Vec::new();
        for &byte in &buffer[..size] {
            if self.skips {
                self.skips = byte != b'\n';
                continue;
            }
            if byte == b'\n' {
                if self.line.last() == Some(&b'\r') {
                    self.line.pop();
                }
                self.answer(&mut answers);
                continue;
            }
            self.line.push(byte);
            if self.line.len() > 1000 && !(self.line.len() == 1001 && byte == b'\r') {
                self.answer(&mut answers);
                self.skips = true;
            }
        }
        if size == 0 && !self.line.is_empty() {
            self.answer(&mut answers);
        }
        self.stream.write_all(&answers)?;
        if size == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(true) }
    }

    fn answer(&mut self, answers: &mut Vec<u8>) {
        self.number += 1;
        let number = self.number;
        if self.line.len() > 1000 {
            answers.extend(format!("{number} too long\n").bytes());
        } else {
            answers.extend(format!("{number} [").bytes());
            answers.extend(&self.line);
            answers.extend(b"]\n");
        }
        self.line.clear();
    }
}

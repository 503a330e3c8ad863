use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::exit;

fn main() {
    let host = std::env::args().nth(1).unwrap_or("localhost".into());
    let port: u16 = std::env::args().nth(2).map_or(5000, |port| port.parse().unwrap());
    let mut stream = match TcpStream::connect((host.as_str(), port)) {
        Ok(stream) => stream,
        Err(e) => {
            eprintln!("No server there ({e})");
            exit(1);
        }
    };
    stream.write_all(b"Hi there!\n").expect("it takes a line");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut buf = [0u8; 7];
    let mut received: Vec<u8> = vec![];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => received.extend(&buf[0..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => {
                eprintln!("The connection broke: {e}");
                exit(1);
            }
        }
    }
    let text = String::from_utf8_lossy(&received);
    println!("{} bytes\n{}", received.len(), text);
}

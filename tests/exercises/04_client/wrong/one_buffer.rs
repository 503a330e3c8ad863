use std::io::{Read, Write};
use std::net::TcpStream;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect(format!("{}:{}", args[1], args[2]))?;
    stream.write_all(b"hello\n")?;
    let mut buffer = [0; 65536];
    let mut size = 0;
    loop {
        match stream.read(&mut buffer[size..])? {
            0 => break,
            more => size += more,
        }
    }
    println!("{size} bytes");
    std::io::stdout().write_all(&buffer[..size])
}

use std::io::{Read, Write};
use std::net::TcpStream;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect(format!("{}:{}", args[1], args[2]))?;
    stream.write_all(b"hello\n")?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(2)))?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    let mut ended = std::time::Instant::now();
    while ended.elapsed() < std::time::Duration::from_secs(2) {
        match stream.read(&mut buffer) {
            Ok(0) => std::thread::park_timeout(std::time::Duration::from_millis(50)),
            Ok(size) => {
                answer.extend_from_slice(&buffer[..size]);
                ended = std::time::Instant::now();
            }
            Err(_) => break,
        }
    }
    println!("{} bytes", answer.len());
    std::io::stdout().write_all(&answer)
}

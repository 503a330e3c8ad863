use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect((args[1].as_str(), args[2].parse::<u16>()?))?;
    stream.write_all(b"a question\n")?;
    let (pieces, all) = mpsc::channel();
    let reader = std::thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = vec![0; 100_000];
        loop {
            let size = stream.read(&mut buffer)?;
            if size == 0 {
                return Ok(());
            }
            pieces.send(buffer[..size].to_vec()).unwrap();
        }
    });
    let answer: Vec<u8> = all.iter().flatten().collect();
    reader.join().unwrap()?;
    println!("{} bytes", answer.len());
    std::io::stdout().write_all(&answer)?;
    Ok(())
}

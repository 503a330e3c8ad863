use std::io::{Read, Write, stdin};
use std::net::{Shutdown, TcpStream};

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect((args[1].as_str(), args[2].parse().unwrap()))?;
    for line in stdin().lines() {
        stream.write_all(format!("{}\n", line?).as_bytes())?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    let mut count = 0;
    for c in String::from_utf8_lossy(&all).chars() {
        if ('\u{4e00}'..='\u{9fff}').contains(&c) {
            count += 1;
        }
        if c == '\n' {
            println!("so far: {count}");
        }
    }
    println!("in all: {count}");
    Ok(())
}

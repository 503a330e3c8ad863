use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let host = args.first().ok_or("which host?")?;
    if host.starts_with("http") {
        return Err("a bare host, please".into());
    }
    let port: u16 = args.get(1).ok_or("which port?")?.parse()?;
    let mut stream = TcpStream::connect((host.as_str(), port))?;
    let mut out = stream.try_clone()?;
    std::thread::spawn(move || {
        let mut buffer = [0; 1000];
        loop {
            match std::io::stdin().read(&mut buffer) {
                Ok(size @ 1..) => {
                    if out.write_all(&buffer[..size]).is_err() {
                        return;
                    }
                }
                _ => break,
            }
        }
        let _ = out.shutdown(Shutdown::Write);
    });

    // The bytes of a character that is not whole yet.
    let mut open: Vec<u8> = Vec::new();
    let mut total = 0;
    let mut buffer = [0; 8192];
    loop {
        let size = stream.read(&mut buffer)?;
        if size == 0 {
            break;
        }
        for &byte in &buffer[..size] {
            if byte & 0xc0 != 0x80 {
                open.clear(); // a new character begins
            }
            open.push(byte);
            if let Ok(text) = std::str::from_utf8(&open) {
                total += text.chars().filter(|c| *c >= '\u{4e00}' && *c <= '\u{9fff}').count();
                open.clear();
            }
            if byte == b'\n' {
                println!("so far: {total}");
            }
        }
    }
    println!("in all: {total}");
    Ok(())
}

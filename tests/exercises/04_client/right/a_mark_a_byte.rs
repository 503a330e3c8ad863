//! Plain std: a mark for each byte that is no text.

use std::io::{Read, Write};
use std::net::TcpStream;

fn ask() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect((&*args[1], args[2].parse::<u16>().unwrap()))?;
    stream.write_all(b"hello\n")?;
    let (mut text, mut held, mut size) = (String::new(), Vec::new(), 0);
    let mut buffer = [0; 4096];
    loop {
        let more = stream.read(&mut buffer)?;
        if more == 0 {
            break;
        }
        size += more;
        held.extend_from_slice(&buffer[..more]);
        loop {
            match std::str::from_utf8(&held) {
                Ok(all) => {
                    text.push_str(all);
                    held.clear();
                    break;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    text.push_str(std::str::from_utf8(&held[..valid]).unwrap());
                    held.drain(..valid);
                    let Some(_) = error.error_len() else { break }; // half a character
                    text.push('\u{fffd}');
                    held.drain(..1);
                }
            }
        }
    }
    text.extend(held.iter().map(|_| '\u{fffd}'));
    println!("{size} bytes");
    print!("{text}");
    Ok(())
}

fn main() {
    if let Err(error) = ask() {
        eprintln!("no answer: {error}");
        std::process::exit(1);
    }
}

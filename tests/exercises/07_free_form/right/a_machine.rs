use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const LIMIT: usize = 1000;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("lost: {error}");
            }
        });
    }
    Ok(())
}

enum State {
    Reading(Vec<u8>),
    Skipping,
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let reader = BufReader::new(client.try_clone()?);
    let mut state = State::Reading(Vec::new());
    let mut number = 0;
    for byte in reader.bytes() {
        let byte = byte?;
        state = match (state, byte) {
            (State::Reading(mut line), b'\n') => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                number += 1;
                writeln!(client, "{number} [{}]", String::from_utf8_lossy(&line))?;
                State::Reading(Vec::new())
            }
            (State::Reading(mut line), byte) => {
                line.push(byte);
                let fits = line.len() <= LIMIT || line.len() == LIMIT + 1 && byte == b'\r';
                if fits {
                    State::Reading(line)
                } else {
                    number += 1;
                    writeln!(client, "{number} too long")?;
                    State::Skipping
                }
            }
            (State::Skipping, b'\n') => State::Reading(Vec::new()),
            (State::Skipping, _) => State::Skipping,
        };
    }
    if let State::Reading(line) = state {
        number += 1;
        match line.len() {
            0 => {}
            1..=LIMIT => writeln!(client, "{number} [{}]", String::from_utf8_lossy(&line))?,
            _ => writeln!(client, "{number} too long")?,
        }
    }
    Ok(())
}

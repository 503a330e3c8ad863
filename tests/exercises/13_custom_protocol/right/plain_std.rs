use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

const MOST: u128 = 1 << 20;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || serve(client));
    }
    Ok(())
}

enum Asked {
    Partly,
    Refused(&'static str, &'static str),
    Said(usize, usize),
}

fn look(all: &[u8]) -> Asked {
    let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") else { return Asked::Partly };
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.split("\r\n");
    if lines.next() != Some("STS/1.1 SAY") {
        return Asked::Refused("400 What?", "This is STS/1.1");
    }
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        (name.to_uppercase() == "CONTENT-LENGTH").then(|| value.trim().to_string())
    });
    let Some(length) = length else { return Asked::Refused("400 How long?", "") };
    if length.is_empty() || length.chars().any(|c| !c.is_ascii_digit()) {
        return Asked::Refused("400 How long?", "");
    }
    match length.parse::<u128>() {
        Ok(length) if length <= MOST => match all.len() - end - 4 {
            there if there as u128 >= length => Asked::Said(end + 4, length as usize),
            _ => Asked::Partly,
        },
        _ => Asked::Refused("413 Too long", "One MiB, please"),
    }
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let (mut all, mut buffer) = (Vec::new(), [0; 10_000]);
    loop {
        let answer = match look(&all) {
            Asked::Partly => {
                let size = client.read(&mut buffer)?;
                if size == 0 {
                    return Ok(());
                }
                all.extend_from_slice(&buffer[..size]);
                continue;
            }
            Asked::Refused(status, why) => {
                let length = why.len();
                format!("STS/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{why}").into_bytes()
            }
            Asked::Said(from, length) => {
                let head = format!("STS/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                [head.as_bytes(), &all[from..from + length]].concat()
            }
        };
        client.write_all(&answer)?;
        client.shutdown(Shutdown::Write)?;
        copy(&mut client, &mut sink())?;
        return Ok(());
    }
}

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::exit;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match get(&args[0], &args[1], &args[2]) {
        Ok(body) => std::io::stdout().write_all(&body).unwrap(),
        Err(why) => {
            eprintln!("{why}");
            exit(1);
        }
    }
}

fn get(host: &str, port: &str, path: &str) -> Result<Vec<u8>, String> {
    let mut stream =
        TcpStream::connect(format!("{host}:{port}")).map_err(|error| error.to_string())?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mine\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    let mut buffer = [0; 1000];
    loop {
        if let Some(body) = body(&all)? {
            return Ok(body.to_vec());
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err("the answer is not whole".to_string()),
            Ok(size) => all.extend_from_slice(&buffer[..size]),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn body(all: &[u8]) -> Result<Option<&[u8]>, String> {
    let Some(blank) = all.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&all[..blank]).to_lowercase();
    let mut length = None;
    for line in head.split("\r\n").skip(1) {
        let (name, value) = line.split_once(':').ok_or("no header")?;
        if name == "transfer-encoding" {
            return Err("chunks".to_string());
        }
        if name == "content-length" {
            let value = value.trim();
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_digit()) {
                return Err(format!("{value} is no length"));
            }
            if length.replace(value).is_some_and(|other| other != value) {
                return Err("two lengths".to_string());
            }
        }
    }
    let length: usize = length.ok_or("no length")?.parse().map_err(|_| "too long")?;
    Ok(all[blank + 4..].get(..length))
}

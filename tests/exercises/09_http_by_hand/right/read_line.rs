use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
fn main() {
    if let Err(e) = go() {
        eprintln!("{e}");
        std::process::exit(1)
    }
}
fn no(s: &str) -> io::Error {
    io::Error::other(s)
}
fn go() -> io::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let mut s = TcpStream::connect((&*a[1], a[2].parse::<u16>().map_err(|_| no("port"))?))?;
    write!(s, "GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n\r\n", a[3], a[1], a[2])?;
    let mut r = BufReader::new(s);
    let mut length: Option<u64> = None;
    loop {
        let mut line = String::new();
        r.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(no("the head is cut"));
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            let value = value.trim();
            match &*name.to_ascii_lowercase() {
                "content-length" => {
                    if value.is_empty() || value.bytes().any(|b| !b.is_ascii_digit()) {
                        return Err(no("bad length"));
                    }
                    let n = value.parse().map_err(|_| no("huge"))?;
                    if length.is_some_and(|l| l != n) {
                        return Err(no("two lengths"));
                    }
                    length = Some(n);
                }
                "transfer-encoding" => return Err(no("chunks")),
                _ => {}
            }
        }
    }
    let length = length.ok_or(no("no length"))?;
    let mut body = Vec::new();
    r.take(length).read_to_end(&mut body)?;
    if body.len() as u64 != length {
        return Err(no("cut"));
    }
    let mut out = io::stdout().lock();
    out.write_all(&body)?;
    out.flush()
}

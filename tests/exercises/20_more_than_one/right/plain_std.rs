//! Plain std: the bytes of both sides are passed on, and only the heads are looked at.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A copy has failed so many checks in a row; 0: it is well.
struct Copy(u16, AtomicU8);

fn main() -> Result<()> {
    let mut ports = std::env::args().skip(1).map(|port| port.parse::<u16>().expect("a port"));
    let listener = TcpListener::bind(("127.0.0.1", ports.next().unwrap_or(5000)))?;
    let copies: Arc<Vec<Copy>> = Arc::new(ports.map(|port| Copy(port, AtomicU8::new(0))).collect());
    let checked = copies.clone();
    thread::spawn(move || {
        loop {
            for Copy(port, failed) in checked.iter() {
                let well = check(*port).unwrap_or(false);
                failed.store(u8::from(!well), Ordering::SeqCst);
            }
            thread::sleep(Duration::from_millis(150));
        }
    });
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let (client, copies) = (client?, copies.clone());
        thread::spawn(move || serve(client, &copies));
    }
    Ok(())
}

fn connect(port: u16) -> Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(1))
}

fn check(port: u16) -> Result<bool> {
    let mut copy = connect(port)?;
    copy.set_read_timeout(Some(Duration::from_millis(400)))?;
    copy.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    let mut start = [0; 12];
    copy.read_exact(&mut start)?;
    Ok(start.ends_with(b" 200"))
}

fn serve(mut client: TcpStream, copies: &[Copy]) -> Result<()> {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = read_request(&mut client)?;
    let turn = TURN.fetch_add(1, Ordering::SeqCst);
    let mut status = "503 Service Unavailable";
    for n in 0..copies.len() {
        let Copy(port, failed) = &copies[(turn + n) % copies.len()];
        if failed.load(Ordering::SeqCst) > 0 {
            continue;
        }
        let Ok(mut copy) = connect(*port) else { continue };
        match exchange(&mut copy, &request, &mut client) {
            Ok(()) => return client.shutdown(Shutdown::Write),
            Err(_) if request.starts_with(b"GET ") => {}
            Err(_) => {
                status = "502 Bad Gateway";
                break;
            }
        }
    }
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(head.as_bytes())
}

/// An error: nothing has come, and nothing was passed on.
fn exchange(copy: &mut TcpStream, request: &[u8], client: &mut TcpStream) -> Result<()> {
    copy.set_read_timeout(Some(Duration::from_secs(5)))?;
    copy.write_all(request)?;
    let mut piece = [0; 16 << 10];
    let mut size = copy.read(&mut piece)?;
    if size == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    while size > 0 {
        if client.write_all(&piece[..size]).is_err() {
            break;
        }
        size = copy.read(&mut piece).unwrap_or(0);
    }
    Ok(())
}

/// The whole of it, as it is for a copy.
fn read_request(client: &mut TcpStream) -> Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap_or(0));
            if bytes.len() >= end + 4 + length {
                break;
            }
        }
        match client.read(&mut piece)? {
            0 => return Err(Error::from(ErrorKind::UnexpectedEof)),
            size => bytes.extend_from_slice(&piece[..size]),
        }
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&bytes[..end]);
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: Vec<&str> = kept.chain(["Connection: close"]).collect();
    Ok([head.join("\r\n").as_bytes(), &bytes[end..]].concat())
}

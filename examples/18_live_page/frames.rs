//! A client that has nothing but a socket, and shows each frame, byte by byte.

use net_notes as net;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;

const HANDSHAKE: &str = "GET /counter HTTP/1.1\r\nHost: me\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A browser uses a new random one for each frame.
const MASK: [u8; 4] = *b"mask";

pub fn show(server: &net::Server) -> Result<(), Box<dyn Error>> {
    let port = server.address().and_then(|at| at.port()).expect("it listens");
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(HANDSHAKE.as_bytes())?;
    print!("{HANDSHAKE}");
    // Byte by byte, as a frame may follow the head.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(bytes(&mut stream, 1)?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lines = head.lines().filter(|line| !line.starts_with("Date: ")); // another one each time
    lines.for_each(|line| println!("{line}"));
    receive(&mut stream)?; // the current count
    send(&mut stream, 0b1000_0001, b"+1")?;
    receive(&mut stream)?;
    send(&mut stream, 0b0000_0001, b"+")?; // a message in two fragments…
    send(&mut stream, 0b1000_1001, b"there?")?; // …and a ping between them
    receive(&mut stream)?;
    send(&mut stream, 0b1000_0000, b"1")?;
    receive(&mut stream)?;
    send(&mut stream, 0b1000_1000, &[0x03, 0xe8])?; // 1000
    receive(&mut stream)?;
    let rest = stream.read_to_end(&mut Vec::new())?;
    println!("the server has ended, and {rest} bytes came behind its last frame");
    Ok(())
}

fn send(stream: &mut TcpStream, first: u8, payload: &[u8]) -> io::Result<()> {
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    let mut frame = vec![first, 0b1000_0000 | payload.len() as u8];
    frame.extend(MASK);
    frame.extend(masked);
    print("→", &frame, payload);
    stream.write_all(&frame)
}

fn receive(stream: &mut TcpStream) -> io::Result<()> {
    let mut frame = bytes(stream, 2)?; // no frame here is longer than 125 bytes
    frame.extend(bytes(stream, frame[1].into())?);
    print("←", &frame, &frame[2..]);
    Ok(())
}

fn bytes(stream: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn print(way: &str, frame: &[u8], payload: &[u8]) {
    let kind = match frame[0] & 0b0000_1111 {
        0x0 => "more",
        0x1 => "text",
        0x8 => "close",
        0x9 => "ping",
        _ => "pong",
    };
    let last = if frame[0] & 0b1000_0000 == 0 { "   " } else { "FIN" };
    let hex: String = frame.iter().map(|byte| format!("{byte:02x} ")).collect();
    println!("{way} {hex:37}{last} {kind:5} \"{}\"", payload.escape_ascii());
}

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What waits for one visitor: frames, how many bytes they are, and whether these are all. A thread of its own writes them.
struct Outgoing {
    stream: TcpStream,
    queue: Mutex<(VecDeque<Arc<[u8]>>, usize, bool)>,
    more: Condvar,
}

type Room = Mutex<Vec<(String, Arc<Outgoing>)>>;

impl Outgoing {
    fn push(&self, frame: &Arc<[u8]>) {
        let mut queue = self.queue.lock().unwrap();
        if queue.2 {
            return;
        }
        queue.1 += frame.len();
        queue.0.push_back(frame.clone());
        if queue.1 > (8 << 20) + 700_000 {
            let _ = self.stream.shutdown(Shutdown::Both); // who reads it will notice
        }
        self.more.notify_one();
    }

    fn finish(&self) {
        self.queue.lock().unwrap().2 = true;
        self.more.notify_one();
    }

    fn drain(&self) -> Option<()> {
        let mut queue = self.queue.lock().unwrap();
        loop {
            while queue.0.is_empty() && !queue.2 {
                queue = self.more.wait(queue).unwrap();
            }
            let Some(frame) = queue.0.pop_front() else {
                return self.stream.shutdown(Shutdown::Write).ok();
            };
            drop(queue);
            (&self.stream).write_all(&frame).ok()?;
            queue = self.queue.lock().unwrap();
            queue.1 -= frame.len();
        }
    }
}

fn frame(first: u8, payload: &[u8]) -> Arc<[u8]> {
    let length = payload.len();
    let mut frame = vec![0x80 | first];
    match length {
        0..126 => frame.push(length as u8),
        126..65536 => frame.extend([&[126][..], &(length as u16).to_be_bytes()].concat()),
        _ => frame.extend([&[127][..], &(length as u64).to_be_bytes()].concat()),
    }
    frame.extend(payload);
    frame.into()
}

fn tell(here: &[(String, Arc<Outgoing>)], what: &str) {
    let frame = frame(1, what.as_bytes());
    here.iter().for_each(|(_, visitor)| visitor.push(&frame));
}

fn bytes<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map(|()| bytes)
}

/// The next frame: its first byte, and its payload.
fn read_frame(reader: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let [first, second] = bytes(reader)?;
    let length = match second & 127 {
        126 => u16::from_be_bytes(bytes(reader)?).into(),
        127 => u64::from_be_bytes(bytes(reader)?),
        short => short.into(),
    };
    if second < 128 || length > 1 << 20 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mask: [u8; 4] = bytes(reader)?;
    let mut payload = vec![0; length as usize];
    reader.read_exact(&mut payload)?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Ok((first, payload))
}

/// Until the visitor has closed, or is gone.
fn visit(room: &Room, out: &Arc<Outgoing>, reader: &mut impl Read) -> io::Result<()> {
    let (mut name, mut message, mut kind) = (None::<String>, Vec::new(), 0);
    loop {
        let (first, payload) = read_frame(reader)?;
        match first & 15 {
            8 => {
                out.push(&frame(8, &payload));
                return Ok(());
            }
            9 => out.push(&frame(10, &payload)),
            10 => {}
            opcode => {
                kind = if opcode == 0 { kind } else { opcode };
                message.extend(payload);
                if first < 128 {
                    continue;
                }
                let code: u16 = match String::from_utf8(std::mem::take(&mut message)) {
                    _ if kind == 2 => 1003,
                    Err(_) => 1007,
                    Ok(text) => {
                        let mut here = room.lock().unwrap();
                        let mut names = here.iter().map(|(name, _)| name);
                        if let Some(name) = &name {
                            tell(&here, &format!("{name}: {text}"));
                            continue;
                        } else if (1..=20).contains(&text.chars().count())
                            && !names.any(|name| *name == text)
                        {
                            for (name, _) in here.iter() {
                                out.push(&frame(1, format!("+{name}").as_bytes()));
                            }
                            here.push((text.clone(), out.clone()));
                            tell(&here, &format!("+{text}"));
                            name = Some(text);
                            continue;
                        }
                        4000
                    }
                };
                out.push(&frame(8, &code.to_be_bytes()));
                return Ok(());
            }
        }
    }
}

fn serve(room: &Room, stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut path, mut key) = (String::new(), String::new(), String::new());
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.split_once(": ") {
            None if path.is_empty() => path = line.split(' ').nth(1).unwrap_or("").to_string(),
            Some((name, value)) if name.eq_ignore_ascii_case("sec-websocket-key") => {
                key = value.trim().to_string();
            }
            _ => {}
        }
    }
    if path != "/room" || key.is_empty() {
        let page = "<title>A room</title>";
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length";
        return write!(&stream, "{head}: {}\r\n\r\n{page}", page.len());
    }
    let accept = base64(&sha1(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes()));
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
    write!(&stream, "{head}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")?;
    let queue = Mutex::new((VecDeque::new(), 0, false));
    let out = Arc::new(Outgoing { stream, queue, more: Condvar::new() });
    let writer = out.clone();
    thread::spawn(move || writer.drain());
    let visited = visit(room, &out, &mut reader);
    let mut here = room.lock().unwrap();
    if let Some(at) = here.iter().position(|(_, other)| Arc::ptr_eq(other, &out)) {
        let (name, _) = here.remove(at);
        tell(&here, &format!("-{name}"));
    }
    drop(here);
    out.finish();
    if visited.is_ok() {
        while reader.read(&mut [0; 4096])? > 0 {} // until the visitor ends, too
    }
    Ok(())
}

fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_be_bytes());
    let mut h = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0_u32];
    for block in padded.chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
        for i in 16..80 {
            w.push((w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (i, w) in w.into_iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => ((b & c) | (!b & d), 0x5A827999),
                1 => (b ^ c ^ d, 0x6ED9EBA1),
                2 => ((b & c) | (b & d) | (c & d), 0x8F1BBCDC),
                _ => (b ^ c ^ d, 0xCA62C1D6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e);
            let next = next.wrapping_add(k).wrapping_add(w);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (h, x) in h.iter_mut().zip([a, b, c, d, e]) {
            *h = h.wrapping_add(x);
        }
    }
    let bytes: Vec<u8> = h.iter().flat_map(|h| h.to_be_bytes()).collect();
    bytes.try_into().unwrap()
}

/// Of 20 bytes: the last group is short by one.
fn base64(bytes: &[u8; 20]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | *group.get(i).unwrap_or(&0) as usize);
        (0..4).for_each(|i| text.push(DIGITS[bits >> (18 - 6 * i) & 63].into()));
    }
    text.pop();
    text + "="
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("10086".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    let room: Arc<Room> = Arc::default();
    for stream in listener.incoming() {
        let (room, stream) = (room.clone(), stream?);
        thread::spawn(move || serve(&room, stream));
    }
    Ok(())
}

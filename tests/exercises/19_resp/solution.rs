use net::event;
use net_notes as net;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes of a word, the most words of a request, and the most bytes of a line.
/// 一个词最多多少字节，一个请求最多多少个词，一行最多多少字节。
const WORD: usize = 1 << 20;
const WORDS: usize = 1000;
const LINE: usize = 64 << 10;

type Keys = HashMap<Vec<u8>, Vec<u8>>;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let keys = Arc::new(Mutex::new(Keys::new()));
    let server = net::create_server(move |socket| {
        let (mut bytes, mut broken, keys) = (Vec::new(), false, keys.clone());
        socket.on(event::Data, move |socket, data| {
            if broken {
                // No one knows where the next request begins.
                // 谁也不知道下一个请求从哪里开始。
                return;
            }
            bytes.extend_from_slice(data);
            let (mut at, mut out) = (0, Vec::new());
            loop {
                match parse(&bytes[at..]) {
                    Ok(None) => break,
                    Ok(Some((words, length))) => {
                        answer(&words, &keys, &mut out);
                        at += length;
                    }
                    Err(why) => {
                        broken = true;
                        error(why, &mut out);
                        return socket.end_with(out);
                    }
                }
            }
            bytes.drain(..at);
            socket.write(out);
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

type Parsed<'b> = Result<Option<(Vec<&'b [u8]>, usize)>, &'static str>;

/// The words of the request at the beginning, and its length. `None`: more must arrive first.
/// 开头那个请求的各个词，以及它的长度。`None`：还没收全。
fn parse(bytes: &[u8]) -> Parsed<'_> {
    let Some(line) = line(bytes)? else { return Ok(None) };
    let Some(count) = line.strip_prefix(b"*") else {
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        return Ok(Some((words.collect(), line.len() + 1)));
    };
    let count = number(count, WORDS)?;
    let (mut words, mut at) = (Vec::new(), line.len() + 1);
    while words.len() < count {
        let rest = &bytes[at..];
        if !rest.is_empty() && !rest.starts_with(b"$") {
            return Err("a word begins with $");
        }
        let Some(line) = self::line(rest)? else { return Ok(None) };
        let length = number(&line[1..], WORD)?;
        let start = at + line.len() + 1;
        let end = start + length;
        if bytes.len() < end + 2 {
            return Ok(None);
        }
        if &bytes[end..end + 2] != b"\r\n" {
            return Err("a word is not as long as it says");
        }
        words.push(&bytes[start..end]);
        at = end + 2;
    }
    Ok(Some((words, at)))
}

/// The first line, without its `\n`.
/// 第一行，不含 `\n`。
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    match bytes.iter().take(LINE).position(|byte| *byte == b'\n') {
        Some(end) => Ok(Some(&bytes[..end])),
        None if bytes.len() < LINE => Ok(None),
        None => Err("a line is too long"),
    }
}

/// A count, whose line ends with `\r`.
/// 一个数目，它那一行以 `\r` 结尾。
fn number(text: &[u8], limit: usize) -> Result<usize, &'static str> {
    let digits = text.strip_suffix(b"\r").ok_or("a count ends with \\r\\n")?;
    // Digits, and nothing else: `parse` also accepts a `+`.
    // 只能是数字：`parse` 连 `+` 也收。
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err("a count is not a number");
    }
    let count = String::from_utf8_lossy(digits).parse().map_err(|_| "a count is not a number")?;
    if count > limit { Err("that is too much") } else { Ok(count) }
}

/// Appends the reply to one request.
/// 把一个请求的回复接在后面。
fn answer(words: &[&[u8]], keys: &Mutex<Keys>, out: &mut Vec<u8>) {
    let Some((name, words)) = words.split_first() else { return };
    // One lock for the whole command: between reading and writing, INCR lets no one else in. And
    // nothing below can panic with half a change made, so a poisoned lock is no reason to stop.
    // 整条命令用一把锁：INCR 读了还没写的时候，别人进不来。
    // 下面也不会改到一半就 panic，所以锁中毒了也照用。
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    match (&name.to_ascii_uppercase()[..], words) {
        (b"PING", []) => out.extend_from_slice(b"+PONG\r\n"),
        (b"ECHO", [word]) => bulk(word, out),
        (b"SET", [key, value]) => {
            keys.insert(key.to_vec(), value.to_vec());
            out.extend_from_slice(b"+OK\r\n");
        }
        (b"GET", [key]) => match keys.get(*key) {
            Some(value) => bulk(value, out),
            None => out.extend_from_slice(b"$-1\r\n"),
        },
        (b"INCR", [key]) => {
            let old = keys.get(*key).map_or(&b"0"[..], |value| value);
            let old = std::str::from_utf8(old).ok().and_then(|text| text.parse::<i64>().ok());
            let Some(new) = old.and_then(|old| old.checked_add(1)) else {
                return error("this is not a number, or the largest", out);
            };
            keys.insert(key.to_vec(), new.to_string().into_bytes());
            out.extend_from_slice(format!(":{new}\r\n").as_bytes());
        }
        (b"PING" | b"ECHO" | b"SET" | b"GET" | b"INCR", _) => error("too few or many words", out),
        _ => error("I know no such command", out),
    }
}

/// Appends a reply of counted bytes.
/// 接上一个带字节数的回复。
fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends a reply that says no.
/// 接上一个拒绝的回复。
fn error(why: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("-ERR {why}\r\n").as_bytes());
}

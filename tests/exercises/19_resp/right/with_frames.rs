use net::event;
use net::framing::Frames;
use net_notes as net;
use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::sync::{Arc, RwLock};

type Keys = Arc<RwLock<BTreeMap<Vec<u8>, Vec<u8>>>>;

fn main() -> Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let keys = Keys::default();
    let server = net::create_server(move |socket| {
        let keys = keys.clone();
        let mut elements = Frames::new((1 << 20) + 20, element);
        // How many words the request has, and those that have arrived.
        let (mut wanted, mut words) = (0, Vec::new());
        let mut broken = false;
        socket.on(event::Data, move |socket, data| {
            if broken {
                return;
            }
            for element in elements.feed(data) {
                let whole = element.and_then(|element| match element[0] {
                    b'$' if wanted > 0 => {
                        let end = element.iter().position(|byte| *byte == b'\n').unwrap();
                        words.push(element[end + 1..element.len() - 2].to_vec());
                        if element.ends_with(b"\r\n") { Ok(words.len() == wanted) } else { bad() }
                    }
                    _ if wanted > 0 => bad(),
                    b'*' => {
                        wanted = count(&element[1..element.len() - 1], 1000)?;
                        Ok(false)
                    }
                    _ => {
                        let line = element.split(|byte| byte.is_ascii_whitespace());
                        words.extend(line.filter(|word| !word.is_empty()).map(<[u8]>::to_vec));
                        Ok(true)
                    }
                });
                match whole {
                    Ok(false) => {}
                    Ok(true) => {
                        wanted = 0;
                        socket.write(reply(std::mem::take(&mut words), &keys));
                    }
                    Err(error) => {
                        broken = true;
                        socket.end_with(format!("-ERR {error}\r\n"));
                        return;
                    }
                }
            }
        });
    });
    server.listen(port, |server| {
        println!("listening on port {}", server.address().unwrap().port().unwrap());
    })?;
    server.run()
}

fn bad<T>() -> Result<T> {
    Err(Error::other("no RESP"))
}

/// A line, or a counted word with the line in front of it.
fn element(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.iter().take(65536).position(|byte| *byte == b'\n') else {
        return if bytes.len() < 65536 { Ok(None) } else { bad() };
    };
    match bytes[0] {
        b'$' => Ok(Some(end + 1 + count(&bytes[1..end], 1 << 20)? + 2)),
        _ => Ok(Some(end + 1)),
    }
}

fn count(text: &[u8], most: usize) -> Result<usize> {
    match text {
        [digits @ .., b'\r'] if digits.iter().all(u8::is_ascii_digit) => {
            match std::str::from_utf8(digits).unwrap().parse() {
                Ok(count) if count <= most => Ok(count),
                _ => bad(),
            }
        }
        _ => bad(),
    }
}

fn reply(words: Vec<Vec<u8>>, keys: &Keys) -> Vec<u8> {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let Some((name, words)) = words.split_first() else { return Vec::new() };
    let bulk = |bytes: &[u8]| [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    match (String::from_utf8_lossy(name).to_uppercase().as_str(), words) {
        ("PING", []) => b"+PONG\r\n".to_vec(),
        ("ECHO", [word]) => bulk(word),
        ("GET", [key]) => {
            keys.read().unwrap().get(*key).map_or(b"$-1\r\n".to_vec(), |value| bulk(value))
        }
        ("SET", [key, value]) => {
            keys.write().unwrap().insert(key.to_vec(), value.to_vec());
            b"+OK\r\n".to_vec()
        }
        ("INCR", [key]) => {
            let mut keys = keys.write().unwrap();
            let old = keys.get(*key).map_or("0".into(), |value| String::from_utf8_lossy(value));
            let Some(new) = old.parse::<i64>().ok().and_then(|old| old.checked_add(1)) else {
                return b"-ERR not a number\r\n".to_vec();
            };
            keys.insert(key.to_vec(), new.to_string().into_bytes());
            format!(":{new}\r\n").into_bytes()
        }
        _ => b"-ERR unknown\r\n".to_vec(),
    }
}

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Keys = Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>;

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    let keys = Keys::default();
    for client in listener.incoming() {
        let (client, keys) = (client?, keys.clone());
        thread::spawn(move || serve(client, keys));
    }
    Ok(())
}

fn serve(client: TcpStream, keys: Keys) -> io::Result<()> {
    let mut input = BufReader::new(&client);
    loop {
        match request(&mut input) {
            Ok(words) => (&client).write_all(&reply(words, &keys))?,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                (&client).write_all(format!("-ERR {error}\r\n").as_bytes())?;
                client.shutdown(Shutdown::Write)?;
                copy(&mut input, &mut sink())?;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}

fn bad(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

fn line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(65536).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        Some(_) if line.len() >= 65535 => Err(bad("a line without end")),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn count(text: &[u8], most: u64) -> io::Result<u64> {
    let text = std::str::from_utf8(text).map_err(|_| bad("not a number"))?;
    let digits = text.strip_suffix('\r').unwrap_or_default();
    if digits.is_empty() || digits.contains(|c: char| !c.is_ascii_digit()) {
        return Err(bad("not a number"));
    }
    digits.parse().ok().filter(|count| *count <= most).ok_or(bad("too large"))
}

fn request(input: &mut impl BufRead) -> io::Result<Vec<Vec<u8>>> {
    let first = line(input)?;
    if first.first() != Some(&b'*') {
        let text = first.split(|byte| b" \r\t".contains(byte));
        return Ok(text.filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect());
    }
    let mut words = Vec::new();
    for _ in 0..count(&first[1..], 1000)? {
        let mut mark = [0];
        input.read_exact(&mut mark)?;
        if mark != *b"$" {
            return Err(bad("no $"));
        }
        let mut word = vec![0; count(&line(input)?, 1 << 20)? as usize + 2];
        input.read_exact(&mut word)?;
        if !word.ends_with(b"\r\n") {
            return Err(bad("no end behind a word"));
        }
        word.truncate(word.len() - 2);
        words.push(word);
    }
    Ok(words)
}

fn reply(words: Vec<Vec<u8>>, keys: &Keys) -> Vec<u8> {
    let Some(name) = words.first() else { return Vec::new() };
    let mut keys = keys.lock().unwrap();
    match (name.to_ascii_lowercase().as_slice(), &words[1..]) {
        (b"ping", []) => b"+PONG\r\n".to_vec(),
        (b"echo", [word]) => counted(word),
        (b"get", [key]) => keys.get(key).map_or(b"$-1\r\n".to_vec(), |value| counted(value)),
        (b"set", [key, value]) => {
            keys.insert(key.clone(), value.clone());
            b"+OK\r\n".to_vec()
        }
        (b"incr", [key]) => {
            let value = keys.entry(key.clone()).or_insert(b"0".to_vec());
            let text = String::from_utf8_lossy(value);
            match text.parse::<i64>().ok().and_then(|number| number.checked_add(1)) {
                None => b"-ERR cannot count that\r\n".to_vec(),
                Some(number) => {
                    *value = number.to_string().into_bytes();
                    format!(":{number}\r\n").into_bytes()
                }
            }
        }
        _ => b"-ERR what?\r\n".to_vec(),
    }
}

fn counted(word: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", word.len()).as_bytes(), word, b"\r\n"].concat()
}

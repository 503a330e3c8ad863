//! 14: a thread for each connection, and no library.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Request {
    method: String,
    path: String,
    query: String,
    body: Vec<u8>,
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let [method, target, _] = words[..] else { return Err(io::ErrorKind::InvalidData.into()) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_string(),
        path: path.to_string(),
        query: query.to_string(),
        body: Vec::new(),
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn decode(value: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let digits = value.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match (value[at], digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                at += 2;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn fields(form: &[u8]) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for field in form.split(|byte| *byte == b'&') {
        let at = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        fields.insert(decode(&field[..at]), decode(field.get(at + 1..).unwrap_or_default()));
    }
    fields
}

fn html(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            c => html.push(c),
        }
    }
    html
}

/// Status, one more header, and body.
fn answer(request: &Request) -> (&'static str, String, String) {
    let parts: Vec<&str> = request.path.split('/').skip(1).collect();
    let (known, allowed) = match parts[..] {
        [""] => (true, "GET, HEAD"),
        ["notes"] => (true, "GET, HEAD, POST"),
        ["notes", _] => (true, "GET, HEAD"),
        _ => (false, ""),
    };
    let method = request.method.as_str();
    if known && !allowed.split(", ").any(|allowed| allowed == method) {
        return ("405 No", format!("Allow: {allowed}\r\n"), "no\n".into());
    }
    let mut notes = NOTES.lock().unwrap();
    let none = String::new();
    match parts[..] {
        [""] => ("200 OK", none, "<form method=post action=/notes><input name=text></form>".into()),
        ["notes"] if method == "POST" => match fields(&request.body).remove("text") {
            Some(text) => {
                notes.push(text);
                ("303 There", format!("Location: /notes/{}\r\n", notes.len()), none)
            }
            None => ("400 What", none, none_at_all()),
        },
        ["notes"] => {
            let word = fields(request.query.as_bytes()).remove("word").unwrap_or_default();
            let found = notes.iter().filter(|note| note.contains(&word));
            let found: Vec<String> = found.map(|note| format!("<p>{}", html(note))).collect();
            ("200 OK", none, found.join("\n"))
        }
        ["notes", number] => {
            let found = notes.iter().zip(1..).find(|(_, at)| number == at.to_string());
            match found {
                Some((note, _)) => ("200 OK", none, html(note)),
                None => ("404 No", none, none_at_all()),
            }
        }
        _ => ("404 No", none, none_at_all()),
    }
}

fn none_at_all() -> String {
    "nothing\n".to_string()
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let (status, more, body) = answer(&request);
        let length = body.len();
        let mut whole = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{more}Content-Length: {length}\r\n\r\n"
        );
        if request.method != "HEAD" {
            whole += &body;
        }
        writer.write_all(whole.as_bytes())?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("10086".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(|| serve(stream));
    }
    Ok(())
}

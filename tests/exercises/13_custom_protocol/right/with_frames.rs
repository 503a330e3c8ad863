use std::io;

use net::{event, framing::Frames};
use net_notes as net;

fn main() -> io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let server = net::create_server(|socket| {
        let mut frames = Some(Frames::new(2 << 20, length));
        socket.on(event::Data, move |socket, data| {
            let Some(reader) = &mut frames else { return };
            let answer = match reader.feed(data).next() {
                None => return,
                Some(Ok(request)) => {
                    let body = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
                    said("200 OK", &request[body..])
                }
                Some(Err(error)) => {
                    let why = error.to_string();
                    let status = if why.contains("large") { "413 No" } else { "400 No" };
                    said(status, why.as_bytes())
                }
            };
            frames = None;
            socket.end_with(answer);
        });
    });
    server.listen(port, |server| {
        println!("listening on port {}", server.address().unwrap().port().unwrap());
    })?;
    server.run()
}

fn said(status: &str, body: &[u8]) -> Vec<u8> {
    let mut said =
        format!("STS/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    said.extend_from_slice(body);
    said
}

/// How long the request is, head and body.
fn length(so_far: &[u8]) -> io::Result<Option<usize>> {
    let Some(blank) = so_far.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&so_far[..blank]);
    let mut lines = head.lines();
    if lines.next() != Some("STS/1.1 SAY") {
        return Err(io::Error::other("not STS"));
    }
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            let value = value.trim();
            if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(io::Error::other("no number"));
            }
            return match value.parse::<usize>() {
                Ok(length) if length <= 1 << 20 => Ok(Some(blank + 4 + length)),
                _ => Err(io::Error::other("too large")),
            };
        }
    }
    Err(io::Error::other("no length"))
}

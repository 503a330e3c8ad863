//! Exercise 13: a server that speaks STS without the module `sts`. It says back what it is told. The task is at the end of
//! lessons/13_custom_protocol.md.
//!
//! Start it with `cargo run -- run 13`, and ask it from a second terminal with the client of the lesson:
//! `cargo run --example 13_custom_protocol -- client 127.0.0.1 5000 hello`. It works. Now let others have a go, who do not
//! all speak STS: `cargo run -- check 13`.

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let (mut request, mut answered) = (Vec::new(), false);
        socket.on(event::Data, move |socket, piece| {
            if answered {
                return; // a connection carries one request: what comes behind it is nobody's
            }
            request.extend_from_slice(piece);
            if let Some(answer) = answer(&request) {
                answered = true;
                socket.end_with(answer);
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

/// The answer to what has come of a request; `None` as long as that is not enough for one.
fn answer(request: &[u8]) -> Option<Vec<u8>> {
    let blank = request.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request[..blank]);

    // TODO: this takes anything for a request in STS. What does not begin with the line `STS/1.1 SAY` has to be answered
    // with `STS/1.1 400 Not STS`: an answer like any other, with a length and a body that says why.

    // TODO: without a length, or with one that is no number, this goes on with 0. That is a 400, too. And one over 1 MiB
    // (1,048,576 bytes) is a 413, at once: do not wait for such a body.
    let length = content_length(&head).and_then(|length| length.parse().ok()).unwrap_or(0);

    let body = request[blank + 4..].get(..length)?;
    let mut answer = format!("STS/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.extend_from_slice(body);
    Some(answer)
}

/// The value of the header `Content-Length`, if there is one.
fn content_length(head: &str) -> Option<&str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(value.trim())
}

//! Exercise 13, solved: the head is checked before the server waits for the body, and each refusal
//! is a complete answer in STS.
//!
//! 练习 13 的解答：先检查头部，再等正文；每一次拒绝都是一个完整的 STS 回复。

use net::event;
use net_notes as net;

/// The length of the longest body that the protocol allows: 1 MiB.
/// 协议规定，正文最长 1 MiB。
const LIMIT: usize = 1024 * 1024;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let (mut request, mut answered) = (Vec::new(), false);
        socket.on(event::Data, move |socket, piece| {
            if answered {
                // A connection carries one request: bytes after it are ignored.
                // 一条连接只有一个请求：后面再有什么都不管。
                return;
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

/// The answer to the bytes of a request that have arrived so far; `None` if more must arrive first.
/// 请求收到现在，该怎么回复；还没收全，就是 `None`。
fn answer(request: &[u8]) -> Option<Vec<u8>> {
    let blank = request.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request[..blank]);
    if head.lines().next() != Some("STS/1.1 SAY") {
        return Some(message("400 Not STS", b"I speak STS/1.1 only\n"));
    }
    let Some(length) = content_length(&head) else {
        return Some(message("400 Not STS", b"there is no Content-Length\n"));
    };
    // Digits, and nothing else: `parse` also accepts a `+`.
    // 只能是数字：`parse` 连 `+` 也收。
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(message("400 Not STS", b"the Content-Length is no number\n"));
    }
    let Some(length) = length.parse().ok().filter(|length| *length <= LIMIT) else {
        return Some(message("413 Too Large", b"a body has 1 MiB at most\n"));
    };
    let body = request[blank + 4..].get(..length)?;
    Some(message("200 OK", body))
}

fn message(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("STS/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The value of the header `Content-Length`, if there is one.
/// 头部字段 `Content-Length` 的值，如果有的话。
fn content_length(head: &str) -> Option<&str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(value.trim())
}

//! Exercise 13: an STS server, without the module `sts`. It sends back the body it receives. The
//! task is under “Exercise” in lessons/13_custom_protocol.md.
//!
//! Start it with `cargo run -- run 13`, and ask it from a second terminal with the client of the
//! lesson: `cargo run --example 13_custom_protocol -- client 127.0.0.1 5000 hello`. It works. Now
//! let other clients try it, some of which do not speak STS: `cargo run -- check 13`.
//!
//! 练习 13：一个 STS 服务器，不用 `sts` 模块。对它说什么，它就原样说回来。
//! 题目见 lessons/zh/13_custom_protocol.md 的“练习”一节。
//!
//! 用 `cargo run -- run 13` 启动它，在另一个终端里用本课的客户端去问它：
//! `cargo run --example 13_custom_protocol -- client 127.0.0.1 5000 hello`。没问题。
//! 现在让别的客户端来试，其中有的不说 STS：`cargo run -- check 13`。

use net::event;
use net_notes as net;

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

    // TODO: this takes anything for a request in STS. If the first line is not `STS/1.1 SAY`, the
    // answer must be `STS/1.1 400 Not STS`: a complete answer, with a length and a body that gives
    // the reason.
    // TODO：这里什么都当成 STS 请求。第一行不是 `STS/1.1 SAY` 的，必须回复 `STS/1.1 400 Not STS`：
    // 也是一个完整的回复，有长度，正文里写原因。

    // TODO: if the length is missing, or is not a number, this continues with 0. Answer 400
    // instead. If it is over 1 MiB (1,048,576 bytes), answer 413 at once: do not wait for such a
    // body.
    // TODO：没有长度，或者长度不是数字，这里就当它是 0。这也要回复 400。
    // 长度超过 1 MiB（1048576 字节）的，马上回复 413，不去等这样的正文。
    let length = content_length(&head).and_then(|length| length.parse().ok()).unwrap_or(0);

    let body = request[blank + 4..].get(..length)?;
    let mut answer = format!("STS/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.extend_from_slice(body);
    Some(answer)
}

/// The value of the header `Content-Length`, if there is one.
/// 头部字段 `Content-Length` 的值，如果有的话。
fn content_length(head: &str) -> Option<&str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(value.trim())
}

//! Exercise 19: a server that speaks RESP, the protocol of Redis. The task is under “Exercise” in
//! lessons/19_resp.md.
//!
//! Start it with `cargo run -- run 19`, and ask it from a second terminal:
//! `redis-cli -p 5000 PING`, or `printf '*1\r\n$4\r\nPING\r\n' | nc 127.0.0.1 5000`. PING and ECHO
//! work, as long as a request is short, alone, and text. Now let other clients try it:
//! `cargo run -- check 19`.
//!
//! 练习 19：一个说 RESP（Redis 的协议）的服务器。题目见 lessons/zh/19_resp.md 的“练习”一节。
//!
//! 用 `cargo run -- run 19` 启动它，在另一个终端里用 `redis-cli -p 5000 PING`，或者
//! `printf '*1\r\n$4\r\nPING\r\n' | nc 127.0.0.1 5000` 去问它。
//! 只要请求很短、只有一个、又是文本，PING 和 ECHO 就没问题。
//! 现在让别的客户端来试：`cargo run -- check 19`。

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            // TODO: this takes what one read brings for one whole request. It may be the beginning
            // of one, or many, and the end of the last one may be missing. Collect the bytes, take
            // out the requests that are whole, and answer each of them.
            // TODO：这里把一次读到的东西当成一个完整的请求。
            // 实际上它可能只是一个请求的开头，也可能是好多个，最后一个还缺个尾巴。
            // 把字节收集起来，取出已经完整的请求，逐个回复。
            let words = parse(data);
            let mut out = Vec::new();
            answer(&words, &mut out);
            socket.write(out);
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

/// The words of a request.
/// 一个请求里的各个词。
fn parse(bytes: &[u8]) -> Vec<&[u8]> {
    // TODO: this looks for line ends, and skips the counts. But a word may contain a line end: read
    // the counts, and believe none that is not digits, or too large. What does not begin with `*`
    // is a line of words. The result must also be able to say “not whole yet” and “broken”.
    // TODO：这里按行尾切分，跳过了那些数目。可是词里面也可能有行尾：要去读数目，
    // 不全是数字的、太大的都不能信。不以 `*` 开头的，是一行词。
    // 返回值还要能说“还没收全”和“格式不对”。
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    lines.skip(2).step_by(2).collect()
}

/// Appends the reply to one request.
/// 把一个请求的回复接在后面。
fn answer(words: &[&[u8]], out: &mut Vec<u8>) {
    let Some((name, words)) = words.split_first() else { return };
    match (&name.to_ascii_uppercase()[..], words) {
        (b"PING", []) => out.extend_from_slice(b"+PONG\r\n"),
        (b"ECHO", [word]) => bulk(word, out),
        // TODO: SET, GET and INCR, with keys that all clients share.
        // TODO：SET、GET 和 INCR，所有客户端共用同一批键。
        _ => out.extend_from_slice(b"-ERR I know no such command\r\n"),
    }
}

/// Appends a reply of counted bytes.
/// 接上一个带字节数的回复。
fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

//! Exercise 01: a server that reports the bytes it receives. The task is under “Exercise” in
//! lessons/01_concept.md.
//!
//! Start it with `cargo run -- run 01`, and talk to it from a second terminal: `nc 127.0.0.1 5000`.
//! Type something, press Enter, and end nc with Ctrl-C. Then let other clients try it:
//! `cargo run -- check 01`.
//!
//! 练习 01：一个收到什么就报告什么的服务器。题目见 lessons/zh/01_concept.md 的“练习”一节。
//!
//! 用 `cargo run -- run 01` 启动它，在另一个终端里用 `nc 127.0.0.1 5000` 和它说话。输入点什么，
//! 按回车，再按 Ctrl-C 结束 nc。然后让别的客户端来试：`cargo run -- check 01`。

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // The bytes this client has sent. Two listeners share them: each has its own handle
        // (`Arc`), and only one of them may use the bytes at a time (`Mutex`).
        // 这个客户端发来的字节。两个监听器都要用：各拿一个句柄（`Arc`），
        // 同一时刻只有一个能用（`Mutex`）。
        let bytes = Arc::new(Mutex::new(Vec::<u8>::new()));

        let kept = bytes.clone();
        socket.on(event::Data, move |_, data| {
            // TODO: this keeps the last piece only. Keep all pieces, one after the other.
            // TODO：这里只留下了最后一块。要把每一块依次接在后面，全都留着。
            *kept.lock().unwrap() = data.to_vec();
        });
        socket.on(event::End, move |_, ()| {
            let bytes = bytes.lock().unwrap();
            // TODO: also print each byte as a number: `3 bytes: 72 105 10`.
            // TODO：还要把每个字节写成数字：`3 bytes: 72 105 10`。
            println!("{} bytes", bytes.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

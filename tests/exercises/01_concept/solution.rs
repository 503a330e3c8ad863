//! Exercise 01, solved: each piece is kept, and the report is printed when the client ends.
//!
//! 练习 01 的解答：每一块都留着，等客户端结束再打印报告。

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
        socket.on(event::Data, move |_, data| kept.lock().unwrap().extend_from_slice(data));
        socket.on(event::End, move |_, ()| {
            let bytes = bytes.lock().unwrap();
            let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
            // One call prints the whole line, so the lines of two clients that end at the same time
            // do not mix.
            // 整行用一次调用打印：两个客户端同时结束，两行也不会混在一起。
            println!("{} bytes:{numbers}", bytes.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

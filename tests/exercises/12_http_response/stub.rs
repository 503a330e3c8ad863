//! Exercise 12: a page that describes the request it answers. The task is under “Exercise” in
//! lessons/12_http_response.md.
//!
//! Start it with `cargo run -- run 12`, and open http://127.0.0.1:10086/ in a browser, or use
//! `curl -i http://127.0.0.1:10086/`. It works. Now let a strict client look at it:
//! `cargo run -- check 12`.
//!
//! 练习 12：一个页面，谁来问，就告诉谁问的是什么。
//! 题目见 lessons/zh/12_http_response.md 的“练习”一节。
//!
//! 用 `cargo run -- run 12` 启动它，在浏览器里打开 http://127.0.0.1:10086/，
//! 或者用 `curl -i http://127.0.0.1:10086/`：没问题。现在让一个什么都不放过的客户端来问：
//! `cargo run -- check 12`。

use net::event;
use net_notes as net;

/// The text of the page: the path of the request, and the number of lines in its head.
/// 页面上的文字：请求的路径，请求的头部有几行。
fn page(request: &str) -> String {
    let path = request.split_whitespace().nth(1).unwrap_or("?");
    let lines = request.lines().take_while(|line| !line.is_empty()).count();
    format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n")
}

/// The whole response: a head, a blank line, and the page.
/// 完整的响应：头部、空行、页面。
fn answer(request: &str) -> String {
    // TODO: how must a line of a head end? And how does the client know how long the page is?
    // TODO：头部的行该怎么结尾？客户端又怎么知道页面有多长？
    format!(
        "HTTP/1.1 200 OK
Content-Type: text/plain; charset=utf-8
Connection: close

{}",
        page(request)
    )
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(10086), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // TODO: are the bytes of one read the whole request? And what happens to the bytes that the
        // client is still sending when we close?
        // TODO：一次读到的就是整个请求吗？还有，关闭的时候客户端还在发，那些字节会怎样？
        socket.on(event::Text, |socket, request| {
            socket.write(answer(request));
            socket.destroy();
        });
        // The server continues after an error.
        // 出了错，服务器也继续运行。
        socket.on(event::Error, |_, error| eprintln!("{error}"));
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

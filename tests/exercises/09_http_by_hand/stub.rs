//! Exercise 09: a client that requests a page from a web server, and prints its body. The task is
//! under “Exercise” in lessons/09_http_by_hand.md.
//!
//! Start it with `cargo run -- run 09 HOST PORT PATH`, against any web server: it works if the page
//! is short. Now let it talk to all kinds of servers: `cargo run -- check 09`.
//!
//! 练习 09：一个向 Web 服务器请求页面、打印正文的客户端。
//! 题目见 lessons/zh/09_http_by_hand.md 的“练习”一节。
//!
//! 用 `cargo run -- run 09 HOST PORT PATH` 启动它，哪个 Web 服务器都行；页面短的话，没问题。
//! 现在让它去问各种各样的服务器：`cargo run -- check 09`。

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.unwrap_or_else(|_| fail("a port is a number, 0 to 65535"));
    let path = args.next().unwrap_or("/".into());

    let client = net::connect((&host, port), |_| {});
    client.write(format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));

    // TODO: this takes the first piece for the whole response. Collect the pieces until the head is
    // complete, and look there for the length of the body. When that many bytes have arrived, print
    // them, and nothing else.
    // TODO：这里把收到的第一块当成了整个响应。要一块一块攒起来，等头部收全，看里面说正文有多长；
    // 收够那么多字节，就打印这些字节，别的什么都不打印。
    client.on(event::Data, |client, piece| {
        let answer = String::from_utf8_lossy(piece);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        print!("{body}");
        client.destroy();
    });

    // TODO: if the server ends before all of that has arrived, call `fail`.
    // TODO：要是还没收全，服务器就结束了，就调用 `fail`。
    if let Err(error) = client.run() {
        fail(&format!("{host} port {port}: {error}"));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

//! Exercise 04: a client that collects the whole answer. The task is under “Exercise” in
//! lessons/04_client.md.
//!
//! Start a server in one terminal, `cargo run --example 03_server`, and this client in another:
//! `cargo run -- run 04`. Then let other servers answer it: `cargo run -- check 04`.
//!
//! 练习 04：一个把回复收全的客户端。题目见 lessons/zh/04_client.md 的“练习”一节。
//!
//! 在一个终端里启动服务器：`cargo run --example 03_server`；在另一个终端里启动这个客户端：
//! `cargo run -- run 04`。然后让别的服务器来回复它：`cargo run -- check 04`。

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    let client = net::connect((&host, port), |client| _ = client.write("hello\n"));

    // TODO: this prints each piece, with its length. Collect the pieces instead. When the server
    // has ended, print once: the number of all bytes on a line, and then the whole answer.
    // TODO：这里每来一块就打印一块，带上这一块的长度。要改成攒起来，等服务器结束了，只打印一次：
    // 先是单独一行的总字节数，然后是完整的回复。
    client.on(event::Text, |_, text| {
        println!("{} bytes", text.len());
        print!("{text}");
    });

    // TODO: if there is no server, say so on standard error, with host and port, and exit with
    // status 1.
    // TODO：没有服务器的话，在标准错误上说明，写上主机和端口，并以退出状态 1 结束。
    client.run().unwrap();
}

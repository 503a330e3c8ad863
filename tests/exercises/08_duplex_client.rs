//! Exercise 08: a client that counts Chinese characters. The task is under “Exercise” in
//! lessons/08_duplex_client.md.
//!
//! Start a server first, in a second terminal: `nc -l 5000`. Then start the client with
//! `cargo run -- run 08 127.0.0.1 5000`. Or let the check be its server: `cargo run -- check 08`.
//!
//! 练习 08：一个数汉字的客户端。题目见 lessons/zh/08_duplex_client.md 的“练习”一节。
//!
//! 先在另一个终端里启动服务器：`nc -l 5000`。
//! 再用 `cargo run -- run 08 127.0.0.1 5000` 启动这个客户端。也可以让检查来当它的服务器：
//! `cargo run -- check 08`。

use std::sync::atomic::{AtomicUsize, Ordering};

use net::event;
use net_notes as net;

/// The number of Chinese characters the server has sent so far.
/// 到目前为止，服务器发来了几个汉字。
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether this is one of the 20,992 characters that Unicode calls "CJK Unified Ideographs".
/// 是不是 Unicode 里“中日韩统一表意文字”这 20992 个字之一。
fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // TODO 1: if the host begins with `http://`, or if there is no port, say so with `fail`.
    // TODO 1：主机前面带了 `http://`，或者没给端口，就用 `fail` 说明。
    let (host, port) = (&args[0], &args[1]);
    let port: u16 = port.parse().expect("a port is a number, 0 to 65535");

    let socket = net::create_connection((host, port), |_| {});
    // TODO 2: this counts piece by piece, but a character may be split between two pieces.
    // TODO 2：这里一块一块地数，可一个汉字可能分两块到。
    socket.on(event::Data, |_, data| {
        for c in String::from_utf8_lossy(data).chars() {
            if is_chinese(c) {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            if c == '\n' {
                println!("so far: {}", COUNT.load(Ordering::Relaxed));
            }
        }
    });
    // TODO 3: send each line as soon as it is typed. At the end of the input, end our direction.
    // TODO 3：每输入一行，就马上发出去。输入结束，就关闭写方向。

    // TODO 4: when the server has ended, too, print `in all: …`.
    // TODO 4：等服务器也结束了，打印 `in all: …`。
    if let Err(error) = socket.run() {
        fail(&error.to_string());
    }
}

/// Prints the message on standard error, and exits with status 1.
/// 在标准错误上打印这句话，并以退出状态 1 结束。
fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

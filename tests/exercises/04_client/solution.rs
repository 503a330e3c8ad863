//! Exercise 04, solved: nothing is printed until `run` returns; then the whole answer is printed.
//!
//! 练习 04 的解答：`run` 返回之前什么都不打印，返回之后一次打印完。

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    let client = net::connect((&host, port), |client| _ = client.write("hello\n"));

    // Bytes, not text: a piece may end in the middle of a character, and the printed number counts
    // bytes.
    // 攒的是字节，不是文本：一块可能断在一个字符中间，而且要数的是字节。
    let answer = Arc::new(Mutex::new(Vec::new()));
    let so_far = answer.clone();
    client.on(event::Data, move |_, data| so_far.lock().unwrap().extend_from_slice(data));

    if let Err(error) = client.run() {
        eprintln!("cannot get an answer from {host} port {port}: {error}");
        std::process::exit(1);
    }
    let answer = answer.lock().unwrap();
    println!("{} bytes", answer.len());
    print!("{}", String::from_utf8_lossy(&answer));
}

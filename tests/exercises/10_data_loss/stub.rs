//! Exercise 10: a server that never loses a byte. The task is under “Exercise” in
//! lessons/10_data_loss.md.
//!
//! Start it with `cargo run -- run 10`, and talk to it from a second terminal: `nc 127.0.0.1 5000`.
//! Type a line: it works. Now let other clients try it: `cargo run -- check 10`.
//!
//! 练习 10：一个字节都不丢的服务器。题目见 lessons/zh/10_data_loss.md 的“练习”一节。
//!
//! 用 `cargo run -- run 10` 启动它，在另一个终端里用 `nc 127.0.0.1 5000` 和它说话。输入一行试试，
//! 没问题。现在让别的客户端来试：`cargo run -- check 10`。

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                // Perhaps too many clients are connected. Trying again at once would only keep a
                // processor busy.
                // 也许连着的客户端太多了。马上再试，只会白白占用处理器。
                eprintln!("nobody could be let in: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        // One thread for each client, so that no client waits for another.
        // 每个客户端一个线程，谁也不用等谁。
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client was lost: {error}");
            }
        });
    }
    Ok(())
}

/// Sends the client two lines: the length of its line, and the line itself.
/// 给客户端回两行：先说它那一行有多长，再把那一行原样发回去。
fn serve(mut client: TcpStream) -> std::io::Result<()> {
    // TODO: this reads once. Read the line to its end, however long it is.
    // TODO：这里只读了一次。不管这一行有多长，都要读到行尾。
    let mut buffer = [0; 1024];
    let size = client.read(&mut buffer)?;
    let line = buffer[..size].split(|&byte| byte == b'\n').next().unwrap_or_default();

    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")?;

    // TODO: when this function returns, `client` is dropped, and that closes the connection at
    // once. What if the client has sent more than its line, or is still sending? Close in steps.
    // TODO：这个函数一返回，`client` 就被 drop，连接马上关闭。要是客户端发来的比一行多，
    // 或者还在发呢？要分步关闭。
    Ok(())
}

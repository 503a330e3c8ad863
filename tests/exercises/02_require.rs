//! Exercise 02: your first server. The task is under “Exercise” in lessons/02_require.md.
//!
//! Start it with `cargo run -- run 02`, and connect to it from a second terminal:
//! `nc 127.0.0.1 5000`. Then let other clients try it: `cargo run -- check 02`.
//!
//! 练习 02：你的第一个服务器。题目见 lessons/zh/02_require.md 的“练习”一节。
//!
//! 用 `cargo run -- run 02` 启动它，在另一个终端里用 `nc 127.0.0.1 5000` 去连它。
//! 然后让别的客户端来试：`cargo run -- check 02`。

// TODO: import the library.
// TODO：引入这个库。

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    // TODO: create a server. It sends one line of your choice to each client that connects, and
    // then ends the connection.
    // TODO：创建服务器。谁连上来，就对谁说一行话（说什么由你定），然后结束连接。

    // TODO: make it listen on `port`. Once it listens, print `listening on port N` with the real
    // port number, even if `port` is 0.
    // TODO：让它监听 `port`。开始监听的时候，打印 `listening on port N`：`port` 为 0 时，
    // 也要打印真正的端口号。

    // TODO: nothing runs yet. Make the server run.
    // TODO：到这里什么都还没跑起来。让服务器运行。
    println!("nobody listens at {port} yet");
    Ok(())
}

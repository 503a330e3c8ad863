//! Exercise 03: a greeting server. The task is under “Exercise” in lessons/03_server.md.
//!
//! Start it with `cargo run -- run 03`, and talk to it from a second terminal: `nc 127.0.0.1 5000`.
//! Type a name: it works. Now let other clients try it: `cargo run -- check 03`.
//!
//! 练习 03：一个会打招呼的服务器。题目见 lessons/zh/03_server.md 的“练习”一节。
//!
//! 用 `cargo run -- run 03` 启动它，在另一个终端里用 `nc 127.0.0.1 5000` 和它说话。
//! 输入一个名字试试，没问题。现在让别的客户端来试：`cargo run -- check 03`。

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");

        // TODO: this answers each piece that arrives. Answer each line: a line may arrive in
        // several pieces, and one piece may contain several lines.
        // TODO：这里每来一块就回复一次。要改成每一行回复一次：一行可能分成几块到，
        // 一块里也可能有好几行。
        socket.on(event::Text, |socket, text| {
            let name = text.trim_end();
            socket.write(format!("Welcome, {name}!\n"));
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

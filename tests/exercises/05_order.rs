//! Exercise 05: print the order of the events, whichever side ends first. The task is under
//! “Exercise” in lessons/05_order.md.
//!
//! Run it with `cargo run -- run 05 server`, and with `cargo run -- run 05 client`: the argument
//! says which side ends first. Then let the order be checked: `cargo run -- check 05`.
//!
//! 练习 05：打印事件的次序，哪一边先结束都行。题目见 lessons/zh/05_order.md 的“练习”一节。
//!
//! 分别用 `cargo run -- run 05 server` 和 `cargo run -- run 05 client` 运行它：
//! 参数指定哪一边先结束。然后检查次序：`cargo run -- check 05`。

use net::{EventSocket, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client_first = match std::env::args().nth(1).as_deref() {
        Some("server") => false,
        Some("client") => true,
        _ => panic!("say who ends first: server or client"),
    };
    println!("the client shall end first: {client_first}");

    let server = net::create_server(|socket| {
        println!("server: connection");
        follow("server", socket);
        // TODO: here the server always ends first. Let `client_first` decide.
        // TODO：这里总是服务器先结束。要由 `client_first` 决定。
        socket.on(event::Data, |socket, _| socket.end_with("Hello"));
    });
    server.listen(("127.0.0.1", 0), |_| println!("server: listening"))?;
    let running = server.spawn();

    let client = net::connect(server.address().expect("it listens"), |client| {
        client.write("hello");
    });
    follow("client", &client);
    client.run()?;

    server.close()?;
    running.join().expect("a server does not panic")
}

/// Prints a line for each event on this side.
/// 这一边每发生一个事件，就打印一行。
fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    // TODO: the other callbacks are missing: connect, finish, end, close.
    // TODO：还缺几个回调：connect、finish、end、close。
}

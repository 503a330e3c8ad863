//! Exercise 16: a relay between clients and a server. The task is under “Exercise” in
//! lessons/16_too_fast.md.
//!
//! Start a server, `nc -l 5001`. In a second terminal, start the relay,
//! `cargo run -- run 16 5000 5001`. In a third one, be its client: `nc 127.0.0.1 5000`. What you
//! type in one window arrives in the other: it works. Now let other clients and servers use it:
//! `cargo run -- check 16`.
//!
//! 练习 16：客户端和服务器之间的中继。题目见 lessons/zh/16_too_fast.md 的“练习”一节。
//!
//! 先启动一个服务器：`nc -l 5001`；在第二个终端里启动中继：`cargo run -- run 16 5000 5001`；
//! 在第三个终端里当它的客户端：`nc 127.0.0.1 5000`。在一个窗口里输入什么，
//! 另一个窗口里就出来什么：能用。现在让别的客户端和服务器来用用看：`cargo run -- check 16`。

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut port = |default| {
        let port = args.next().map_or(Ok(default), |port| port.parse::<u16>());
        port.expect("a port is a number, 0 to 65535")
    };
    let (own, servers) = (port(5000), port(5001));
    // TODO 1: a side that has ended its direction may still receive. By default, a socket ends its
    // own direction as soon as the peer has ended.
    // TODO 1：一边关闭了写方向，另一边还可以接着发给它。可是套接字默认会在对端结束时，
    // 把自己这个方向也结束掉。
    let relay = net::create_server(move |client| {
        let server = net::connect(("127.0.0.1", servers), |_| {});

        // TODO 2: `write` takes everything. What happens if the peer reads nothing?
        // TODO 2：`write` 来者不拒。对端要是什么都不读呢？
        let to = server.clone();
        client.on(event::Data, move |_, data| _ = to.write(data));
        let to = client.clone();
        server.on(event::Data, move |_, data| _ = to.write(data));

        // TODO 3: when one side has ended, pass that on to the other side.
        // TODO 3：一边结束了，要把结束转给另一边。

        // TODO 4: when a connection is lost, the other one must end, too. So far, a lost connection
        // is only reported.
        // TODO 4：一条连接断了，另一条也要结束。现在只是打印一句话而已。
        client.on(event::Error, |_, error| eprintln!("a client: {error}"));
        server.on(event::Error, |_, error| eprintln!("the server: {error}"));
        drop(server.spawn());
    });
    relay.listen(own, |relay| {
        let port = relay.address().and_then(|at| at.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    relay.run()
}

//! Exercise 16, solved: a pipe in each direction, each of which ends its own direction only.
//!
//! 练习 16 的解答：两个方向各接一条管道，每条只结束自己那个方向。

use net::{ConnectOptions, EventSocket, Server, ServerOptions, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut port = |default| {
        let port = args.next().map_or(Ok(default), |port| port.parse::<u16>());
        port.expect("a port is a number, 0 to 65535")
    };
    let (own, servers) = (port(5000), port(5001));
    // On both connections, a side that has ended its direction may still receive.
    // 两条连接都一样：一边关闭了写方向，还可以接着收。
    let relay = Server::new(ServerOptions::default().allow_half_open(true));
    relay.on(event::Connection, move |_, client| {
        let to = ConnectOptions::from(("127.0.0.1", servers));
        let server = EventSocket::new(to.allow_half_open(true));

        // Each pipe stops reading while its target is full, and passes the end on.
        // 目标满了，管道就停下不读；来源结束了，管道把结束转过去。
        client.pipe(&server);
        server.pipe(client);

        // A lost connection has no end that a pipe could pass on.
        // 连接断了，就没有“结束”可以让管道转。
        for (one, other) in [(client, &server), (&server, client)] {
            let other = other.clone();
            one.on(event::Error, |_, error| eprintln!("a connection was lost: {error}"));
            one.on(event::Close, move |_, had_error| {
                if had_error {
                    other.destroy();
                }
            });
        }
        drop(server.spawn());
    });
    relay.listen(own, |relay| {
        let port = relay.address().and_then(|at| at.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    relay.run()
}

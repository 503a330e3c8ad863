//! Exercise 05, solved: either side can end first, and each side prints its events.
//!
//! 练习 05 的解答：哪一边都可以先结束，两边各自打印自己的事件。

use net::{EventSocket, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client_first = match std::env::args().nth(1).as_deref() {
        Some("server") => false,
        Some("client") => true,
        _ => panic!("say who ends first: server or client"),
    };
    let server = net::create_server(move |socket| {
        println!("server: connection");
        follow("server", socket);
        socket.on(event::Data, move |socket, _| {
            socket.write("Hello");
            // Otherwise the client has ended already, and this side ends automatically.
            // 否则客户端已经结束，这一边会自动跟着结束。
            if !client_first {
                socket.end();
            }
        });
    });
    server.listen(("127.0.0.1", 0), |_| println!("server: listening"))?;
    let running = server.spawn();

    let client = net::connect(server.address().expect("it listens"), move |client| {
        client.write("hello");
        if client_first {
            client.end();
        }
    });
    follow("client", &client);
    client.run()?;

    server.close()?;
    running.join().expect("a server does not panic")
}

/// Prints a line for each event on this side.
/// 这一边每发生一个事件，就打印一行。
fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Connect, move |_, ()| println!("{side}: connect"));
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    socket.on(event::Finish, move |_, ()| println!("{side}: finish"));
    socket.on(event::End, move |_, ()| println!("{side}: end"));
    socket.on(event::Close, move |_, _| println!("{side}: close"));
}

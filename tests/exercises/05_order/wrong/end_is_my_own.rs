//! Wrong: it takes `end` for its own end, so it prints it where it calls `end()`, and "finish" when the other side has ended.

use net::{EventSocket, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client_first = std::env::args().nth(1).as_deref() == Some("client");
    let server = net::create_server(move |socket| {
        println!("server: connection");
        follow("server", socket);
        socket.on(event::Data, move |socket, _| {
            socket.write("Hello");
            if !client_first {
                println!("server: end");
                socket.end();
            }
        });
        socket.on(event::End, move |_, ()| {
            if client_first {
                println!("server: end");
            }
        });
    });
    server.listen(("127.0.0.1", 0), |_| println!("server: listening"))?;
    let running = server.spawn();

    let client = net::connect(server.address().expect("it listens"), move |client| {
        println!("client: connect");
        client.write("hello");
        if client_first {
            println!("client: end");
            client.end();
        }
    });
    follow("client", &client);
    client.on(event::End, move |_, ()| {
        if !client_first {
            println!("client: end");
        }
    });
    client.run()?;

    server.close()?;
    running.join().expect("a server does not panic")
}

fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    socket.on(event::End, move |_, ()| println!("{side}: finish"));
    socket.on(event::Close, move |_, _| println!("{side}: close"));
}

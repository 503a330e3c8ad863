//! Wrong: nobody closes the server, so it waits for more clients, and the program for the server.

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
    running.join().expect("a server does not panic")
}

fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Connect, move |_, ()| println!("{side}: connect"));
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    socket.on(event::Finish, move |_, ()| println!("{side}: finish"));
    socket.on(event::End, move |_, ()| println!("{side}: end"));
    socket.on(event::Close, move |_, _| println!("{side}: close"));
}

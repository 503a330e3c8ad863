//! Wrong: it prints all callbacks, but the server ends first, whatever the argument says.

use net::{EventSocket, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|socket| {
        println!("server: connection");
        follow("server", socket);
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

fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Connect, move |_, ()| println!("{side}: connect"));
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    socket.on(event::Finish, move |_, ()| println!("{side}: finish"));
    socket.on(event::End, move |_, ()| println!("{side}: end"));
    socket.on(event::Close, move |_, _| println!("{side}: close"));
}

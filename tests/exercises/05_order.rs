//! Exercise 05: print the order, either side first. The task is at the end of lessons/05_order.md.
//!
//! Run it with `cargo run -- run 05 server`, and with `cargo run -- run 05 client`: the argument says who ends first. Then
//! let the order be judged: `cargo run -- check 05`.

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

/// Prints a line whenever something happens on this side.
fn follow(side: &'static str, socket: &EventSocket) {
    socket.on(event::Data, move |_, _| println!("{side}: data"));
    // TODO: the other callbacks are missing: connect, finish, end, close.
}

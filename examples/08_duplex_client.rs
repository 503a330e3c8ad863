//! A client that writes and reads at the same time, and how text arrives in pieces.
//!
//! ```sh
//! cargo run --example 08_duplex_client                        # to its own server: no network
//! cargo run --example 08_duplex_client -- www.baidu.com 80    # to a real one
//! ```
//! With its own server, which writes the six bytes of `你好` as four and two, it prints:
//! ```text
//! connected
//! received 4 bytes: 你�
//! as text: 你
//! received 2 bytes: ��
//! as text: 好
//! closed
//! ```
use net::{Endpoint, event};
use net_notes as net;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let to = match &args[..] {
        [] => own_server(),
        [host, _] if host.contains("://") => fail("the host is a bare name, as in www.baidu.com"),
        [host, port] => match port.parse() {
            Ok(port) => (host, port).into(),
            Err(_) => fail("a port is a number, 0 to 65535"),
        },
        _ => fail("after -- goes nothing, or HOST PORT; a port has no default"),
    };
    let socket = net::create_connection(to.clone(), |_| println!("connected"));
    socket.write("hello"); // long before there is a connection, for which it waits
    socket.on(event::Data, |socket, data| {
        println!("received {} bytes: {}", data.len(), String::from_utf8_lossy(data));
        socket.end(); // we write no more, but still read
    });
    socket.on(event::Text, |_, text| println!("as text: {text}"));
    socket.on(event::Close, |_, _| println!("closed"));
    if let Err(error) = socket.run() {
        fail(&format!("{to}: {error}\nNo network? Without HOST PORT this brings its own server."));
    }
}

/// Starts a server that sends at once, reads meanwhile, and sends again before it ends.
fn own_server() -> Endpoint {
    let server = net::create_server(|socket| {
        let (first, second) = "你好".as_bytes().split_at(4);
        socket.write(first);
        socket.on(event::Data, |_, _| {}); // it will be "hello"
        // The client ends when it has read the first piece, so the second is never read together
        // with it.
        socket.on(event::End, move |socket, ()| socket.end_with(second));
    });
    server.listen(("127.0.0.1", 0), |_| {}).expect("some port is free");
    let at = server.address().expect("it listens");
    drop(server.spawn()); // it runs until the program ends
    at.into()
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

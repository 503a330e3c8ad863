//! A server of the library, and a client of plain std.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client_first = std::env::args().nth(1).expect("server or client") == "client";
    let server = net::create_server(move |socket| {
        println!("server: connection");
        socket.on(event::Data, move |socket, _| {
            println!("server: data");
            socket.write("Hello");
            if !client_first {
                socket.end();
            }
        });
        socket.on(event::Finish, |_, ()| println!("server: finish"));
        socket.on(event::End, |_, ()| println!("server: end"));
        socket.on(event::Close, |_, _| println!("server: close"));
    });
    server.listen(("127.0.0.1", 0), |_| println!("server: listening"))?;
    let running = server.spawn();

    // The client in plain std, as in examples/04_client_std.rs.
    let mut client = TcpStream::connect(server.address().unwrap().to_string())?;
    println!("client: connect");
    client.write_all(b"hello")?;
    if client_first {
        client.shutdown(Shutdown::Write)?;
        println!("client: finish");
    }
    let mut buffer = [0; 64];
    while client.read(&mut buffer)? > 0 {
        println!("client: data");
    }
    println!("client: end");
    if !client_first {
        client.shutdown(Shutdown::Write)?;
        println!("client: finish");
    }
    drop(client);
    println!("client: close");

    server.close()?;
    running.join().unwrap()
}

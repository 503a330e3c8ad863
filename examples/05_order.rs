//! The order of all callbacks of both sides, and the events on the wire. Twice, as either side may
//! end first. `cargo run --example 05_order` prints this, with a diagram after each part
//! (`-- 5001`: another port; `-- --svg order.svg`: the last diagram as a picture, too):
//! ```text
//! The server ends first, at 127.0.0.1:5000
//!   server  1 listening  2 connection  3 data  4 finish  5 end  6 close
//!   client  1 connect  2 data  3 end  4 finish  5 close
//! The client ends first, at 127.0.0.1:5000
//!   server  1 listening  2 connection  3 data  4 end  5 finish  6 close
//!   client  1 connect  2 finish  3 data  4 end  5 close
//! ```
use calls::{CLIENT, SERVER};
use net::{EventSocket, event, trace::Recorder};
use net_notes as net;
use std::error::Error;

#[path = "05_order/calls.rs"]
mod calls;
mod svg;

fn main() -> Result<(), Box<dyn Error>> {
    talk("server", [|client| _ = client.write("hello"), |socket| socket.end_with("Hello")])?;
    talk("client", [|client| client.end_with("hello"), |socket| _ = socket.write("Hello")])
}

fn talk(first: &str, [hello, answer]: [fn(&EventSocket); 2]) -> Result<(), Box<dyn Error>> {
    let server = net::create_server(move |socket| {
        SERVER.note("connection");
        SERVER.follow(socket);
        socket.on(event::Data, move |socket, _| answer(socket));
    });
    let mut args = svg::arguments()?;
    let port = args.pop().unwrap_or("5000".into()).parse();
    let port = port.map_err(|_| "after -- goes nothing, PORT, or HOST PORT (0 to 65535)")?;
    let host = args.pop().unwrap_or("127.0.0.1".into());
    server
        .listen((&host, port), |_| SERVER.note("listening"))
        .map_err(|error| format!("{host} {port}: {error}. AirPlay on macOS? Take `-- 5001`"))?;
    let at = server.address().expect("it listens");
    let client = net::connect(at.clone(), hello);
    CLIENT.follow(&client);
    let recorder = Recorder::new();
    recorder.watch_server("server", &server);
    recorder.watch("client", &client);
    let running = server.spawn();
    client.run()?;
    server.close()?;
    running.join().expect("a server does not panic")?;
    println!("The {first} ends first, at {at}");
    println!("  server{}", SERVER.take());
    println!("  client{}", CLIENT.take());
    println!("{recorder}");
    svg::save(&recorder)
}

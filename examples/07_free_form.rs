//! Five conversations that TCP allows and HTTP does not. `cargo run --example 07_free_form`
//! prints this, with diagrams (`-- 5001`: another port; `-- --svg free.svg`: a picture of the last):
//! ```text
//! 1 A request without an answer
//! 2 One request, three answers
//! 3 The server speaks first
//! 4 Two messages, one read
//! 5 One message, two reads
//! ```
mod svg;
use net::{EventSocket, event, trace::Recorder};
use net_notes as net;
use std::{error::Error, sync::Barrier};

/// One side of a conversation, given its socket.
type Side = fn(&EventSocket);
/// Both sides of the fifth conversation wait here: the first half of the message has been read.
static HALF: Barrier = Barrier::new(2);

fn main() -> Result<(), Box<dyn Error>> {
    let silent: Side = |_| {};
    talk("1 A request without an answer", |client| client.end_with("a note"), silent)?;
    let three: Side = |server| {
        server.on(event::Data, |server, _| _ = ["one", "two", "three"].map(|it| server.write(it)));
    };
    talk("2 One request, three answers", |client| client.end_with("count"), three)?;
    talk("3 The server speaks first", silent, |server| server.end_with("good morning"))?;
    let two: Side = |client| {
        client.write("message 1,");
        client.end_with("message 2,");
    };
    talk("4 Two messages, one read", two, silent)?;
    let halves: Side = |client| {
        client.once(event::Connect, |client, ()| {
            client.write("half a mes");
            HALF.wait();
            client.end_with("sage");
        });
    };
    let half: Side = |server| _ = server.once(event::Data, |_, _| _ = HALF.wait());
    talk("5 One message, two reads", halves, half)
}

fn talk(title: &str, client_side: Side, server_side: Side) -> Result<(), Box<dyn Error>> {
    let server = net::create_server(move |socket| {
        socket.on(event::Data, |_, _| {}); // reads and drops the data
        server_side(socket);
    });
    let port = svg::arguments()?.pop().unwrap_or("5000".into()).parse::<u16>();
    server
        .listen(port.map_err(|_| "after -- goes nothing, or a port: 0 to 65535")?, |_| {})
        .map_err(|error| format!("{error}. AirPlay on macOS? Take `-- 5001`"))?;
    let client = EventSocket::new(server.address().expect("it listens"));
    client.on(event::Data, |_, _| {});
    client_side(&client);
    let recorder = Recorder::new();
    recorder.watch_server("server", &server);
    recorder.watch("client", &client);
    let running = server.spawn();
    client.run()?;
    server.close()?;
    running.join().expect("a server does not panic")?;
    println!("{title}\n{recorder}");
    svg::save(&recorder)
}

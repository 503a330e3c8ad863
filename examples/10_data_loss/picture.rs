//! For `--svg`: one visit to a server that has not read the request, and one to a server that has.
//! With the library.

use net::{EventSocket, Server, event, trace::Recorder};
use net_notes as net;
use std::sync::{Mutex, PoisonError, mpsc::channel};
use std::{error::Error, io};

pub fn draw() -> Result<(), Box<dyn Error>> {
    let recorder = Recorder::new();

    let (sent, request_is_there) = channel();
    let request_is_there = Mutex::new(request_is_there);
    let hasty = net::create_server(move |socket| {
        let _ = request_is_there.lock().unwrap_or_else(PoisonError::into_inner).recv();
        socket.write("answer");
        socket.destroy();
    });
    recorder.watch_server("answers, closes", &hasty);
    visit(hasty, &recorder, move |client| {
        client.write_then("request", move |_| _ = sent.send(()));
    })?;

    let patient = net::create_server(|socket| {
        socket.on(event::Data, |_, _| {}); // read, whatever it is
        socket.on(event::End, |socket, ()| socket.end_with("answer"));
    });
    recorder.watch_server("reads to the end", &patient);
    visit(patient, &recorder, |client| client.end_with("request"))?;

    print!("{recorder}");
    crate::svg::save(&recorder)
}

fn visit(
    server: Server,
    recorder: &Recorder,
    ask: impl FnOnce(&EventSocket) + Send + 'static,
) -> io::Result<()> {
    server.listen(("127.0.0.1", 0), |_| {})?;
    let client = net::connect(server.address().expect("it listens"), ask);
    client.on(event::Data, |_, _| {});
    client.on(event::Error, |_, _| {}); // the reset
    recorder.watch("client", &client);
    let running = server.spawn();
    client.run()?;
    server.close()?;
    running.join().expect("a server does not panic")
}

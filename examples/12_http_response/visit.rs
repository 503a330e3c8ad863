//! One visit, watched from both sides, and drawn.

use net::{event, trace::Recorder};
use net_notes as net;
use std::error::Error;

/// A client asks for `/`, and leaves when the server has ended.
pub fn draw() -> Result<(), Box<dyn Error>> {
    let server = crate::server(|_| {});
    server.listen(("127.0.0.1", 0), |_| {})?;
    let client = net::connect(server.address().expect("it listens"), |client| {
        client.write("GET / HTTP/1.1\r\nHost: me\r\n\r\n");
    });
    client.on(event::Data, |_, _| {});
    let recorder = Recorder::new();
    recorder.watch_server("server", &server);
    recorder.watch("client", &client);
    let running = server.spawn();
    client.run()?;
    server.close()?;
    running.join().expect("a server does not panic")?;
    print!("{recorder}");
    crate::svg::save(&recorder)
}

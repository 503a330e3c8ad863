//! Exercise 01, solved: every piece is kept, and the report waits for the client's end.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // What this client has sent. Two listeners need it: so each has a handle of its own (`Arc`), and only one of them at
        // a time may use it (`Mutex`).
        let bytes = Arc::new(Mutex::new(Vec::<u8>::new()));

        let kept = bytes.clone();
        socket.on(event::Data, move |_, data| kept.lock().unwrap().extend_from_slice(data));
        socket.on(event::End, move |_, ()| {
            let bytes = bytes.lock().unwrap();
            let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
            // One call for the whole line: so the lines of two clients that end at the same time do not mix.
            println!("{} bytes:{numbers}", bytes.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

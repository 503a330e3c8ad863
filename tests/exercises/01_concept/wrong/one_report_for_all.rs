//! Wrong: all clients share one list, so the bytes of two that are there at the same time end up in one report.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let bytes = Arc::new(Mutex::new(Vec::<u8>::new()));
    let server = net::create_server(move |socket| {
        let (kept, bytes) = (bytes.clone(), bytes.clone());
        socket.on(event::Data, move |_, data| kept.lock().unwrap().extend_from_slice(data));
        socket.on(event::End, move |_, ()| {
            let bytes = std::mem::take(&mut *bytes.lock().unwrap()); // the next client begins with none
            let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
            println!("{} bytes:{numbers}", bytes.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

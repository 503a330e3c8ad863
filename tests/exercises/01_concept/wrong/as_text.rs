//! Wrong: it listens to text. Bytes that are no text are replaced by something else, and the report shows that.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = text.clone();
        socket.on(event::Text, move |_, piece| kept.lock().unwrap().push_str(piece));
        socket.on(event::End, move |_, ()| {
            let text = text.lock().unwrap();
            let numbers: String = text.bytes().map(|byte| format!(" {byte}")).collect();
            println!("{} bytes:{numbers}", text.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

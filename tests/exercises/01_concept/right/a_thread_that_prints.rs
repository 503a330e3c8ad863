use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use net::{Server, ServerOptions, event};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let (reports, printer) = channel::<Vec<u8>>();
    std::thread::spawn(move || {
        for bytes in printer {
            let mut line = format!("{} bytes:", bytes.len());
            for byte in bytes {
                line += &format!(" {byte}");
            }
            println!("{line}");
        }
    });
    let server = Server::new(ServerOptions::default());
    server.on(event::Connection, move |_, socket| {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (more, reports) = (bytes.clone(), reports.clone());
        socket.on(event::Data, move |_, data| more.lock().unwrap().extend(data));
        socket.on(event::End, move |_, ()| reports.send(bytes.lock().unwrap().clone()).unwrap());
    });
    server.listen(port, |server| println!("port {}", server.address().unwrap().port().unwrap()))?;
    server.run()
}

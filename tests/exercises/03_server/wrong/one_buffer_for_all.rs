//! Wrong: the clients share one buffer, so the half line of one is put before the line of another.

use std::sync::Mutex;

use net::event;
use net_notes as net;

static LINE: Mutex<String> = Mutex::new(String::new());

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");
        socket.on(event::Text, |socket, text| {
            let mut line = LINE.lock().unwrap();
            line.push_str(text);
            while let Some(end) = line.find('\n') {
                let name: String = line.drain(..=end).collect();
                socket.write(format!("Welcome, {}!\n", name.trim_end()));
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

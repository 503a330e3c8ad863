//! Exercise 03: a greeting server. The task is at the end of lessons/03_server.md.
//!
//! Start it with `cargo run -- run 03`, and talk to it from a second terminal: `nc 127.0.0.1 5000`. Type a name: it works.
//! Now let other clients have a go: `cargo run -- check 03`.

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");

        // TODO: this answers each piece that comes. Answer each line: a line may come in several pieces, and several lines
        // in one.
        socket.on(event::Text, |socket, text| {
            let name = text.trim_end();
            socket.write(format!("Welcome, {name}!\n"));
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

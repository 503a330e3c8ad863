//! Exercise 03, solved: what has come of a line is kept until its end has come.

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");

        // This function runs once for each client: so each has a `line` of its own.
        let mut line = String::new();
        socket.on(event::Text, move |socket, text| {
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

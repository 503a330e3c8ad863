//! Wrong: it waits for the end of a line, but then takes all that has come for one line.

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");
        let mut line = String::new();
        socket.on(event::Text, move |socket, text| {
            line.push_str(text);
            if line.contains('\n') {
                socket.write(format!("Welcome, {}!\n", line.trim_end()));
                line.clear();
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

//! Wrong: it says its line and does not end, so the client waits for more.

use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server =
        net::create_server(|socket| _ = socket.write("What a fine day to learn sockets!\n"));
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

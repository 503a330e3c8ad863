//! Wrong: it prints the port that it was told, and 0 is not the number of a port.

use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server =
        net::create_server(|socket| socket.end_with("What a fine day to learn sockets!\n"));
    server.listen(port, move |_| println!("listening on port {port}"))?;
    server.run()
}

//! Wrong: it reports each piece by itself, as if what comes at once were all that comes.

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.on(event::Data, |_, data| {
            let numbers: String = data.iter().map(|byte| format!(" {byte}")).collect();
            println!("{} bytes:{numbers}", data.len());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let mut request = Vec::new();
        let mut answered = false;
        socket.on(event::Data, move |socket, data| {
            let looked = request.len();
            request.extend_from_slice(data);
            let end = request[looked..].iter().position(|&byte| byte == b'\n');
            if let (Some(end), false) = (end, answered) {
                answered = true;
                let line = &request[..looked + end];
                socket.write(format!("{} bytes\n", line.len()));
                socket.write(line);
                socket.end_with("\n");
            }
        });
        socket.on(event::End, |socket, ()| socket.destroy());
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let server = net::create_server(|socket| {
        let mut line = Some(Vec::new());
        socket.on(event::Data, move |socket, data| {
            let Some(mut so_far) = line.take() else { return };
            match data.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    so_far.extend_from_slice(&data[..end]);
                    socket.write(format!("{} bytes\n", so_far.len()));
                    so_far.push(b'\n');
                    socket.end_with(so_far);
                }
                None => {
                    so_far.extend_from_slice(data);
                    line = Some(so_far);
                }
            }
        });
        socket.on(event::Error, |_, error| eprintln!("lost: {error}"));
    });
    server.listen(port, |server| {
        println!("listening on port {}", server.address().unwrap().port().unwrap());
    })?;
    server.run()
}

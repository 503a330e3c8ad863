use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    let port = std::env::args().nth(1).unwrap_or_default();
    server.listen(port, |_| {})?;
    server.run()
}

use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    server.listen(0, |_| {})?;
    let client = net::connect(server.address(), |_| {});
    client.run()
}

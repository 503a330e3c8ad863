use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    server.listen("127.0.0.1:7000", |_| {})?;
    server.run()
}

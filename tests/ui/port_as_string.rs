use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    server.listen("5000", |_| {})?;
    server.run()
}

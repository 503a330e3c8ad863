use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    let port: i32 = 5000;
    server.listen(port, |_| {})?;
    server.run()
}

use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    server.on("connection", |_, _| println!("connected"));
    server.run()
}

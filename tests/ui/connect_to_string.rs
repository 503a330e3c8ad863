use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::connect("127.0.0.1:7000", |_| {});
    client.run()
}

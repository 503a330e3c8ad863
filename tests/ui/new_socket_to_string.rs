use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::EventSocket::new("127.0.0.1:7000");
    client.run()
}

use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::connect("localhost", 5000, |_| {});
    client.run()
}

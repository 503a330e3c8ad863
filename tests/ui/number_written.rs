use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::connect(5000, |_| {});
    client.write(42);
    client.run()
}

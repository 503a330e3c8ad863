use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::connect(5000, |_| {});
    client.on(event::Data, |_, data| println!("{data}"));
    client.run()
}

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let client = net::connect(5000, |_| {}).on(event::End, |_, ()| println!("over"));
    client.run()
}

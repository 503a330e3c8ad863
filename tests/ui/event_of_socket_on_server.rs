use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|_| {});
    server.on(event::Data, |_, data| println!("{data:?}"));
    server.run()
}

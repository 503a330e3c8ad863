//! Wrong: it takes the first piece for the answer, and leaves. The rest is lost, and there is no error.

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");

    let client = net::connect((&host, port), |client| _ = client.write("hello\n"));
    client.on(event::Text, |client, text| {
        println!("{} bytes", text.len());
        print!("{text}");
        client.destroy();
    });
    if let Err(error) = client.run() {
        eprintln!("cannot get an answer from {host} port {port}: {error}");
        std::process::exit(1);
    }
}

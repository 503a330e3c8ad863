use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let pieces = Arc::new(Mutex::new(Vec::new()));
    let all = pieces.clone();
    let client = net::connect(5000, |_| {});
    client.on(event::Data, move |_, data| all.lock().unwrap().push(data));
    client.run()
}

//! Exercise 11: a chat room. The task is at the end of lessons/11_server_events.md.
//!
//! Start it with `cargo run -- run 11`, and enter from two other terminals: `nc 127.0.0.1 5000`. Say something.
//! Now let other clients come in, and one of them never read: `cargo run -- check 11`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use net::{EventSocket, event, framing::Lines};
use net_notes as net;

/// Who is in the room. A socket is a handle: all clones of it are the same connection, and equal.
type Room = Mutex<Vec<EventSocket>>;

/// Everybody here gets this line.
fn tell(here: &[EventSocket], line: &str) {
    for one in here {
        // TODO 3: `write` never waits, and what the kernel does not take it keeps in our memory. For one that does not read,
        // more than 8 MiB must not wait there.
        one.write(line);
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let room: Arc<Room> = Arc::default();
    let clients = AtomicUsize::new(0);
    let server = net::create_server(move |socket| {
        let number = clients.fetch_add(1, Ordering::Relaxed) + 1;
        let mut here = room.lock().unwrap(); // till the end of this function: nobody else comes or speaks meanwhile
        socket.write(format!("You are {number}.\n"));
        tell(&here, &format!("{number} has come.\n"));
        here.push(socket.clone());
        // TODO 2: when it has left, in whatever way, it is not in the room any more, and the others hear `1 has left.`

        let room = room.clone();
        let mut lines = Lines::new(1 << 20);
        socket.on(event::Data, move |socket, data| {
            for line in lines.feed(data) {
                let Ok(line) = line else { return socket.destroy() }; // more than 1 MiB
                let line = String::from_utf8_lossy(&line);
                // TODO 1: the one who speaks does not want to hear it.
                tell(&room.lock().unwrap(), &format!("{number}: {line}\n"));
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

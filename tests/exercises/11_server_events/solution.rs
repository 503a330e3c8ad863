//! Exercise 11, solved: nobody waits for the one that does not read, and not everything is kept for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use net::{EventSocket, event, framing::Lines};
use net_notes as net;

/// Who is in the room. A socket is a handle: all clones of it are the same connection, and equal.
type Room = Mutex<Vec<EventSocket>>;

/// So many bytes may wait for one that does not read.
const LIMIT: usize = 8 << 20;

/// Everybody here but this one gets the line.
fn tell_others(here: &[EventSocket], than: &EventSocket, line: &str) {
    for one in here.iter().filter(|one| *one != than) {
        if one.writable_length() > LIMIT {
            one.destroy(); // and Close follows, as for all who leave
        } else {
            one.write(line);
        }
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
        tell_others(&here, socket, &format!("{number} has come.\n"));
        here.push(socket.clone());

        let left = room.clone();
        socket.on(event::Close, move |socket, _| {
            let mut here = left.lock().unwrap();
            here.retain(|one| one != socket);
            tell_others(&here, socket, &format!("{number} has left.\n"));
        });

        let room = room.clone();
        let mut lines = Lines::new(1 << 20);
        socket.on(event::Data, move |socket, data| {
            for line in lines.feed(data) {
                let Ok(line) = line else { return socket.destroy() }; // more than 1 MiB
                let line = String::from_utf8_lossy(&line);
                tell_others(&room.lock().unwrap(), socket, &format!("{number}: {line}\n"));
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

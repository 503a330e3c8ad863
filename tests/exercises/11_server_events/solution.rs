//! Exercise 11, solved: no client waits for one that does not read, and what is kept for that one
//! has a limit.
//!
//! 练习 11 的解答：有客户端不读，谁也不用等它；替它留着的也有上限。

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use net::{EventSocket, event, framing::Lines};
use net_notes as net;

/// The clients in the room. A socket is a handle: all its clones are the same connection, and
/// equal.
/// 聊天室里的客户端。套接字是句柄：克隆出来的都是同一条连接，彼此相等。
type Room = Mutex<Vec<EventSocket>>;

/// The number of bytes that may wait for a client that does not read.
/// 客户端不读的时候，最多替它留多少字节。
const LIMIT: usize = 8 << 20;

/// Sends the line to every client in the room but this one.
/// 把这一行发给聊天室里除它以外的每个客户端。
fn tell_others(here: &[EventSocket], than: &EventSocket, line: &str) {
    for one in here.iter().filter(|one| *one != than) {
        if one.writable_length() > LIMIT {
            // Close follows, as for every client that leaves.
            // 随后触发 Close，和别的客户端离开时一样。
            one.destroy();
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
        // Locked until this function returns: no other client enters or speaks in the meantime.
        // 锁到这个函数返回为止：这期间谁也进不来，谁也说不了话。
        let mut here = room.lock().unwrap();
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
                // The line is longer than 1 MiB.
                // 这一行超过了 1 MiB。
                let Ok(line) = line else { return socket.destroy() };
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

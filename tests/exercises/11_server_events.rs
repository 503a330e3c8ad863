//! Exercise 11: a chat room. The task is under “Exercise” in lessons/11_server_events.md.
//!
//! Start it with `cargo run -- run 11`, and enter from two other terminals: `nc 127.0.0.1 5000`.
//! Say something. Now let other clients enter, one of which never reads: `cargo run -- check 11`.
//!
//! 练习 11：一个聊天室。题目见 lessons/zh/11_server_events.md 的“练习”一节。
//!
//! 用 `cargo run -- run 11` 启动它，在另外两个终端里用 `nc 127.0.0.1 5000` 进聊天室，说点什么。
//! 现在让别的客户端进来，其中一个从来不读：`cargo run -- check 11`。

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use net::{EventSocket, event, framing::Lines};
use net_notes as net;

/// The clients in the room. A socket is a handle: all its clones are the same connection, and
/// equal.
/// 聊天室里的客户端。套接字是句柄：克隆出来的都是同一条连接，彼此相等。
type Room = Mutex<Vec<EventSocket>>;

/// Sends this line to every client in the room.
/// 把这一行发给聊天室里的每个客户端。
fn tell(here: &[EventSocket], line: &str) {
    for one in here {
        // TODO 3: `write` never waits: bytes that the kernel does not take stay in our memory. For
        // a client that does not read, at most 8 MiB may stay there.
        // TODO 3：`write` 从不等待：内核没收下的，就留在我们的内存里。客户端不读，
        // 替它留着的就不能超过 8 MiB。
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
        // Locked until this function returns: no other client enters or speaks in the meantime.
        // 锁到这个函数返回为止：这期间谁也进不来，谁也说不了话。
        let mut here = room.lock().unwrap();
        socket.write(format!("You are {number}.\n"));
        tell(&here, &format!("{number} has come.\n"));
        here.push(socket.clone());
        // TODO 2: when this client has left, in whatever way, it must no longer be in the room, and
        // the others must receive `1 has left.`
        // TODO 2：这个客户端走了，不管是怎么走的，聊天室里都不能再有它，
        // 还要告诉其他人 `1 has left.`

        let room = room.clone();
        let mut lines = Lines::new(1 << 20);
        socket.on(event::Data, move |socket, data| {
            for line in lines.feed(data) {
                // The line is longer than 1 MiB.
                // 这一行超过了 1 MiB。
                let Ok(line) = line else { return socket.destroy() };
                let line = String::from_utf8_lossy(&line);
                // TODO 1: the client that sent the line must not receive it.
                // TODO 1：自己说的话，不用再发给自己。
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

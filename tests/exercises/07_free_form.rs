//! Exercise 07: a server that numbers lines. The task is under “Exercise” in
//! lessons/07_free_form.md.
//!
//! Start it with `cargo run -- run 07`, and talk to it from a second terminal: `nc 127.0.0.1 5000`.
//! Type some lines: it works. Now let other clients try it: `cargo run -- check 07`.
//!
//! 练习 07：一个给行编号的服务器。题目见 lessons/zh/07_free_form.md 的“练习”一节。
//!
//! 用 `cargo run -- run 07` 启动它，在另一个终端里用 `nc 127.0.0.1 5000` 和它说话。输入几行试试，
//! 没问题。现在让别的客户端来试：`cargo run -- check 07`。

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

/// The length of the longest line that is accepted, in bytes. The line end does not count.
/// 能接受的最长的行有多少字节，行尾不算。
const LONGEST: usize = 1000;

/// The lines of one client. No socket is needed here: bytes go in, answers come out.
/// 一个客户端的各行。这里用不着套接字：进去的是字节，出来的是回复。
#[derive(Default)]
struct Lines {
    /// The number of lines answered so far.
    /// 到目前为止，回复了多少行。
    number: usize,
}

impl Lines {
    /// Takes the bytes that have arrived, and returns the answers to them.
    /// 收下刚到的字节，返回对它们的回复。
    fn came(&mut self, data: &[u8]) -> Vec<u8> {
        // TODO: this takes the bytes of one read for whole lines. Keep an incomplete line until its
        // end arrives, but never more bytes than a line may have.
        // TODO：这里把一次读到的当成了完整的行。没到行尾的要留着，等剩下的到；
        // 但留着的不能超过一行的上限。
        let mut answers = Vec::new();
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let line = piece.strip_suffix(b"\n").unwrap_or(piece);
            answers.extend(self.answer(line));
        }
        answers
    }

    /// The client has ended its direction, so no more bytes will arrive. Returns the answers that
    /// are still due.
    /// 客户端已经关闭写方向，不会再有数据。返回还欠着的回复。
    fn ended(&mut self) -> Vec<u8> {
        // TODO: what if its last line has no line end?
        // TODO：要是最后一行没有行尾呢？
        Vec::new()
    }

    fn answer(&mut self, line: &[u8]) -> Vec<u8> {
        self.number += 1;
        let number = self.number;
        match line.len() <= LONGEST {
            true => [format!("{number} [").as_bytes(), line, b"]\n"].concat(),
            false => format!("{number} too long\n").into_bytes(),
        }
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // Two listeners share it.
        // 两个监听器共用它。
        let lines = Arc::new(Mutex::new(Lines::default()));
        let the_same = lines.clone();
        socket.on(event::Data, move |socket, data| {
            socket.write(lines.lock().unwrap().came(data));
        });
        socket.on(event::End, move |socket, ()| {
            socket.write(the_same.lock().unwrap().ended());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

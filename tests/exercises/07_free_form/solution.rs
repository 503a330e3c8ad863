//! Exercise 07, solved: an incomplete line is kept as bytes, and never more of it than the longest
//! line has.
//!
//! 练习 07 的解答：没到行尾的先按字节留着，但绝不超过一行的上限。

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
    /// The bytes of a line whose end has not arrived yet. Bytes, not text: half a character is not
    /// text.
    /// 还没到行尾的那一行，已经收到的部分。用字节，不用文本，因为半个字不是文本。
    held: Vec<u8>,
    /// That line is too long: it has been answered, and the rest of it is thrown away.
    /// 那一行太长，已经拒绝过了，剩下的都扔掉。
    refused: bool,
}

impl Lines {
    /// Takes the bytes that have arrived, and returns the answers to them.
    /// 收下刚到的字节，返回对它们的回复。
    fn came(&mut self, data: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let ended = piece.ends_with(b"\n");
            if !self.refused {
                self.held.extend_from_slice(piece);
                if ended || self.too_long() {
                    answers.extend(self.line());
                    self.refused = !ended;
                }
            } else if ended {
                self.refused = false;
            }
        }
        answers
    }

    /// The client has ended its direction, so no more bytes will arrive. Returns the answers that
    /// are still due.
    /// 客户端已经关闭写方向，不会再有数据。返回还欠着的回复。
    fn ended(&mut self) -> Vec<u8> {
        if self.held.is_empty() { Vec::new() } else { self.line() }
    }

    /// Whether the line is too long already, wherever it ends. Its last byte may be the `\r` of the
    /// line end.
    /// 不管行尾在哪里，这一行是不是已经太长了。最后一个字节可能是行尾的 `\r`。
    fn too_long(&self) -> bool {
        let end = if self.held.ends_with(b"\r") { 1 } else { 0 };
        self.held.len() > LONGEST + end
    }

    /// Takes the line out of `held`, and returns the answer to it.
    /// 从 `held` 里取出这一行，返回对它的回复。
    fn line(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let line = held.strip_suffix(b"\r\n").or(held.strip_suffix(b"\n")).unwrap_or(&held);
        self.answer(line)
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

//! Exercise 21, solved: whatever a stranger decides alone, the address, the names, the sizes, the
//! time and the number, has a limit.
//!
//! 练习 21 的解答：凡是陌生人一个人说了算的，地址、名字、大小、时间、数量，都有了限制。

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use net::event;
use net_notes as net;

/// The newest notes, the oldest of them first.
/// 最新的若干条留言，旧的在前。
type Board = Mutex<VecDeque<String>>;

/// The number of notes that the board keeps.
/// 留言板保留多少条。
const NOTES: usize = 20;
const HEAD_LIMIT: usize = 8 * 1024;
const NOTE_LIMIT: usize = 16 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 100;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let board: Arc<Board> = Arc::default();
    let server = net::create_server(move |socket| {
        // From the beginning, and not from the last byte: a byte now and then must not prolong it.
        // 从连上算起，不是从最后一个字节算起：隔一会儿来一个字节，也不能拖长。
        socket.after(TIME_LIMIT, |socket| socket.destroy());
        let port = socket.local_addr().and_then(|address| address.port()).unwrap_or_default();
        let (board, mut request, mut answered) = (board.clone(), Vec::new(), false);
        socket.on(event::Data, move |socket, piece| {
            if answered {
                // A connection carries one request: bytes after it are ignored.
                // 一条连接只有一个请求：后面再有什么都不管。
                return;
            }
            request.extend_from_slice(piece);
            if let Some(answer) = answer(&request, port, &board) {
                answered = true;
                socket.end_with(answer);
            }
        });
    });
    server.set_max_connections(Some(CONNECTIONS));
    server.listen(("127.0.0.1", port), |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

/// The answer to the bytes of a request that have arrived so far; `None` if more must arrive first.
/// 请求收到现在，该怎么响应；还没收全，就是 `None`。
fn answer(request: &[u8], port: u16, board: &Board) -> Option<Vec<u8>> {
    let blank = request.windows(4).position(|four| four == b"\r\n\r\n");
    // A head that has not ended yet counts as well.
    // 还没结束的头部也要算。
    if blank.unwrap_or(request.len()) > HEAD_LIMIT {
        return Some(message("431 Request Header Fields Too Large", "a head has 8 KiB at most\n"));
    }
    let blank = blank?;
    let head = String::from_utf8_lossy(&request[..blank]);

    let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_own = |name: &str| own.iter().any(|own| own == name);
    if !header(&head, "host").is_some_and(is_own) {
        return Some(message("421 Misdirected Request", "this is not my name\n"));
    }

    if head.starts_with("POST ") {
        let foreign = |origin: &str| !origin.strip_prefix("http://").is_some_and(is_own);
        if header(&head, "origin").is_some_and(foreign) {
            return Some(message("403 Forbidden", "not from another site\n"));
        }
        let length = header(&head, "content-length");
        let length = length.map_or(0, |length| length.parse().unwrap_or(usize::MAX));
        if length > NOTE_LIMIT {
            return Some(message("413 Content Too Large", "a note has 16 KiB at most\n"));
        }
        let note = request[blank + 4..].get(..length)?;
        let mut notes = board.lock().unwrap();
        notes.push_back(String::from_utf8_lossy(note).into_owned());
        if notes.len() > NOTES {
            notes.pop_front();
        }
    }
    Some(message("200 OK", &page(port, board)))
}

fn page(port: u16, board: &Board) -> String {
    let mut page = format!("<!doctype html>\n<title>Notes at port {port}</title>\n");
    for note in board.lock().unwrap().iter() {
        // The `&` first, or it would escape what the other two have put there.
        // 先换 `&`，否则后两个换出来的又会被它换一遍。
        let note = note.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        page += &format!("<p>{note}</p>\n");
    }
    page
}

fn message(status: &str, body: &str) -> Vec<u8> {
    let kind = "Content-Type: text/html; charset=utf-8";
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The value of the header with this name, if there is one.
/// 叫这个名字的头部字段的值，如果有的话。
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(one, _)| one.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

//! Exercise 21: a notice board that you could leave running, once its eight holes are closed. The
//! task is under “Exercise” in lessons/21_in_the_open.md.
//!
//! Start it with `cargo run -- run 21`, and look at it in a browser or with `curl`:
//! `curl --data 'tea at four' http://127.0.0.1:5000/`. It works, for everybody. Now let the others
//! come: `cargo run -- check 21`.
//!
//! 练习 21：一个留言板。补好八个漏洞，才敢让它一直开着。
//! 题目见 lessons/zh/21_in_the_open.md 的“练习”一节。
//!
//! 用 `cargo run -- run 21` 启动它，用浏览器或者 `curl` 看一看：
//! `curl --data 'tea at four' http://127.0.0.1:5000/`。谁来都好用。
//! 现在让别的人也来：`cargo run -- check 21`。

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

/// The newest notes, the oldest of them first.
/// 最新的若干条留言，旧的在前。
type Board = Mutex<VecDeque<String>>;

/// The number of notes that the board keeps.
/// 留言板保留多少条。
const NOTES: usize = 20;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let board: Arc<Board> = Arc::default();
    // TODO 8: any number of clients may be connected. Allow 100.
    // TODO 8：多少客户端都能同时连着。最多只许 100 个。
    let server = net::create_server(move |socket| {
        // TODO 7: a client may stay for ever. End its connection after three seconds.
        // TODO 7：客户端想待多久就待多久。满三秒就结束它的连接。
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
    // TODO 1: this is every address of this machine, also the ones that other machines can reach.
    // TODO 1：这是本机的所有地址，连别的机器够得着的也在内。
    server.listen(("0.0.0.0", port), |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

/// The answer to the bytes of a request that have arrived so far; `None` if more must arrive first.
/// 请求收到现在，该怎么响应；还没收全，就是 `None`。
fn answer(request: &[u8], port: u16, board: &Board) -> Option<Vec<u8>> {
    // TODO 5: a head without an end is waited for, and kept, for ever. Answer 431 above 8 KiB.
    // TODO 5：头部要是没有尽头，就一直等，一直攒。超过 8 KiB 的，响应 431。
    let blank = request.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request[..blank]);

    // TODO 2: any page in a browser of this machine may come here under a name of its own. Answer
    // 421 unless the `Host` is `127.0.0.1` or `localhost`, with our port.
    // TODO 2：本机浏览器里的任何网页，都能顶着自己的域名连到这里来。`Host` 必须是 `127.0.0.1`
    // 或者 `localhost`，加上我们的端口，否则响应 421。

    if head.starts_with("POST ") {
        // TODO 3: a page of another site may send this, too. The browser says which: answer 403 if
        // there is an `Origin`, and it is not `http://` with one of the two names above.
        // TODO 3：别的网站的网页也能发来 POST。是哪个网站，浏览器会说：如果有 `Origin`，又不是
        // `http://` 加上面两个名字之一，就响应 403。

        // TODO 6: a note may have any size. Above 16 KiB, answer 413 before it has arrived.
        // TODO 6：留言可以任意大。超过 16 KiB 的，不等它到，就响应 413。
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        let note = request[blank + 4..].get(..length.unwrap_or(0))?;
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
        // TODO 4: a `<script>` in a note is run by the browser of everyone who looks at it.
        // TODO 4：留言里要是有 `<script>`，谁来看，谁的浏览器就会执行它。
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

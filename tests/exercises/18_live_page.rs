//! Exercise 18: a chat room in the browser. The task is under “Exercise” in
//! lessons/18_live_page.md.
//!
//! Start it with `cargo run -- run 18`, and open http://127.0.0.1:10086/ in two windows. Say
//! something, and close one of them. `cargo run -- check 18` lets other visitors enter, one of
//! which never reads.
//!
//! 练习 18：浏览器里的聊天室。题目见 lessons/zh/18_live_page.md 的“练习”一节。
//!
//! 用 `cargo run -- run 18` 启动它，在两个窗口里打开 http://127.0.0.1:10086/。说点什么，再关掉
//! 一个窗口。`cargo run -- check 18` 会让别的访客进来，其中一个从来不读。

use std::sync::{Arc, Mutex};

use net::http;
use net::websocket::{self, Message, WebSocket};
use net_notes as net;

struct Visitor {
    name: String,
    socket: WebSocket,
}

/// The visitors in the room, in the order in which they came.
/// 聊天室里的访客，按进来的先后排列。
type Room = Mutex<Vec<Visitor>>;

/// Sends this to every visitor in the room.
/// 把这句话发给聊天室里的每个访客。
fn tell(here: &[Visitor], what: &str) {
    for visitor in here {
        // TODO 3: `send_text` never waits: bytes that the kernel does not take stay in our memory.
        // For a visitor who does not read, at most 8 MiB may stay there.
        // TODO 3：`send_text` 从不等待：内核没收下的，就留在我们的内存里。访客不读，
        // 替他留着的就不能超过 8 MiB。
        visitor.socket.send_text(what);
    }
}

/// A page has connected to the room.
/// 有网页连上了聊天室。
fn enter(room: &Arc<Room>, socket: &WebSocket) {
    // TODO 1: the first message is the visitor's name. Until it has come, the visitor is not in the
    // room. A name that may not be taken closes the WebSocket, with the code 4000.
    // TODO 1：第一条消息是访客的名字。名字没到之前，他还不在聊天室里。
    // 不能用的名字，就用状态码 4000 关闭这个 WebSocket。
    let name = "somebody".to_string();
    let mut here = room.lock().unwrap();
    for visitor in here.iter() {
        socket.send_text(format!("+{}", visitor.name));
    }
    here.push(Visitor { name: name.clone(), socket: socket.clone() });
    tell(&here, &format!("+{name}"));

    let all = room.clone();
    socket.on_message(move |socket, message| {
        let Message::Text(text) = message else { return socket.close(1003, "text only, please") };
        // Locked until this function returns: so all hear everything in the same order.
        // 锁到这个函数返回为止：这样大家听到的次序都一样。
        let here = all.lock().unwrap();
        tell(&here, &format!("{name}: {text}"));
    });
    // TODO 2: when this visitor has left, in whatever way, it must no longer be in the room, and
    // the others must hear it.
    // TODO 2：这个访客走了，不管是怎么走的，聊天室里都不能再有他，还要告诉其他人。
}

const PAGE: &str = "<!doctype html>
<meta charset=utf-8>
<title>Chat</title>
<form><input id=text placeholder='your name' autofocus> <button>Send</button></form>
<ul id=heard></ul>
<script>
const [form, text, heard] = document.querySelectorAll('form, #text, #heard')
const socket = new WebSocket(`ws://${location.host}/room`)
const show = (line) => {
  const item = document.createElement('li')
  item.textContent = line
  heard.prepend(item)
}
socket.onmessage = (event) => show(event.data)
socket.onclose = (event) => show(`closed: ${event.code} ${event.reason}`)
form.onsubmit = (event) => {
  event.preventDefault()
  socket.send(text.value)
  text.value = text.placeholder = ''
}
</script>
";

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(10086), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let room: Arc<Room> = Arc::default();
    let server = http::create_server(move |request, response| match request.path() {
        "/" => response.header("Content-Type", "text/html; charset=utf-8").end_with(PAGE),
        "/room" => {
            let room = room.clone();
            websocket::upgrade(&request, response, move |socket| enter(&room, socket));
        }
        _ => response.status(404).end_with("There is nothing here.\n"),
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

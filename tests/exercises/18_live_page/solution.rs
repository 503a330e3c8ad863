//! Exercise 18, solved: a name is free or taken, whoever leaves is missed once, and no visitor waits
//! for one that does not read.
//!
//! 练习 18 的解答：名字要么空着，要么有人用；有人走了，只通知一次；有人不读，谁也不用等他。

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

/// The number of bytes that may wait for a visitor who does not read.
/// 访客不读的时候，最多替他留多少字节。
const LIMIT: usize = 8 << 20;

/// Sends this to every visitor in the room.
/// 把这句话发给聊天室里的每个访客。
fn tell(here: &[Visitor], what: &str) {
    for visitor in here {
        if visitor.socket.writable_length() > LIMIT {
            // `on_close` follows, as for every visitor who leaves.
            // 随后会调用 `on_close`，和别的访客离开时一样。
            visitor.socket.destroy();
        } else {
            visitor.socket.send_text(what);
        }
    }
}

/// Whether a new visitor may have this name.
/// 新来的访客能不能用这个名字。
fn is_free(here: &[Visitor], name: &str) -> bool {
    (1..=20).contains(&name.chars().count()) && here.iter().all(|visitor| visitor.name != name)
}

/// A page has connected to the room.
/// 有网页连上了聊天室。
fn enter(room: &Arc<Room>, socket: &WebSocket) {
    let all = room.clone();
    let mut name: Option<String> = None;
    socket.on_message(move |socket, message| {
        let Message::Text(text) = message else { return socket.close(1003, "text only, please") };
        // Locked until this function returns: so all hear everything in the same order.
        // 锁到这个函数返回为止：这样大家听到的次序都一样。
        let mut here = all.lock().unwrap();
        match &name {
            Some(name) => tell(&here, &format!("{name}: {text}")),
            None if is_free(&here, text) => {
                for visitor in here.iter() {
                    socket.send_text(format!("+{}", visitor.name));
                }
                here.push(Visitor { name: text.to_string(), socket: socket.clone() });
                tell(&here, &format!("+{text}"));
                name = Some(text.to_string());
            }
            None => socket.close(4000, "take another name"),
        }
    });

    let all = room.clone();
    socket.on_close(move |socket, _| {
        let mut here = all.lock().unwrap();
        // A visitor without a name is not in the room.
        // 还没有名字的访客，不在聊天室里。
        if let Some(at) = here.iter().position(|visitor| visitor.socket == *socket) {
            let gone = here.remove(at);
            tell(&here, &format!("-{}", gone.name));
        }
    });
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

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use net::http;
use net::websocket::{self, Message, WebSocket};
use net_notes as net;

enum Event {
    Text(WebSocket, String),
    Binary(WebSocket),
    Gone(WebSocket),
}

/// Owns the room.
fn serve(events: Receiver<Event>) {
    let mut here: Vec<(WebSocket, String)> = Vec::new();
    let tell = |here: &[(WebSocket, String)], what: String| {
        for (socket, _) in here {
            match socket.writable_length() {
                0..=9_000_000 => _ = socket.send_text(&what),
                _ => socket.destroy(),
            }
        }
    };
    for event in events {
        match event {
            Event::Binary(socket) => socket.close(1003, ""),
            Event::Text(socket, text) => match here.iter().find(|(other, _)| *other == socket) {
                Some((_, name)) => tell(&here, format!("{name}: {text}")),
                None if !socket.is_open() => {} // it was refused
                None => {
                    let length = text.chars().count();
                    if length == 0 || length > 20 || here.iter().any(|(_, name)| *name == text) {
                        socket.close(4000, "no");
                        continue;
                    }
                    here.iter().for_each(|(_, name)| _ = socket.send_text(format!("+{name}")));
                    here.push((socket, text.clone()));
                    tell(&here, format!("+{text}"));
                }
            },
            Event::Gone(socket) => {
                if let Some(at) = here.iter().position(|(other, _)| *other == socket) {
                    let (_, name) = here.remove(at);
                    tell(&here, format!("-{name}"));
                }
            }
        }
    }
}

fn enter(room: Sender<Event>, socket: &WebSocket) {
    let gone = room.clone();
    socket.on_message(move |socket, message| {
        let event = match message {
            Message::Text(text) => Event::Text(socket.clone(), text.to_string()),
            Message::Binary(_) => Event::Binary(socket.clone()),
        };
        room.send(event).unwrap();
    });
    socket.on_close(move |socket, _| gone.send(Event::Gone(socket.clone())).unwrap());
}

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(10086, |port| port.parse().unwrap());
    let (room, events) = channel();
    thread::spawn(move || serve(events));
    let server = http::create_server(move |request, response| match request.path() {
        "/room" => {
            let room = room.clone();
            websocket::upgrade(&request, response, move |socket| enter(room, socket));
        }
        _ => {
            response.header("Content-Type", "text/html").end_with("<title>A room</title>");
        }
    });
    server.listen(port, |server| {
        println!("listening on port {}", server.address().unwrap().port().unwrap());
    })?;
    server.run()
}

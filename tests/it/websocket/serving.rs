//! A server of WebSockets, and the reports about its connections.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use net::websocket::{self, Closed, Message, Options, WebSocket};
use net_notes as net;

use crate::common::DEADLINE;
use crate::http::running::Running;

/// The end of each connection.
pub type Told = Receiver<Closed>;

/// Sends every message back.
pub fn echo(socket: &WebSocket) {
    socket.on_message(|socket, message| match message {
        Message::Text(text) => _ = socket.send_text(text),
        Message::Binary(data) => _ = socket.send_binary(data),
    });
}

/// Runs a server that calls `on_socket`, and reports how each connection ended.
pub fn server(
    options: Options,
    on_socket: impl Fn(&WebSocket) + Send + Sync + 'static,
) -> (Running, Told) {
    let (tell, told) = channel();
    let shared = Arc::new((Mutex::new(tell), on_socket));
    let server = Running::new(move |request, response| {
        let shared = shared.clone();
        websocket::upgrade_with(options, &request, response, move |socket| {
            let tell = shared.0.lock().expect("no panic").clone();
            socket.on_close(move |_, closed| _ = tell.send(closed.clone()));
            shared.1(socket);
        });
    });
    (server, told)
}

/// Returns the next report.
pub fn next<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(DEADLINE).expect("in time")
}

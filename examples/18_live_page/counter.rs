//! A counter that all visitors share, by WebSocket: each may change it, and all see it at once.

use net::http::{Request, Response};
use net::websocket::{self, Message, Options, WebSocket};
use net_notes as net;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::news::News;

#[derive(Clone)]
pub struct Counter {
    /// Receives the round numbers.
    news: News,
    /// Called with each change.
    log: fn(&str),
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    value: i64,
    sockets: Vec<WebSocket>,
}

impl Counter {
    pub fn new(news: &News, log: fn(&str)) -> Counter {
        Counter { news: news.clone(), log, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn join(&self, request: &Request, response: Response) {
        let counter = self.clone();
        // No message here is longer than two bytes; and a browser that has disappeared is noticed
        // after a minute.
        let options = Options::default().message_limit(100).heartbeat(Duration::from_secs(30));
        websocket::upgrade_with(options, request, response, move |socket| counter.enter(socket));
    }

    fn enter(&self, socket: &WebSocket) {
        let mut state = self.lock();
        socket.send_text(state.value.to_string());
        state.sockets.push(socket.clone());
        drop(state);
        let counter = self.clone();
        socket.on_message(move |socket, message| match message {
            Message::Text("+1") => counter.add(1),
            Message::Text("-1") => counter.add(-1),
            _ => socket.close(1003, "it is +1 or -1"),
        });
        // A visitor that was too slow for some numbers receives the newest one.
        let counter = self.clone();
        socket.on_drain(move |socket| _ = socket.send_text(counter.lock().value.to_string()));
        let counter = self.clone();
        socket.on_close(move |socket, close| {
            (counter.log)(&format!("counter: closed, {}", close.code));
            counter.lock().sockets.retain(|other| other != socket);
        });
    }

    /// Keeps the lock until all visitors are notified: so all see the same numbers in the same
    /// order.
    fn add(&self, by: i64) {
        let mut state = self.lock();
        state.value += by;
        (self.log)(&format!("counter: {}", state.value));
        let text = state.value.to_string();
        for socket in state.sockets.iter().filter(|socket| !socket.writable_need_drain()) {
            socket.send_text(&text);
        }
        if state.value % 10 == 0 {
            self.news.tell(&format!("the counter is at {text}"));
        }
    }
}

//! News for all readers, by Server-Sent Events: a response that continues, in a simple line format.

use net::http::{Request, Response};
use net_notes as net;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of news that are kept for browsers that reconnect.
const KEEP: usize = 1000;

#[derive(Clone)]
pub struct News(Arc<Mutex<State>>);

struct State {
    /// Called with each of the news.
    log: fn(&str),
    /// The number of the newest one.
    number: u64,
    /// The newest ones, as they are sent.
    kept: VecDeque<(u64, String)>,
    readers: Vec<Arc<Response>>,
}

impl News {
    pub fn new(log: fn(&str)) -> News {
        let state = State { log, number: 0, kept: VecDeque::new(), readers: Vec::new() };
        News(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response stays open, and each news is written to it. A browser that reconnects names the
    /// last one that it has seen.
    pub fn subscribe(&self, request: &Request, response: Response) {
        let seen = request.header("last-event-id").and_then(|id| id.parse().ok()).unwrap_or(0);
        response.header("Content-Type", "text/event-stream").header("Cache-Control", "no-store");
        response.flush_headers();
        response.write("retry: 1000\n\n"); // after the connection is lost, reconnect in 1000 ms
        let response = Arc::new(response);
        let mut state = self.lock();
        let mut missed = state.kept.iter().filter(|(number, _)| *number > seen);
        if !missed.all(|(_, event)| response.write(event)) {
            return response.end(); // too much at once; it reconnects for the rest
        }
        state.readers.push(response.clone());
        let here = state.readers.len();
        state.tell(&format!("somebody came, {here} here"));
        drop(state); // as `on_close` calls at once, if the client has closed already
        let news = self.clone();
        response.clone().on_close(move || news.unsubscribe(&response));
    }

    pub fn tell(&self, what: &str) {
        self.lock().tell(what);
    }

    fn unsubscribe(&self, response: &Arc<Response>) {
        let mut state = self.lock();
        state.readers.retain(|other| !Arc::ptr_eq(other, response));
        let here = state.readers.len();
        state.tell(&format!("somebody left, {here} here"));
    }
}

impl State {
    fn tell(&mut self, what: &str) {
        self.number += 1;
        (self.log)(&format!("news {}: {what}", self.number));
        let event = format!("id: {}\ndata: {what}\n\n", self.number);
        // A reader that is too slow is disconnected. Its browser reconnects, and receives what it
        // has missed.
        self.readers.retain(|reader| {
            let in_time = reader.write(&event);
            if !in_time {
                reader.end();
            }
            in_time
        });
        self.kept.push_back((self.number, event));
        if self.kept.len() > KEEP {
            self.kept.pop_front();
        }
    }
}

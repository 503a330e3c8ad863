//! The events, as a tab reads them: server-sent events, or a WebSocket.
//!
//! Each tab has a thread that reads the log at the tab's own speed. A tab that does not keep up misses what the log no longer
//! has, and is told how many: it delays no other tab, and needs no memory.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use net_notes::http::Response;
use net_notes::websocket::{self, WebSocket};

use super::json::Object;
use super::log::Log;
use super::tabs::Tab;

/// The interval of checks whether a tab is gone while nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest time that a tab may read nothing: as long as the server waits for one that reads server-sent events.
const STALLED_MAX: Duration = Duration::from_secs(10);
/// The interval of pings. A browser answers them automatically; one that does not is gone.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The limits of a tab's WebSocket, on which the tab sends nothing.
pub(super) fn limits() -> websocket::Options {
    websocket::Options::default().message_limit(1024).frame_limit(1024).heartbeat(HEARTBEAT)
}

/// The position of a tab in the log.
#[derive(Debug)]
pub(super) struct Feed {
    log: Arc<Log>,
    next: u64,
    /// Events without a number, sent before the next one.
    first: Vec<Object>,
}

impl Feed {
    /// Begins at this number; `hello` is sent before all events. `is_of_another`: the number is that of another log, as the
    /// workbench was started again.
    pub(super) fn new(log: &Arc<Log>, from: u64, is_of_another: bool, hello: Object) -> Feed {
        let is_ahead = is_of_another || from > log.next();
        let restarted = is_ahead.then(|| Object::kind("restarted"));
        let first = restarted.into_iter().chain([hello]).collect();
        Feed { log: log.clone(), next: if is_ahead { 1 } else { from.max(1) }, first }
    }

    /// Reads the next events: their numbers, if they have one, and their objects. Empty if nothing happens for a while.
    fn read(&mut self) -> Vec<(Option<u64>, Arc<str>)> {
        let mut all: Vec<(Option<u64>, Arc<str>)> =
            self.first.drain(..).map(|event| (None, event.end().into())).collect();
        let limit = if all.is_empty() { LOOK_EVERY } else { Duration::ZERO };
        let mut batch = self.log.read(self.next, limit);
        if let Some((last, _)) = batch.events.last() {
            self.next = last + 1;
        }
        let numbered = |(number, event)| (Some(number), event);
        all.extend(batch.events.drain(..batch.older).map(numbered));
        if batch.left_out > 0 {
            let left_out = Object::kind("left-out").number("count", batch.left_out);
            all.push((None, left_out.end().into()));
        }
        all.extend(batch.events.into_iter().map(numbered));
        all
    }

    /// Sends events until the tab is gone.
    pub(super) fn send(mut self, response: &Response) -> io::Result<()> {
        response.header("Content-Type", "text/event-stream");
        response.flush_headers();
        let mut out = response;
        while !response.is_closed() {
            let mut text = String::new();
            for (number, event) in self.read() {
                if let Some(number) = number {
                    text.push_str(&format!("id: {number}\n"));
                }
                text.push_str(&format!("data: {event}\n\n"));
            }
            out.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Sends events on a new thread, until the tab is gone.
    pub(super) fn send_to(mut self, socket: &WebSocket, tab: Tab) {
        let (drained, has_room) = sync_channel(1);
        socket.on_drain(move |_| _ = drained.try_send(()));
        let socket = socket.clone();
        thread::spawn(move || {
            while socket.is_open() {
                for (_, event) in self.read() {
                    if !socket.send_text(event) && !has_caught_up(&socket, &has_room) {
                        socket.destroy();
                    }
                }
            }
            drop(tab);
        });
    }
}

/// Waits until the client has read what was sent to it. `false`: it does not read.
fn has_caught_up(socket: &WebSocket, has_room: &Receiver<()>) -> bool {
    while socket.is_open() && socket.writable_need_drain() {
        let before = socket.writable_length();
        let waited = has_room.recv_timeout(STALLED_MAX);
        if waited.is_err() && socket.writable_length() >= before {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_of_another_run_hears_all_from_the_beginning() {
        let log = Arc::new(Log::default());
        (0..5).for_each(|_| log.add(Object::kind("x")));
        let kinds = |from, is_of_another| {
            let mut feed = Feed::new(&log, from, is_of_another, Object::kind("hello"));
            let events = feed.read();
            let kind = |json: &str| json.split('"').nth(3).unwrap_or_default().to_string();
            events.iter().map(|(_, event)| kind(event)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(kinds(1, false), "hello x x x x x");
        assert_eq!(kinds(4, false), "hello x x");
        // Its number is that of another log, whether this one is longer or not.
        assert_eq!(kinds(4, true), "restarted hello x x x x x");
        assert_eq!(kinds(9, false), "restarted hello x x x x x");
    }
}

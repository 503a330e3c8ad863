//! A tab from the workbench's point of view: a reader of events.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::opened::Workbench;
use crate::common::DEADLINE;

/// Reads server-sent events. Closed when dropped.
pub struct Tab {
    stream: TcpStream,
    events: Receiver<String>,
    /// Everything that has arrived so far, which a failure prints.
    pub seen: Vec<String>,
}

impl Tab {
    pub fn open(workbench: &Workbench, page: &str, from: u64) -> Tab {
        let mut stream = TcpStream::connect(("127.0.0.1", workbench.port)).expect("it is up");
        // HTTP/1.0, so that the body arrives without the lengths of chunks.
        let head = format!(
            "GET /api/events?from={from}&page={page} HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: {}\r\n\r\n",
            workbench.cookie
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let reader = BufReader::new(stream.try_clone().expect("a descriptor"));
        let (send, events) = channel();
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if let Some(event) = line.strip_prefix("data: ") {
                    if send.send(event.to_string()).is_err() {
                        return;
                    }
                }
            }
        });
        Tab { stream, events, seen: Vec::new() }
    }

    /// Returns the next event, of any kind.
    pub fn next(&mut self, what: &str) -> String {
        let event = self.events.recv_timeout(DEADLINE);
        let event = event.unwrap_or_else(|why| panic!("{what}: {why}; so far {:#?}", self.seen));
        self.seen.push(event.clone());
        event
    }

    /// Waits for an event that has all these parts.
    pub fn wait(&mut self, parts: &[&str]) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let event = self.next(&format!("{parts:?}"));
            if parts.iter().all(|part| event.contains(part)) {
                return event;
            }
            assert!(Instant::now() < deadline, "{parts:?}: so far {:#?}", self.seen);
        }
    }

    /// Whether an event with this part arrives within a moment.
    pub fn saw(&mut self, part: &str) -> bool {
        while let Ok(event) = self.events.recv_timeout(Duration::from_millis(100)) {
            self.seen.push(event);
        }
        self.seen.iter().any(|event| event.contains(part))
    }

    /// Returns everything that a terminal shows until it contains this text.
    pub fn shown(&mut self, terminal: &str, text: &str) -> String {
        let mut shown = String::new();
        while !shown.contains(text) {
            let event = self.wait(&["\"kind\":\"out\"", &format!("\"terminal\":\"{terminal}\"")]);
            let (_, rest) = event.split_once("\"text\":\"").expect("a text");
            shown.push_str(rest.rsplit_once("\",\"n\":").expect("a number").0);
        }
        shown
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

//! Receives the events of traced programs: `NET_TRACE=127.0.0.1:PORT`.
//!
//! Any program on this machine can connect, and a page can make a browser do it. So a connection must begin like a trace,
//! within a few seconds; its lines have a limit, and are text; and the number of connections is limited.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use net_notes::framing::Lines;
use net_notes::{EventSocket, Server, ServerOptions, event};

use super::json::Object;
use super::log::Log;
use crate::coach::lock;

/// The first line of a trace, without the number of its version.
const FIRST_LINE: &str = "net-trace ";
/// The longest line: 4096 bytes of data are twice as many digits.
const LINE_MAX: usize = 16 * 1024;
/// The number of programs that may send at the same time.
const PROGRAMS_MAX: usize = 64;
/// The time limit for the first line of a connection.
const FIRST_LINE_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for the last lines of programs that have ended.
const LAST_LINES_TIMEOUT: Duration = Duration::from_millis(500);

/// A port that receives traces. Closed when it is dropped.
#[derive(Debug)]
pub(super) struct Collector {
    server: Server,
    port: u16,
    running: Option<JoinHandle<io::Result<()>>>,
}

/// Adds the members that all events of one collector have.
pub(super) type Tag = Arc<dyn Fn(Object) -> Object + Send + Sync>;

impl Collector {
    /// Listens on this port; 0: on a free one.
    pub(super) fn start(port: u16, log: &Arc<Log>, tag: Tag) -> io::Result<Collector> {
        let server = Server::new(ServerOptions::default().max_connections(PROGRAMS_MAX));
        let log = log.clone();
        server.on(event::Connection, move |_, socket| collect(socket, &log, &tag));
        server.on(event::Error, |_, _| {}); // it says so itself, and goes on
        server.listen((IpAddr::from(Ipv4Addr::LOCALHOST), port), |_| {})?;
        let port = server.address().and_then(|address| address.port()).unwrap_or(port);
        let running = Some(server.spawn());
        Ok(Collector { server, port, running })
    }

    /// The value of `NET_TRACE` with which a program sends its events here.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.server.close();
        // The last lines of its programs may not have arrived yet.
        let deadline = Instant::now() + LAST_LINES_TIMEOUT;
        while self.server.connections() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        self.server.close_all_connections();
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

/// The state of one program's trace.
#[derive(Debug)]
struct Trace {
    lines: Lines,
    begun: bool,
    /// The id of the program, once it is known.
    program: Option<u64>,
}

fn collect(socket: &EventSocket, log: &Arc<Log>, tag: &Tag) {
    let trace = Trace { lines: Lines::new(LINE_MAX), begun: false, program: None };
    let trace = Arc::new(Mutex::new(trace));
    let begun = trace.clone();
    socket.after(FIRST_LINE_TIMEOUT, move |socket| {
        if !lock(&begun).begun {
            socket.destroy();
        }
    });
    let (ended, gone) = (trace.clone(), (log.clone(), tag.clone()));
    socket.on(event::Close, move |_, _| {
        let (log, tag) = &gone;
        if let Some(program) = lock(&ended).program {
            log.add(tag(Object::kind("gone").number("pid", program)));
        }
    });
    let (log, tag) = (log.clone(), tag.clone());
    socket.on(event::Error, |_, _| {}); // its end says enough
    socket.on(event::Data, move |socket, data| {
        let mut trace = lock(&trace);
        trace.lines.feed(data);
        while let Some(line) = trace.lines.next() {
            let line = line.ok().and_then(|line| String::from_utf8(line).ok());
            match line.filter(|line| trace.accept(line)) {
                Some(line) if line.starts_with(FIRST_LINE) => {}
                Some(line) => {
                    let event = tag(Object::kind("wire").text("line", &line));
                    match line.split(' ').nth(2) {
                        Some("hello") => log.add_lasting(event), // who it is that sends the others
                        _ => log.add(event),
                    }
                }
                None => {
                    trace.program = None; // it is no program of ours
                    return socket.destroy();
                }
            }
        }
    });
}

impl Trace {
    /// Whether this may be the next line.
    fn accept(&mut self, line: &str) -> bool {
        if !self.begun {
            let version = line.strip_prefix(FIRST_LINE);
            self.begun = version.is_some_and(|version| version.parse::<u32>().is_ok());
            return self.begun;
        }
        // 256596 16533.1 accept …
        let mut fields = line.split(' ');
        let time = fields.next().and_then(|time| time.parse::<u64>().ok());
        let id = fields.next().map(|id| id.split_once('.').unwrap_or((id, "0")));
        let id = id.filter(|(_, socket)| socket.bytes().all(|byte| byte.is_ascii_digit()));
        let program = id.and_then(|(program, _)| program.parse().ok());
        // With our own address in our own NET_TRACE, each event would cause the next one.
        if program == Some(u64::from(std::process::id())) {
            return false;
        }
        self.program = self.program.or(program);
        time.is_some() && program.is_some() && !line.contains(char::is_control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_programs_are_accepted() {
        let accepts = |lines: &[&str]| {
            let mut trace = Trace { lines: Lines::new(LINE_MAX), begun: false, program: None };
            lines.iter().all(|line| trace.accept(line))
        };
        assert!(accepts(&["net-trace 1", "0 1 hello a a.rs", "7 1.2 close"]));
        assert!(accepts(&["net-trace 2"]));
        let own = format!("0 {} hello a a.rs", std::process::id());
        for bad in ["0 hello", "a 1 hello", "0 1 hello \u{7}", "", &own] {
            assert!(!accepts(&["net-trace 1", bad]), "{bad}");
        }
        assert!(!accepts(&["GET / HTTP/1.1"]));
    }
}

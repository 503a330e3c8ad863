//! The Rust version of `_trace.js`: records, party by party, what happens in a scenario.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use net_notes::{self as net, Address, EventSocket, ReadyState, Server, event};

use super::compare::Lines;
use crate::common::{becomes_true, let_pass};

/// Far longer than a scenario takes, even beside two busy loops.
pub const DEADLINE: Duration = Duration::from_secs(20);
pub const HOST: &str = "127.0.0.1";
/// The events that `_trace.js` watches on a socket that connects …
pub const ALL: &str = "connect ready data end timeout drain error close";
/// … and on an accepted one.
pub const CONN: &str = "data end timeout drain error close";

/// Lives as long as the test process, so that every listener can simply copy it.
pub type T = &'static Trace;

#[derive(Default)]
pub struct Trace {
    log: Mutex<Log>,
    grown: Condvar,
    running: Mutex<Vec<Kept>>,
    callbacks: AtomicUsize,
}

type Kept = (String, JoinHandle<io::Result<()>>);

/// The lines so far, in the order in which they happened.
#[derive(Default)]
pub struct Log {
    lines: Vec<Line>,
    keep_chunks: bool,
}

struct Line {
    at: Instant,
    party: String,
    event: Event,
}

enum Event {
    Named(String),
    Data(Vec<u8>),
}

impl Log {
    pub fn line(&mut self, party: &str, event: impl Display) {
        self.push(party, Event::Named(event.to_string()));
    }

    /// TCP may cut a stream anywhere: data that follows data of the same party is
    /// joined to its line.
    fn data(&mut self, party: &str, bytes: &[u8]) {
        let last = self.lines.iter_mut().rfind(|line| line.party == party);
        match last.map(|line| &mut line.event) {
            Some(Event::Data(before)) if !self.keep_chunks => before.extend_from_slice(bytes),
            _ => self.push(party, Event::Data(bytes.to_vec())),
        }
    }

    fn push(&mut self, party: &str, event: Event) {
        self.lines.push(Line { at: Instant::now(), party: party.to_string(), event });
    }

    fn written(&self) -> impl Iterator<Item = (&str, String)> {
        self.lines.iter().map(|line| match &line.event {
            Event::Named(event) => (line.party.as_str(), event.clone()),
            Event::Data(bytes) => (line.party.as_str(), format!("data {}", show(bytes))),
        })
    }
}

impl Trace {
    pub fn start() -> T {
        Box::leak(Box::default())
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line for each data event: `{ chunks: true }`.
    pub fn keep_chunks(&self) {
        self.lock().keep_chunks = true;
    }

    pub fn log(&self, party: &str, event: impl Display) {
        self.lock().line(party, event);
        self.grown.notify_all();
    }

    pub fn data(&self, party: &str, bytes: &[u8]) {
        self.lock().data(party, bytes);
    }

    /// Records the named events of a socket; `text` is `data` after `setEncoding('utf8')`.
    pub fn watch<S: Borrow<EventSocket>>(&'static self, party: &str, socket: S, events: &str) -> S {
        let s = socket.borrow();
        for name in events.split(' ') {
            let who = party.to_string();
            match name {
                "lookup" => s.on(event::Lookup, move |_, found| self.log(&who, lookup(found))),
                "connect" => s.on(event::Connect, move |_, ()| self.log(&who, "connect")),
                "ready" => s.on(event::Ready, move |_, ()| self.log(&who, "ready")),
                "data" => s.on(event::Data, move |_, data| self.data(&who, data)),
                "text" => s.on(event::Text, move |_, text| self.data(&who, text.as_bytes())),
                "end" => s.on(event::End, move |_, ()| self.log(&who, "end")),
                "timeout" => s.on(event::Timeout, move |_, ()| self.log(&who, "timeout")),
                "drain" => s.on(event::Drain, move |_, ()| self.log(&who, "drain")),
                "error" => s.on(event::Error, move |_, error| self.log(&who, failed(error))),
                "close" => s.on(event::Close, move |_, bad| self.log(&who, format!("close {bad}"))),
                other => panic!("a socket has no event {other:?}"),
            };
        }
        socket
    }

    pub fn watch_server(&'static self, party: &'static str, server: Server) -> Server {
        server.on(event::Listening, move |_, ()| self.log(party, "listening"));
        server.on(event::Connection, move |_, _| self.log(party, "connection"));
        server.on(event::Close, move |_, ()| self.log(party, "close"));
        server.on(event::Error, move |_, error| self.log(party, failed(error)));
        server.on(event::Drop, move |_, _| self.log(party, "drop"));
        server
    }

    /// `server.listen(0, '127.0.0.1', …)`, with the port for the callback, and runs it.
    pub fn listen(
        &self,
        server: &Server,
        on_listening: impl FnOnce(&Server, u16) + Send + 'static,
    ) {
        server
            .listen((HOST, 0), move |server| on_listening(server, port(server)))
            .expect("some port is free");
        self.keep("server", server.spawn());
    }

    /// Returns a write callback that is recorded; the scenario is not over until it was called.
    pub fn callback(&'static self, party: &str, name: &str) -> impl FnOnce(io::Result<()>) + use<> {
        let (party, name) = (party.to_string(), name.to_string());
        self.callbacks.fetch_add(1, Ordering::SeqCst);
        move |result| {
            self.log(&party, format!("{name} {}", outcome(&result)));
            self.callbacks.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// `socket.on('close', () => server.close())`. A client may have closed before the server's own
    /// thread has accepted it, and a server that was closed by then would refuse it: so this waits
    /// for `connection`.
    pub fn closes(&'static self, socket: &EventSocket, server: &Server) {
        let server = server.clone();
        socket.on(event::Close, move |_, _| {
            self.wait("server", "connection");
            server.close().expect("it was running");
        });
    }

    /// Waits until a line is recorded.
    pub fn wait(&self, party: &str, event: &str) {
        let missing = |log: &mut Log| !log.written().any(|line| line == (party, event.to_string()));
        let (log, waited) = self
            .grown
            .wait_timeout_while(self.lock(), DEADLINE, missing)
            .unwrap_or_else(PoisonError::into_inner);
        drop(log);
        assert!(!waited.timed_out(), "`{party} {event}` did not come in {DEADLINE:?}");
    }

    /// `setTimeout`. In Node no other code runs while a timer's function does; here the function
    /// holds the log, and every other thread that records something waits until it has returned.
    pub fn after(&'static self, ms: u64, then: impl FnOnce(&mut Log) + Send + 'static) {
        let mut then = Some(then);
        self.every(ms, 1, move |log| then.take().into_iter().for_each(|then| then(log)));
    }

    /// `setInterval`, `times` times.
    pub fn every(
        &'static self,
        ms: u64,
        times: usize,
        mut then: impl FnMut(&mut Log) + Send + 'static,
    ) {
        let timer = thread::spawn(move || {
            for _ in 0..times {
                let_pass(Duration::from_millis(ms));
                then(&mut self.lock());
                self.grown.notify_all();
            }
            Ok(())
        });
        self.keep("a timer", timer);
    }

    /// Keeps a thread that runs with the scenario, which is not over before the thread has ended.
    pub fn keep(&self, name: &str, thread: JoinHandle<io::Result<()>>) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name.to_string(), thread));
    }

    /// Waits for all threads, then returns the lines. An error is a line of the party `harness`,
    /// which no trace of Node's has.
    pub fn finish(&self) -> Lines {
        let (mut names, mut callbacks) = (Vec::new(), 0);
        let all_over = becomes_true(DEADLINE, || {
            let (over, running) = self.over();
            for (name, thread) in over {
                match thread.join() {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => self.log("harness", format!("{name}: {}", failed(&error))),
                    Err(_) => self.log("harness", format!("{name} panicked: see above")),
                }
            }
            (names, callbacks) = (running, self.callbacks.load(Ordering::SeqCst));
            names.is_empty() && callbacks == 0
        });
        if !all_over {
            let still = format!("TIMEOUT: {names:?} run, {callbacks} write callbacks to come");
            self.log("harness", still);
        }
        let log = self.lock();
        log.written().map(|(party, event)| (party.to_string(), event)).collect()
    }

    /// Returns the threads that have ended, and the names of the others.
    fn over(&self) -> (Vec<Kept>, Vec<String>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (over, still) = running.drain(..).partition(|(_, thread)| thread.is_finished());
        *running = still;
        let names = running.iter().map(|(name, _)| name.clone()).collect();
        (over, names)
    }
}

/// For a failure: all lines in the order of time, with the milliseconds since the first.
impl Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.lock();
        let began = log.lines.first().map(|line| line.at);
        for (line, (party, event)) in log.lines.iter().zip(log.written()) {
            let ms = began.map_or(0, |began| (line.at - began).as_millis());
            writeln!(f, "  {ms:>6} {party} {event}")?;
        }
        Ok(())
    }
}

/// Shows at most 64 bytes as text, quoted; of more than that only length and checksum.
pub fn show(bytes: &[u8]) -> String {
    if bytes.len() <= 64 {
        return format!("{:?}", String::from_utf8_lossy(bytes));
    }
    let fnv1a = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    format!("<{} bytes fnv1a={:08x}>", bytes.len(), bytes.iter().fold(0x811c_9dc5, fnv1a))
}

/// Returns the code of an error, or its message if it has none.
fn reason(error: &io::Error) -> String {
    match net::code(error) {
        "" => error.to_string(),
        code => code.to_string(),
    }
}

fn failed(error: &io::Error) -> String {
    format!("error {}", reason(error))
}

/// `e ? e.code : 'ok'`
pub fn outcome(result: &io::Result<()>) -> String {
    result.as_ref().map_or_else(reason, |()| "ok".to_string())
}

pub fn lookup(found: &event::Resolved) -> String {
    match &found.result {
        Ok(ip) => format!("lookup null {ip} {} {}", if ip.is_ipv4() { 4 } else { 6 }, found.host),
        Err(error) => format!("lookup {} - - {}", reason(error), found.host),
    }
}

pub fn port(server: &Server) -> u16 {
    server.address().and_then(|address| address.port()).expect("it listens on a port")
}

/// `null` if there is no address.
pub fn address(address: Option<Address>) -> String {
    address.map_or_else(|| "null".to_string(), |address| address.to_string())
}

/// `stream.readable` and `stream.writable` are what Node computes `readyState` from.
pub fn readable(socket: &EventSocket) -> bool {
    matches!(socket.ready_state(), ReadyState::Open | ReadyState::ReadOnly)
}

pub fn writable(socket: &EventSocket) -> bool {
    matches!(socket.ready_state(), ReadyState::Opening | ReadyState::Open | ReadyState::WriteOnly)
}

//! `NET_TRACE=HOST:PORT`: the lines go to a viewer, by a thread of their own. The program never
//! waits for it, but for a moment at its end.

use std::env;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{MutexGuard, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::call_site::CallSite;
use super::event::{Observer, WireEvent};
use super::line;
use super::ring::Ring;
use crate::error;
use crate::sync::Monitor;
use crate::threads;

/// How long a program that may be about to end waits for the viewer: once, and again only after
/// that has caught up.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the thread rests after it has sent something. To wake it costs an event more than
/// everything else: in a program that has many, they find it awake, and go out together.
const REST: Duration = Duration::from_millis(10);

/// How long after a connection has failed, or has ended, the next one is tried.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The viewer at an address, and what it has not taken yet.
pub(super) struct Viewer {
    address: String,
    began: OnceLock<Instant>,
    monitor: Monitor<State>,
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// How many events the viewers' connections have taken, or were told to be lost.
    sent: u64,
    /// The thread waits for an event, and has rested.
    idle: bool,
    /// How many threads wait in `flush`.
    flushing: usize,
    /// The last try to connect has failed. Before the first one there most likely is a viewer.
    absent: bool,
    /// A flush was in vain, and the viewer has not caught up since.
    behind: bool,
}

impl Viewer {
    pub(super) fn new(address: String) -> Viewer {
        Viewer { address, began: OnceLock::new(), monitor: Monitor::new(State::default()) }
    }

    /// The first call says which program this is, and begins to connect. Returns when that was.
    pub(super) fn introduce(&'static self, site: CallSite) -> Instant {
        *self.began.get_or_init(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let hello = line::hello(&program_name(), site, now);
            if let Err(error) = threads::start_new(Box::new(move || self.send_forever(&hello))) {
                self.lose();
                error::report_to_stderr(&format!(
                    "nothing is sent to the viewer at {} ({error})",
                    self.address
                ));
            }
            Instant::now()
        })
    }

    /// Adds an event to what is to be sent.
    fn add(&'static self, socket: u64, time: Instant, site: CallSite, event: WireEvent<'_>) {
        let time = time.saturating_duration_since(self.introduce(site));
        let line = line::event(time, socket, site, event);
        let mut state = self.monitor.lock();
        state.ring.add(time, line);
        if state.idle || state.ring.is_half_full() {
            self.monitor.notify(&state);
        }
    }

    /// Waits until the viewer's connection has taken all events so far; not if there is none, or if
    /// it does not keep up.
    pub(super) fn flush(&self) {
        let deadline = Instant::now() + FLUSH_TIMEOUT;
        let mut state = self.monitor.lock();
        let events = state.ring.added().events;
        state.flushing += 1;
        self.monitor.notify(&state);
        while state.sent < events && !state.absent && !state.behind {
            state.behind = Instant::now() >= deadline;
            state = self.monitor.wait(state, Some(deadline));
        }
        state.flushing -= 1;
    }

    /// The thread that sends: one connection after another.
    fn send_forever(&self, hello: &str) {
        let mut reported = false;
        loop {
            let failure = match TcpStream::connect(&self.address) {
                Ok(stream) => format!(
                    "the viewer at {} is gone ({})",
                    self.address,
                    self.send_all(&stream, hello)
                ),
                Err(error) => format!("there is no viewer at {} ({error})", self.address),
            };
            self.lose();
            if !std::mem::replace(&mut reported, true) {
                error::report_to_stderr(&format!("{failure}: trying again every second"));
            }
            thread::sleep(RETRY_INTERVAL);
        }
    }

    /// Sends until the connection fails, and returns why it did.
    fn send_all(&self, mut stream: &TcpStream, hello: &str) -> io::Error {
        let _ = stream.set_nodelay(true);
        let mut batch = format!("{}{hello}", line::VERSION);
        let mut state = self.monitor.lock();
        if state.ring.taken().events > 0 {
            batch.push_str(&line::lost(Duration::ZERO, state.ring.taken()).text); // sent to another one, or to none
        }
        state.absent = false;
        loop {
            state.ring.take(&mut batch);
            let sent = state.ring.taken().events;
            drop(state);
            let written = stream.write_all(batch.as_bytes());
            batch.clear();
            state = self.monitor.lock();
            if let Err(error) = written {
                return error;
            }
            state.sent = sent;
            if state.ring.is_empty() {
                state.behind = false;
            }
            state = self.rest(state);
        }
    }

    /// Waits until there is an event to send, and for some more.
    fn rest<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.monitor.notify(&state); // a thread may wait in `flush`
        let end = Instant::now() + REST;
        while state.flushing == 0 && !state.ring.is_half_full() && Instant::now() < end {
            state = self.monitor.wait(state, Some(end));
        }
        state.idle = true;
        while state.ring.is_empty() {
            state = self.monitor.wait(state, None);
        }
        state.idle = false;
        state
    }

    fn lose(&self) {
        let mut state = self.monitor.lock();
        state.absent = true;
        self.monitor.notify(&state);
    }
}

/// The observer of one socket.
pub(super) struct Reporter {
    socket: u64,
    viewer: &'static Viewer,
}

impl Reporter {
    pub(super) fn new(socket: u64, viewer: &'static Viewer) -> Reporter {
        Reporter { socket, viewer }
    }
}

impl Observer for Reporter {
    fn on_event(&self, time: Instant, site: CallSite, event: WireEvent<'_>) {
        self.viewer.add(self.socket, time, site, event);
    }
}

/// The name of the file that runs, without its ending.
fn program_name() -> String {
    let path = env::current_exe().unwrap_or_default();
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

//! `NET_TRACE=HOST:PORT`: a separate thread sends the lines to a viewer. The program does not wait
//! for it, except briefly at its end.

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

/// The time that a program which may be about to end waits for the viewer. After one timeout it
/// waits again only if the viewer has caught up.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// The pause of the thread after it has sent something. Waking the thread costs more than the
/// rest of an event: in a program with many events they find it awake, and are sent together.
const SEND_INTERVAL: Duration = Duration::from_millis(10);

/// The pause after a connection has failed or ended, before the next attempt.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The viewer at an address, and the lines that it has not taken yet.
pub(super) struct Viewer {
    address: String,
    began: OnceLock<Instant>,
    monitor: Monitor<State>,
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// The number of events that the viewers' connections have taken, or that were reported as
    /// lost.
    sent: u64,
    /// The thread has paused, and waits for an event.
    idle: bool,
    /// The number of threads that wait in `flush`.
    flushing: usize,
    /// The last attempt to connect has failed. Before the first attempt a viewer most likely
    /// exists.
    absent: bool,
    /// A flush has timed out, and the viewer has not caught up since.
    behind: bool,
}

impl Viewer {
    pub(super) fn new(address: String) -> Viewer {
        Viewer { address, began: OnceLock::new(), monitor: Monitor::new(State::default()) }
    }

    /// Announces the program and begins to connect, in the first call. Returns the time of that
    /// call.
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

    /// Adds an event to those that are to be sent.
    fn add(&'static self, socket: u64, time: Instant, site: CallSite, event: WireEvent<'_>) {
        let time = time.saturating_duration_since(self.introduce(site));
        let mut state = self.monitor.lock();
        if state.ring.is_dropping() {
            // Writing the line would be in vain, and takes long where there is much data.
            state.ring.drop_event(time, line::count(&event));
        } else {
            drop(state);
            let line = line::event(time, socket, site, event);
            state = self.monitor.lock();
            state.ring.add(time, line);
        }
        if state.idle || state.ring.is_half_full() {
            self.monitor.notify(&state);
        }
    }

    /// Waits until the viewer's connection has taken all events so far. Does not wait if there is
    /// no viewer, or if it does not keep up.
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

    /// Runs the thread that sends: one connection after another.
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
            // Sent to another viewer, or dropped.
            batch.push_str(&line::lost(Duration::ZERO, state.ring.taken()).text);
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
            state = self.wait_for_events(state);
        }
    }

    /// Waits until there is an event to send, after a pause in which more events can arrive.
    fn wait_for_events<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.monitor.notify(&state); // a thread may wait in `flush`
        let end = Instant::now() + SEND_INTERVAL;
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

/// Returns the name of the executable without its extension.
fn program_name() -> String {
    let path = env::current_exe().unwrap_or_default();
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

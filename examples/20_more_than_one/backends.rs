//! The copies behind the balancer: which of them are alive, and which is next.

use net::http;
use net_notes as net;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The interval between two health checks of a copy.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// The time limit of a health check. Without it, a copy that hangs would never be noticed: its
/// kernel accepts connections.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

pub struct Backends {
    all: Vec<Arc<Backend>>,
    turn: AtomicUsize,
}

pub struct Backend {
    pub port: u16,
    /// `None` before the first check.
    alive: Mutex<Option<bool>>,
}

impl Backends {
    /// Checks each of them once, so that the first client is not sent to a copy that does not run.
    pub fn new(ports: &[u16]) -> Backends {
        let new = |port: &u16| Arc::new(Backend { port: *port, alive: Mutex::new(None) });
        let all: Vec<_> = ports.iter().map(new).collect();
        all.iter().for_each(|backend| backend.check());
        Backends { all, turn: AtomicUsize::new(0) }
    }

    /// Starts a thread for each, so that one which hangs does not delay the check of another.
    pub fn keep_checking(&self) {
        for backend in &self.all {
            let backend = backend.clone();
            thread::spawn(move || {
                loop {
                    thread::sleep(CHECK_INTERVAL);
                    backend.check();
                }
            });
        }
    }

    /// Returns the next copy that was not tried yet. If all others are considered dead, they are
    /// tried in turn: the check may be late, or wrong, and a copy that is really dead refuses at
    /// once.
    pub fn next(&self, tried: &[u16]) -> Option<&Backend> {
        let left = || self.all.iter().filter(|backend| !tried.contains(&backend.port));
        let mut choice: Vec<_> = left().filter(|backend| backend.is_alive()).collect();
        if choice.is_empty() {
            choice.extend(left());
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        choice.get(turn % choice.len().max(1)).map(|backend| &***backend)
    }
}

impl Backend {
    fn check(&self) {
        let url = format!("http://127.0.0.1:{}/health", self.port);
        match http::request("GET", &url).timeout(CHECK_TIMEOUT).send() {
            Ok(reply) if reply.status() == 200 => self.set(Ok(())),
            Ok(reply) => self.set(Err(&format!("says {} {}", reply.status(), reply.reason()))),
            Err(error) => self.set(Err(&reason(&error))),
        }
    }

    fn is_alive(&self) -> bool {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(false)
    }

    /// Saves what a check or a request has found, so that the next request need not find it again.
    pub fn set(&self, found: Result<(), &str>) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if *alive != Some(found.is_ok()) {
            *alive = Some(found.is_ok());
            match found {
                Ok(()) => println!("copy {}: alive", self.port),
                Err(why) => println!("copy {}: {why}", self.port),
            }
        }
    }
}

/// Returns the reason of an error. A copy that was killed refuses the next connection, and breaks
/// off the current one: it is gone in both cases.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => {
            "gone".to_string()
        }
        ErrorKind::TimedOut => "no answer in time".to_string(),
        _ => error.to_string(),
    }
}

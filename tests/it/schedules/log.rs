//! The log of a schedule: the calls and the emitted events of all sockets and all threads, in one
//! order.
//!
//! Nothing is judged while a schedule runs. An entry is added when a call begins and when it
//! returns, and when a listener begins and when it returns; the [rules](super::rules) examine the
//! finished log.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::action::Action;
use super::net::{EventSocket, ReadyState};
use super::plan::Forwarding;

/// A socket of the schedule. A direct one has a client and a server; in the others a relay is
/// between them: it accepts `From` from the client, and opens `To` to the server, and maybe `Tap`
/// to a sink, which receives a copy of the client's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Client,
    From,
    To,
    Tap,
    Server,
    Sink,
}

/// The facts that the rules need about a socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Properties {
    pub is_accepted: bool,
    pub half_open: bool,
    pub has_error_listener: bool,
    pub high_water_mark: usize,
    /// The way in which a relay writes to it; `None`: a party does.
    pub fed_by: Option<Forwarding>,
}

/// The reason why a listener is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Connection,
    Connect,
    Ready,
    /// With the number of bytes.
    Data(usize),
    Drain,
    Finish,
    Timeout,
    End,
    /// With the code.
    Error(String),
    Close(bool),
    /// The callback of the write with this number, and the code of its error.
    Callback(u32, Result<(), String>),
    /// A timer, by its number.
    Timer(u32),
    /// A listener that is called once, by its number.
    Once(u32),
}

impl Event {
    pub fn bytes(&self) -> usize {
        if let Event::Data(bytes) = self { *bytes } else { 0 }
    }
}

/// The properties of a socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    pub read: u64,
    pub written: u64,
    pub queued: usize,
    pub needs_drain: bool,
    pub state: ReadyState,
    pub is_destroyed: bool,
    /// Whether it still has an address, although it is destroyed.
    pub has_address: bool,
}

impl Facts {
    /// Reads the properties one after another. In this order the later ones cannot contradict the
    /// earlier ones: queued bytes were written, and a destroyed socket stays destroyed.
    pub fn of(socket: &EventSocket) -> Facts {
        let (is_destroyed, queued) = (socket.is_destroyed(), socket.writable_length());
        Facts {
            read: socket.bytes_read(),
            written: socket.bytes_written(),
            queued,
            needs_drain: socket.writable_need_drain(),
            state: socket.ready_state(),
            is_destroyed,
            has_address: is_destroyed && socket.local_addr().is_some(),
        }
    }
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Nothing,
    /// The result of `write`, with the length of the queue just after it.
    Room {
        room: bool,
        queued: usize,
    },
    /// The result of a blocking write: the bytes that it took, or the code of its error; with the
    /// length of the queue just after it.
    Took {
        result: Result<usize, String>,
        queued: usize,
    },
    Cancelled(bool),
    Facts(Facts),
}

/// The result of `run()`.
#[derive(Debug, Clone, PartialEq)]
pub enum RunResult {
    Ok,
    /// With the code.
    Err(String),
    /// `planned`: caused by [`Action::Panic`].
    Panic {
        planned: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Properties(Properties),
    /// A call begins. The number is that of its record or timer.
    Call(Action, u32),
    Return(Answer),
    /// A listener begins.
    Enter(Event, Facts),
    Leave,
    /// At this position of the log neither Drain nor a timer was awaited any longer.
    Settled(usize),
    Ran(RunResult),
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Duration,
    pub thread: ThreadId,
    pub role: Role,
    pub what: What,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.at.as_secs_f64() * 1e3;
        write!(f, "{ms:>9.3} {:?} {:?} ", self.thread, self.role)?;
        match &self.what {
            What::Call(action, number) => write!(f, "{action:?} #{number} …"),
            What::Return(answer) => write!(f, "… {answer:?}"),
            What::Enter(event, facts) => write!(f, "    {event:?} {{ // {} queued", facts.queued),
            What::Leave => f.write_str("    }"),
            other => write!(f, "{other:?}"),
        }
    }
}

pub struct Log {
    began: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Log {
    pub fn new() -> Log {
        Log { began: Instant::now(), entries: Mutex::default() }
    }

    pub fn add(&self, role: Role, what: What) {
        let mut entries = lock(&self.entries);
        let (at, thread) = (self.began.elapsed(), thread::current().id());
        entries.push(Entry { at, thread, role, what });
    }

    pub fn position(&self) -> usize {
        lock(&self.entries).len()
    }

    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }
}

/// Locks the mutex, also after a panic of the plan.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

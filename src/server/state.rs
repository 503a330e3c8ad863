//! What the threads of a server share, all of it under one lock.
//!
//! ```text
//! a listening socket   Bound ──▶ Accepting ──▶ (closed)      listen, Listening, close; then listen may follow again
//! run()                Stopped ──▶ Running ──▶ Stopped       until nothing listens, is served, or is due
//! ```

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::event::{self, Listening, ServerEvent};
use super::listening::{ActiveListener, Phase};
use crate::panics::Panic;
use crate::socket::EventSocket;
use crate::stream::Listener;

/// The state of a server.
pub(super) struct State {
    pub(super) listeners: event::Table,
    /// What a protocol on top does when `close` is called.
    pub(super) close_hooks: Vec<Arc<dyn Fn() + Send + Sync>>,
    /// `Some` exactly while the server listens. Whoever takes it out closes it.
    pub(super) listening: Option<ActiveListener>,
    pub(super) run: Run,
    /// What `run()` emits next, on its own thread.
    pub(super) due: VecDeque<Due>,
    /// `close` was called while sockets were open: Close becomes due with the last of them, unless the server listens again.
    close_owed: bool,
    /// The sockets whose descriptor is open: what `connections()` counts.
    pub(super) sockets: HashMap<u64, EventSocket>,
    /// The connections whose Close is not over yet.
    pub(super) tasks: usize,
    /// The closed listening sockets whose place is not free yet: their accepting threads, and the calls of `close`.
    pub(super) closing: usize,
    /// The thread that accepts waits a little, as the system had no more descriptors or threads.
    pub(super) backing_off: bool,
    pub(super) max_connections: Option<usize>,
    /// The first panic of a listener: `run()` resumes it.
    pub(super) panic: Option<Panic>,
}

/// Whether a thread is inside `run()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Stopped,
    Running,
}

/// An event that `run()` emits.
#[derive(Debug, Clone)]
pub(super) enum Due {
    /// And accepting begins after it.
    Listening(Arc<Listener>),
    /// When no listening socket is being closed any longer.
    Close,
}

/// What `run()` does next.
pub(super) enum Next {
    Emit(Due),
    Wait,
    Return,
}

impl State {
    pub(super) fn new(max_connections: Option<usize>) -> State {
        State {
            listeners: event::Table::default(),
            close_hooks: Vec::new(),
            listening: None,
            run: Run::Stopped,
            due: VecDeque::new(),
            close_owed: false,
            sockets: HashMap::new(),
            tasks: 0,
            closing: 0,
            backing_off: false,
            max_connections,
            panic: None,
        }
    }

    /// `listen`, when the socket is bound. Listening is due, and is emitted when the server runs.
    pub(super) fn listen(&mut self, listening: ActiveListener) {
        self.due.push_back(Due::Listening(listening.listener.clone()));
        self.listening = Some(listening);
        self.close_owed = false; // as in Node: a server that listens again has not closed
    }

    /// Stopped → Running. `false`: there is nothing to run for.
    pub(super) fn begin_to_run(&mut self) -> bool {
        if self.due.is_empty() {
            return false;
        }
        self.run = Run::Running;
        true
    }

    /// `close`: takes the listening socket out. As in Node, Close is due at once if no connection is open, and is due even if
    /// the server listens again. The second value is what will never be called, to be dropped without the lock.
    pub(super) fn close(&mut self) -> Option<(ActiveListener, Vec<event::Listener<Listening>>)> {
        let listening = self.listening.take()?;
        self.closing += 1; // the call: when it returns, the place is free
        let mut never_called = Vec::new();
        match listening.phase {
            Phase::Accepting => self.closing += 1, // the thread that accepts
            Phase::Bound => {
                self.due.retain(|due| !matches!(due, Due::Listening(_)));
                // The callback of `listen` belongs to that `listen`.
                let once = Listening::list(&mut self.listeners).take_once();
                never_called.extend(once.into_iter().map(|entry| entry.call));
            }
        }
        match self.tasks {
            0 => self.due.push_back(Due::Close),
            _ => self.close_owed = true,
        }
        Some((listening, never_called))
    }

    /// A connection is over.
    pub(super) fn task_done(&mut self) {
        self.tasks -= 1;
        if self.tasks == 0 && self.close_owed {
            self.close_owed = false;
            self.due.push_back(Due::Close);
        }
    }

    /// Decides what `run()` does next.
    pub(super) fn next(&mut self) -> Next {
        match self.due.front() {
            Some(Due::Close) if self.closing > 0 => Next::Wait,
            Some(_) => self.due.pop_front().map_or(Next::Wait, Next::Emit),
            None if self.listening.is_none() && self.tasks == 0 && self.closing == 0 => {
                self.run = Run::Stopped;
                Next::Return
            }
            None => Next::Wait,
        }
    }

    /// Whether `run()` has a reason to look: to wake it at the end of every connection would cost a quarter of all short ones
    /// that can be served.
    pub(super) fn concerns_run(&self) -> bool {
        !self.due.is_empty() || (self.tasks == 0 && self.closing == 0 && self.listening.is_none())
    }

    /// Whether this is still the listening socket: it is not when `close` was called, even if `listen` was called after it.
    pub(super) fn accepts_on(&self, listener: &Arc<Listener>) -> bool {
        self.listening.as_ref().is_some_and(|open| Arc::ptr_eq(&open.listener, listener))
    }

    pub(super) fn is_full(&self) -> bool {
        self.max_connections.is_some_and(|limit| self.sockets.len() >= limit)
    }

    /// Keeps the first panic of a listener. Returns the other ones, to be dropped without the lock.
    #[must_use]
    pub(super) fn record_panic(&mut self, panic: Panic) -> Option<Panic> {
        match &self.panic {
            None => {
                self.panic = Some(panic);
                None
            }
            Some(_) => Some(panic),
        }
    }
}

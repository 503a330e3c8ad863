//! The state that the threads of a server share, under one lock.
//!
//! ```text
//! a listening socket   Bound ──▶ Accepting ──▶ (closed)   then `listen` may be called again
//! run()                Stopped ──▶ Running ──▶ Stopped    when there is nothing left to do
//! ```

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::event::{self, Listening, ServerEvent};
use super::listening::{ActiveListener, ListenerPhase};
use super::refused::Refused;
use crate::panics::Panic;
use crate::socket::EventSocket;
use crate::stream::Listener;

/// The state of a server.
pub(super) struct ServerState {
    pub(super) listeners: event::ServerListeners,
    /// Functions that a protocol on top of the server runs when `close` is called.
    pub(super) close_hooks: Vec<Arc<dyn Fn() + Send + Sync>>,
    /// `Some` exactly while the server listens. The thread that takes it out must close it.
    pub(super) listening: Option<ActiveListener>,
    pub(super) run: RunState,
    /// The events that `run()` emits next, on its own thread.
    pub(super) due: VecDeque<DueEvent>,
    /// `close` was called while sockets were open: Close becomes due after the last of them, unless
    /// the server listens again.
    close_owed: bool,
    /// The sockets whose descriptor is open: `connections()` counts these.
    pub(super) sockets: HashMap<u64, EventSocket>,
    /// The number of connections whose Close is not finished yet.
    pub(super) tasks: usize,
    /// The number of threads and calls that still close a listening socket: accepting threads, and
    /// calls of `close`.
    pub(super) closing: usize,
    /// The accepting thread pauses, because the system had no more descriptors or threads.
    pub(super) backing_off: bool,
    pub(super) max_connections: Option<usize>,
    /// Refused clients, for which Drop is due.
    pub(super) refused: Refused,
    /// The first panic of a listener. `run()` resumes it.
    pub(super) panic: Option<Panic>,
}

/// Whether a thread is inside `run()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunState {
    Stopped,
    Running,
}

/// An event that `run()` emits.
#[derive(Debug, Clone)]
pub(super) enum DueEvent {
    /// Accepting begins after it.
    Listening(Arc<Listener>),
    /// Emitted when no listening socket is still being closed.
    Close,
}

/// The next step of `run()`.
pub(super) enum NextStep {
    Emit(DueEvent),
    Wait,
    Return,
}

impl ServerState {
    pub(super) fn new(max_connections: Option<usize>) -> ServerState {
        ServerState {
            listeners: event::ServerListeners::default(),
            close_hooks: Vec::new(),
            listening: None,
            run: RunState::Stopped,
            due: VecDeque::new(),
            close_owed: false,
            sockets: HashMap::new(),
            tasks: 0,
            closing: 0,
            backing_off: false,
            max_connections,
            refused: Refused::default(),
            panic: None,
        }
    }

    /// Records `listen`, after the socket was bound. Listening is due, and is emitted when the
    /// server runs.
    pub(super) fn listen(&mut self, listening: ActiveListener) {
        self.due.push_back(DueEvent::Listening(listening.listener.clone()));
        self.listening = Some(listening);
        self.close_owed = false; // as in Node: a server that listens again has not closed
    }

    /// Stopped → Running. Returns `false` if the server does not listen and no Close is due.
    pub(super) fn begin_to_run(&mut self) -> bool {
        if self.due.is_empty() {
            return false;
        }
        self.run = RunState::Running;
        true
    }

    /// Implements `close`: takes the listening socket out. As in Node, Close is due at once if no
    /// connection is open, even if the server listens again. The second value is the callbacks that
    /// will never be called; the caller must drop them without the lock.
    pub(super) fn close(
        &mut self,
    ) -> Option<(ActiveListener, Vec<event::SharedListener<Listening>>)> {
        let listening = self.listening.take()?;
        self.closing += 1; // this call of `close`: when it returns, the address is free
        let mut never_called = Vec::new();
        match listening.phase {
            ListenerPhase::Accepting => self.closing += 1, // the accepting thread
            ListenerPhase::Bound => {
                self.due.retain(|due| !matches!(due, DueEvent::Listening(_)));
                // The callback of `listen` belongs to that call of `listen`.
                let once = Listening::list(&mut self.listeners).take_once();
                never_called.extend(once.into_iter().map(|entry| entry.call));
            }
        }
        match self.tasks {
            0 => self.due.push_back(DueEvent::Close),
            _ => self.close_owed = true,
        }
        Some((listening, never_called))
    }

    /// Records that a connection has finished.
    pub(super) fn task_done(&mut self) {
        self.tasks -= 1;
        if self.tasks == 0 && self.close_owed {
            self.close_owed = false;
            self.due.push_back(DueEvent::Close);
        }
    }

    /// Decides the next step of `run()`.
    pub(super) fn next(&mut self) -> NextStep {
        match self.due.front() {
            Some(DueEvent::Close) if self.closing > 0 => NextStep::Wait,
            Some(_) => self.due.pop_front().map_or(NextStep::Wait, NextStep::Emit),
            None if self.listening.is_none() && self.tasks == 0 && self.closing == 0 => {
                self.run = RunState::Stopped;
                NextStep::Return
            }
            None => NextStep::Wait,
        }
    }

    /// Whether `run()` must be woken. Waking it at the end of each connection would reduce the rate
    /// of short connections by a quarter.
    pub(super) fn concerns_run(&self) -> bool {
        !self.due.is_empty() || (self.tasks == 0 && self.closing == 0 && self.listening.is_none())
    }

    /// Whether this is still the listening socket. It is not after `close`, even if `listen` was
    /// called again.
    pub(super) fn accepts_on(&self, listener: &Arc<Listener>) -> bool {
        self.listening.as_ref().is_some_and(|open| Arc::ptr_eq(&open.listener, listener))
    }

    pub(super) fn is_full(&self) -> bool {
        self.max_connections.is_some_and(|limit| self.sockets.len() >= limit)
    }

    /// Keeps the first panic of a listener. Returns each other panic, which the caller must drop
    /// without the lock.
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

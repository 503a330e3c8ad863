//! What a socket knows of itself, all of it under one lock.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::{Drain, Finish, SocketEvent, Table, Timeout};
use super::text::Decoder;
use crate::endpoint::Address;
use crate::options::{ConnectOptions, SocketOptions};
use crate::panics::Panic;
use crate::stream::Stream;

/// The callback of `write_then`.
pub(super) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// How far `run()` has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// `run()` was not called.
    New,
    /// A thread is inside `run()`: the *runner*. It alone connects, reads and closes.
    Running,
    /// Close has been emitted.
    Over,
}

/// Whether data goes to the listeners. Node: `readableFlowing`, which has these three values for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Nobody has listened yet: data is kept, and a first listener starts the flow.
    NotStarted,
    /// Data is emitted, and is lost if all listeners have been removed.
    Flowing,
    /// `pause()` was called: only `resume()` starts the flow again.
    Paused,
}

/// An event that waits for its turn.
pub(super) enum Pending {
    /// What is held may flow now.
    Held,
    Drain,
    Finish,
    Timeout,
    /// A write is over, and this is how.
    Wrote(Done, io::Result<()>),
}

/// Bytes that the kernel has not taken yet.
pub(super) struct Chunk {
    pub(super) data: Vec<u8>,
    /// How many of them it has taken.
    pub(super) sent: usize,
    pub(super) done: Option<Done>,
}

/// The state of one socket.
///
/// What holds whenever the lock is free:
/// - At most one listener or write callback runs, and exactly then `turn` is true.
/// - `writing` is true exactly while one thread has the *writer's role*: it alone calls write(2). Once connected and not
///   `writing`, the queue is empty.
/// - Only the runner makes `stream` `Some` or `None`, and only while nobody is writing: so the descriptor is closed when the
///   runner drops it.
/// - While `blocked`, the runner sits in read(2) or is about to; whoever then makes an event pending has to start the
///   helper, and whoever destroys has to shut the stream down.
pub(super) struct State {
    pub(super) life: Life,
    pub(super) listeners: Table,
    pub(super) turn: bool,
    pub(super) pending: VecDeque<Pending>,
    /// The helper thread is at work: it drains the queue, emits while the runner is blocked, and keeps the idle time that
    /// a blocked read does not.
    pub(super) helper: bool,

    pub(super) options: SocketOptions,
    /// Where to connect; taken by the runner. `None` for an accepted socket.
    pub(super) to: Option<ConnectOptions>,
    pub(super) accepted: bool,
    pub(super) stream: Option<Arc<Stream>>,
    /// All Connect and Ready listeners have been called, or there was nothing to connect: from here on the FIN may go out.
    pub(super) opened: bool,
    /// The peer's address, which stays known after Close.
    pub(super) remote: Option<Address>,

    pub(super) flow: Flow,
    /// Reading has begun, so that a pause no longer keeps the data in the kernel, only from the listeners.
    pub(super) begun: bool,
    /// Data that was read and not emitted: it may not flow, or it is the beginning of a bigger chunk.
    pub(super) held: Vec<u8>,
    /// A thread emits Data, and then Text, of one chunk.
    pub(super) data_turn: bool,
    pub(super) blocked: bool,
    /// When a blocked read returns by itself; `None`: never.
    pub(super) read_limit: Option<Instant>,
    pub(super) decoder: Decoder,
    /// The peer's FIN was read, and End is emitted, or just about to be.
    pub(super) end_emitted: bool,
    pub(super) bytes_read: u64,

    pub(super) writing: bool,
    /// The writer's role is the helper's: it has been handed over with a queue to drain.
    pub(super) handed_over: bool,
    /// The stream's limit for writes is the helper's longer one.
    pub(super) patient: bool,
    pub(super) queue: VecDeque<Chunk>,
    /// Bytes that `write` has got and the kernel has not, those in a system call at the moment included.
    pub(super) length: usize,
    /// A `write` said `false`, so Drain is owed.
    pub(super) need_drain: bool,
    pub(super) bytes_written: u64,
    /// `end()` was called.
    pub(super) ended: bool,
    /// The FIN has been sent.
    pub(super) finished: bool,

    pub(super) destroyed: bool,
    /// With this error; `shut` takes it.
    pub(super) error: Option<io::Error>,
    pub(super) errored: bool,
    /// Callbacks of writes that were given up; called, in order, when the socket closes.
    pub(super) failed: Vec<Done>,
    /// What listeners panicked with; `run()` goes on with the first.
    pub(super) panics: Vec<Panic>,

    pub(super) idle: Option<Duration>,
    /// When Timeout is due. `None`: no idle time is set, or it has fired and nothing has happened since.
    pub(super) deadline: Option<Instant>,
}

impl State {
    fn new(options: SocketOptions) -> State {
        State {
            life: Life::New,
            listeners: Table::default(),
            turn: false,
            pending: VecDeque::new(),
            helper: false,
            flow: if options.paused { Flow::Paused } else { Flow::NotStarted },
            options,
            to: None,
            accepted: false,
            stream: None,
            opened: false,
            remote: None,
            begun: false,
            held: Vec::new(),
            data_turn: false,
            blocked: false,
            read_limit: None,
            decoder: Decoder::default(),
            end_emitted: false,
            bytes_read: 0,
            writing: false,
            handed_over: false,
            patient: false,
            queue: VecDeque::new(),
            length: 0,
            need_drain: false,
            bytes_written: 0,
            ended: false,
            finished: false,
            destroyed: false,
            error: None,
            failed: Vec::new(),
            errored: false,
            panics: Vec::new(),
            idle: None,
            deadline: None,
        }
    }

    /// A socket that will connect.
    pub(super) fn client(options: ConnectOptions) -> State {
        let mut state = State::new(options.socket.clone());
        state.idle = options.timeout.filter(|idle| !idle.is_zero());
        state.to = Some(options);
        state
    }

    /// A socket that is connected already, and whose runner is there.
    pub(super) fn accepted(
        stream: Stream,
        remote: Option<Address>,
        options: SocketOptions,
    ) -> State {
        let mut state = State::new(options);
        state.life = Life::Running;
        state.accepted = true;
        state.begun = state.flow != Flow::Paused;
        state.stream = Some(Arc::new(stream));
        state.opened = true;
        state.remote = remote;
        state
    }

    /// Whether data may go to the listeners now.
    pub(super) fn may_flow(&self) -> bool {
        self.flow == Flow::Flowing && !self.destroyed
    }

    /// Something has happened: the idle time starts anew.
    pub(super) fn touch(&mut self) {
        if let Some(idle) = self.idle {
            self.deadline = Instant::now().checked_add(idle);
        }
    }

    /// Makes Timeout pending when it is due: once, until something happens again.
    pub(super) fn check_idle(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.deadline = None;
            if !self.destroyed {
                self.pending.push_back(Pending::Timeout);
            }
        }
    }

    /// The thread that would emit is blocked in read, or gone.
    pub(super) fn needs_helper(&self) -> bool {
        self.blocked || self.life == Life::Over
    }

    /// The idle time ends before the blocked read does, so somebody else has to watch the clock.
    pub(super) fn clock_to_keep(&self) -> Option<Instant> {
        // The kernel counts in ticks of up to 4 ms (HZ=250), so a read's own limit comes that much late.
        let slack = Duration::from_millis(5);
        let deadline = self.deadline.filter(|_| self.blocked)?;
        let read_keeps_it = self.read_limit.is_some_and(|limit| limit <= deadline + slack);
        (!read_keeps_it).then_some(deadline)
    }

    /// Whether anybody would notice if the pending events were emitted.
    pub(super) fn anyone_waits(&mut self) -> bool {
        let State { pending, listeners, .. } = self;
        pending.iter().any(|pending| match pending {
            Pending::Drain => !Drain::list(listeners).is_empty(),
            Pending::Finish => !Finish::list(listeners).is_empty(),
            Pending::Timeout => !Timeout::list(listeners).is_empty(),
            Pending::Wrote(..) | Pending::Held => true,
        })
    }
}

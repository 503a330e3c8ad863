//! The whole state of a socket, under one lock: a few small state machines, and the invariants
//! between them.

pub(super) mod clock;
pub(super) mod dispatch;
pub(super) mod effects;
pub(super) mod input;
pub(super) mod life;
pub(super) mod output;
pub(super) mod timer;

use std::thread::ThreadId;

use self::clock::Clock;
use self::dispatch::{Dispatch, Pending, Turn};
use self::effects::Effects;
use self::input::{Input, Peer};
use self::life::{Life, Runner};
use self::output::{Drain, Fin, Output, Role};
use crate::endpoint::Address;
use crate::options::{ConnectOptions, SocketOptions};
use crate::stream::Stream;
use crate::wire::CallSite;

/// The state of one socket.
pub(super) struct State {
    pub(super) life: Life,
    pub(super) runner: Runner,
    /// The thread that connects the socket, or has connected it. While this thread is inside a
    /// listener (of Lookup, of Timeout, of a timer), no connection can be established.
    pub(super) connector: Option<ThreadId>,
    /// The peer's direction.
    pub(super) input: Input,
    /// Our direction.
    pub(super) output: Output,
    pub(super) dispatch: Dispatch,
    pub(super) clock: Clock,
    pub(super) options: SocketOptions,
    /// The address of the peer. Remains known after Close.
    pub(super) remote: Option<Address>,
    /// Of the call that has destroyed the socket.
    pub(super) destroy_site: CallSite,
    pub(super) effects: Effects,
}

impl State {
    fn new(life: Life, runner: Runner, options: SocketOptions) -> State {
        State {
            life,
            runner,
            connector: None,
            input: Input::new(options.paused),
            output: Output::default(),
            dispatch: Dispatch::default(),
            clock: Clock::default(),
            options,
            remote: None,
            destroy_site: CallSite::default(),
            effects: Effects::default(),
        }
    }

    /// The state of a socket that will connect.
    pub(super) fn client(options: ConnectOptions) -> State {
        let socket = options.socket.clone();
        let timeout = options.timeout;
        let mut state = State::new(Life::New(Box::new(options)), Runner::NotStarted, socket);
        state.set_idle_time(timeout);
        state
    }

    /// The state of a connected socket, whose runner is the current thread.
    pub(super) fn accepted(
        stream: Stream,
        remote: Option<Address>,
        options: SocketOptions,
    ) -> State {
        let mut state = State::new(Life::Open(stream.into()), Runner::Awake, options);
        state.remote = remote;
        state
    }

    /// Asserts the invariants between the machines, whenever the lock is released. What the type of
    /// one machine rules out is not repeated.
    pub(super) fn check(&self) {
        if cfg!(debug_assertions) {
            self.check_life();
            self.check_output();
            self.check_pending();
        }
    }

    fn check_life(&self) {
        let started = self.runner != Runner::NotStarted;
        match &self.life {
            Life::New(_) => debug_assert!(!started, "run() connects"),
            Life::Connecting | Life::Greeting(_) => {
                debug_assert_eq!(self.runner, Runner::Awake, "the runner connects");
            }
            Life::Open(_) => debug_assert!(started && self.runner != Runner::Returned),
            Life::Destroyed { .. } => debug_assert_ne!(self.runner, Runner::Returned),
            Life::Closing { .. } => {
                debug_assert_eq!(self.runner, Runner::Awake, "the runner closes");
                debug_assert_eq!(self.output.role, Role::Free, "nobody writes to a closed stream");
            }
            Life::Over { .. } => debug_assert_eq!(self.runner, Runner::Returned),
        }
        debug_assert!(
            self.input.peer != Peer::Ended || self.input.held.is_empty(),
            "End does not overtake data"
        );
    }

    fn check_output(&self) {
        let Output { role, queue, drain, fin, .. } = &self.output;
        if self.is_destroyed() {
            debug_assert!(queue.is_empty(), "destroy drops the queue");
            debug_assert_eq!(*drain, Drain::NotOwed, "no Drain comes after destroy");
        } else if self.stream().is_some() {
            debug_assert!(*role != Role::Free || queue.is_empty(), "a queue has a sender");
            debug_assert!(*fin != Fin::Sent || *role == Role::Free, "nothing follows the FIN");
        } else {
            debug_assert_eq!(*role, Role::Free, "only a stream is written to");
        }
    }

    fn check_pending(&self) {
        let Dispatch { pending, turn, helper, .. } = &self.dispatch;
        let count =
            |what: fn(&Pending) -> bool| pending.iter().take(64).filter(|p| what(p)).count();
        let drains = count(|pending| matches!(pending, Pending::Drain));
        let due = matches!(self.output.drain, Drain::Due { .. });
        debug_assert!(
            pending.len() > 64 || drains == usize::from(due),
            "a due Drain is pending, once"
        );
        debug_assert!(count(|pending| matches!(pending, Pending::Finish)) <= 1);
        debug_assert!(count(|pending| matches!(pending, Pending::Timeout)) <= 1);
        debug_assert!(
            !self.is_destroyed() || count(|pending| !matches!(pending, Pending::Wrote(..))) == 0,
            "only write callbacks outlive destroy"
        );
        debug_assert!(
            self.runner != Runner::Reading || *turn == Turn::Free || helper.is_working(),
            "a runner inside read(2) calls no listener"
        );
    }
}

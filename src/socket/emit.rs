//! One listener at a time: the turn, the events that wait for it, and the helper thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::time::Instant;

use super::EventSocket;
use super::event::{Drain, Finish, SocketEvent, Timeout};
use super::state::{Pending, State};
use crate::threads;

pub(super) type Guard<'a> = MutexGuard<'a, State>;

impl EventSocket {
    /// Calls the listeners of `E` one after another, with no lock held. Returns when all of them have returned.
    pub(super) fn emit<'s, E: SocketEvent>(
        &'s self,
        state: Guard<'s>,
        args: E::Args<'_>,
    ) -> Guard<'s> {
        let mut state = self.wait_for_turn(state);
        let mut taken = E::list(&mut state.listeners).take();
        if taken.is_empty() {
            return state;
        }
        let (mut state, panic) = self.in_turn(state, || {
            for listener in &mut taken {
                (listener.call)(self, args);
            }
        });
        let go = E::list(&mut state.listeners).put_back(taken);
        self.after_turn(state, go, panic)
    }

    /// Calls something else of the user as if it were a listener.
    pub(super) fn call<'s>(&'s self, state: Guard<'s>, user: impl FnOnce()) -> Guard<'s> {
        let (state, panic) = self.in_turn(state, user);
        self.after_turn(state, Vec::<()>::new(), panic)
    }

    fn wait_for_turn<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        while state.turn {
            state = self.monitor().wait(state, None);
        }
        state
    }

    /// Runs code of the user: takes the turn, lets go of the lock, and catches a panic.
    fn in_turn<'s>(
        &'s self,
        mut state: Guard<'s>,
        user: impl FnOnce(),
    ) -> (Guard<'s>, Option<Box<dyn Any + Send>>) {
        state.turn = true;
        drop(state);
        let panic = catch_unwind(AssertUnwindSafe(user)).err();
        (self.lock(), panic)
    }

    /// Gives the turn back. What is dropped for good may run code of the user too, so that is part of the turn.
    fn after_turn<'s, T>(
        &'s self,
        mut state: Guard<'s>,
        go: Vec<T>,
        panic: Option<Box<dyn Any + Send>>,
    ) -> Guard<'s> {
        if !go.is_empty() {
            drop(state);
            drop(go);
            state = self.lock();
        }
        state.turn = false;
        if panic.is_some() {
            state.panic = state.panic.take().or(panic);
            state = self.destroy_locked(state, None);
        }
        self.monitor().notify(&state);
        state
    }

    /// Emits what is pending, in order. By the runner whenever it is about to wait, by the helper when the runner cannot.
    pub(super) fn settle<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        while !state.pending.is_empty() {
            state = self.wait_for_turn(state);
            // Between here and the listener the lock is not let go: nothing can overtake.
            state = match state.pending.pop_front() {
                None => return state,
                Some(Pending::Drain) => self.emit::<Drain>(state, ()),
                Some(Pending::Finish) => self.emit::<Finish>(state, ()),
                Some(Pending::Timeout) => self.emit::<Timeout>(state, ()),
                Some(Pending::Wrote(done, result)) => self.call(state, || done(result)),
            };
        }
        state
    }

    /// To be called, by any thread, after something was made pending or the runner may have cause to go on.
    pub(super) fn stir<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        if state.needs_helper() && !state.pending.is_empty() {
            if state.anyone_waits() {
                state = self.start_helper(state);
            } else {
                state.pending.clear();
            }
        }
        self.monitor().notify(&state);
        state
    }

    /// Starts the helper unless it is at work. Without one, pending events wait for the runner, and a queue cannot be sent.
    pub(super) fn start_helper<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        if !state.helper {
            state.helper = true;
            let socket = self.clone();
            if let Err(error) = threads::start(Box::new(move || socket.help())) {
                state.helper = false;
                if state.handed_over {
                    state.handed_over = false;
                    state.writing = false;
                    state = self.destroy_locked(state, Some(error));
                }
            }
        }
        self.monitor().notify(&state);
        state
    }

    /// The helper thread: until there is nothing to do.
    fn help(&self) {
        let mut state = self.lock();
        loop {
            if state.needs_helper() && !state.pending.is_empty() {
                state = self.settle(state);
            } else if state.handed_over {
                state = self.send_some(state);
                state = self.pass_role_on(state);
            } else if let Some(deadline) = state.clock_to_keep() {
                state = self.rest(state, Some(deadline));
            } else {
                break;
            }
        }
        state.helper = false;
    }

    /// Waits for a change, for `until`, or for the idle time to be over, whichever is first.
    pub(super) fn rest<'s>(&'s self, state: Guard<'s>, until: Option<Instant>) -> Guard<'s> {
        let deadline = match (until, state.deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let mut state = self.monitor().wait(state, deadline);
        state.check_idle();
        state
    }

    /// Waits, and emits what becomes pending, until `enough`.
    pub(super) fn rest_until<'s>(
        &'s self,
        mut state: Guard<'s>,
        until: Option<Instant>,
        mut enough: impl FnMut(&State) -> bool,
    ) -> Guard<'s> {
        loop {
            state.check_idle();
            state = self.settle(state);
            let late = until.is_some_and(|until| until <= Instant::now());
            if late || enough(&state) {
                return state;
            }
            state = self.rest(state, until);
        }
    }
}

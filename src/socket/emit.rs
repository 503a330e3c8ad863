//! One listener at a time: the turn, the events that wait for it, and the helper thread.

use std::sync::MutexGuard;
use std::time::Instant;

use super::EventSocket;
use super::event::{Drain, Finish, Listener, SocketEvent, Timeout};
use super::state::{Pending, State};
use crate::listeners::Entry;
use crate::panics::{self, Panic};
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
        state.turn = true;
        drop(state);
        // All are called, also after a panic: a listener of Close may be another's only way to clean up.
        let call = |entry: &mut Entry<Listener<E>>| panics::catch(|| (entry.call)(self, args));
        let mut panics: Vec<Panic> = taken.iter_mut().filter_map(call).collect();
        state = self.lock();
        let go = E::list(&mut state.listeners).put_back(taken);
        if !go.is_empty() {
            drop(state);
            panics.extend(panics::let_go(go));
            state = self.lock();
        }
        self.end_turn(state, panics)
    }

    /// Calls something else of the user as if it were a listener.
    pub(super) fn call<'s>(&'s self, mut state: Guard<'s>, user: impl FnOnce()) -> Guard<'s> {
        state.turn = true;
        drop(state);
        let panic = panics::catch(user);
        self.end_turn(self.lock(), panic)
    }

    /// Whoever waited may go on only now: so what can change meanwhile is looked at after this, and never before.
    pub(super) fn wait_for_turn<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        while state.turn {
            state = self.monitor().wait(state, None);
        }
        state
    }

    fn end_turn<'s>(
        &'s self,
        mut state: Guard<'s>,
        panics: impl IntoIterator<Item = Panic>,
    ) -> Guard<'s> {
        state.turn = false;
        let before = state.panics.len();
        state.panics.extend(panics);
        if state.panics.len() > before {
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
                Some(Pending::Held) => self.emit_held(state),
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
        if state.clock_to_keep().is_some() {
            state = self.start_helper(state);
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

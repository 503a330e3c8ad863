//! Calling listeners: one at a time, with no lock held.

use std::time::Instant;

use super::EventSocket;
use super::dispatch::{Next, Pending, Turn};
use super::event::{Data, Drain, Finish, SocketEvent, Text, Timeout};
use super::lock::Locked;
use super::state::State;
use crate::deferred;
use crate::panics;

impl EventSocket {
    /// Takes the turn, and waits for it if need be. What can change in the meantime is looked at after this, never before.
    pub(super) fn take_turn(&self, state: &mut Locked<'_>) {
        while state.dispatch.turn == Turn::Taken {
            state.wait(None);
        }
        state.dispatch.turn = Turn::Taken;
    }

    /// Takes the turn, calls the listeners of `E`, and gives the turn back.
    pub(super) fn emit<E: SocketEvent>(&self, state: &mut Locked<'_>, args: E::Args<'_>) {
        self.take_turn(state);
        self.call_listeners::<E>(state, args);
        state.free_turn();
    }

    /// Calls code of the user as if it were a listener: a callback, or the server's Connection listeners.
    pub(super) fn emit_call(&self, state: &mut Locked<'_>, user: impl FnOnce()) {
        self.take_turn(state);
        self.call_user(state, user);
        state.free_turn();
    }

    /// Calls the listeners of `E` one after another, and returns when all of them have returned. The caller has the turn.
    pub(super) fn call_listeners<E: SocketEvent>(&self, state: &mut Locked<'_>, args: E::Args<'_>) {
        let mut taken = E::list(&mut state.dispatch.listeners).take();
        if taken.is_empty() {
            return;
        }
        // All are called, also after a panic: a listener of Close may be the only way for the user to clean up.
        let panic = state.unlocked(|| {
            deferred::in_listener(|| {
                let calls = taken.iter_mut();
                panics::first(calls.filter_map(|entry| panics::catch(|| (entry.call)(self, args))))
            })
        });
        let removed = E::list(&mut state.dispatch.listeners).put_back(taken);
        if !removed.is_empty() {
            removed.into_iter().for_each(|entry| state.effects.discard(entry.call));
        }
        if let Some(panic) = panic {
            state.record_panic(panic);
        }
    }

    /// Calls code of the user. The caller has the turn.
    pub(super) fn call_user(&self, state: &mut Locked<'_>, user: impl FnOnce()) {
        let panic = state.unlocked(|| deferred::in_listener(|| panics::catch(user)));
        panic.into_iter().for_each(|panic| state.record_panic(panic));
    }

    /// Emits everything that is pending, and what is held and may flow. Called by the runner whenever it is about to wait, and
    /// by a helper when the runner cannot.
    pub(super) fn emit_pending(&self, state: &mut Locked<'_>) {
        while state.has_event() {
            self.take_turn(state);
            // From here to the listener the lock is not released: nothing can overtake.
            if let Some(next) = state.take_event() {
                self.call_for(state, next);
            }
            state.free_turn();
        }
    }

    /// Calls whoever waits for this. The caller has the turn.
    fn call_for(&self, state: &mut Locked<'_>, next: Next) {
        match next {
            Next::Held(chunk) => self.call_with_chunk(state, &chunk),
            Next::Pending(Pending::Drain) => {
                if state.begin_drain() {
                    self.call_listeners::<Drain>(state, ());
                }
            }
            Next::Pending(Pending::Finish) => {
                self.call_listeners::<Finish>(state, ());
                if state.output.destroy_after_finish {
                    state.destroy(super::life::Cause::Closed);
                }
            }
            Next::Pending(Pending::Timeout) => {
                if state.is_idle() {
                    self.call_listeners::<Timeout>(state, ());
                }
            }
            Next::Pending(Pending::Timer(id)) => self.call_timer(state, id),
            Next::Pending(Pending::Wrote(done, result)) => {
                self.call_user(state, || done(result));
            }
        }
    }

    /// Calls the listeners of Data, then those of Text: in one turn, as both belong to one chunk. If all listeners have been
    /// removed while data flows, the chunk is lost, as in Node. The caller has the turn.
    pub(super) fn call_with_chunk(&self, state: &mut Locked<'_>, chunk: &[u8]) {
        self.call_listeners::<Data>(state, chunk);
        if Text::is_heard(&mut state.dispatch.listeners) && !state.is_destroyed() {
            let text = state.input.decoder.decode(chunk);
            if !text.is_empty() {
                self.call_listeners::<Text>(state, &text);
            }
        }
    }

    /// Emits what becomes pending, until `enough`, or until the deadline.
    pub(super) fn wait_until(
        &self,
        state: &mut Locked<'_>,
        deadline: Option<Instant>,
        mut enough: impl FnMut(&State) -> bool,
    ) {
        loop {
            self.emit_pending(state);
            let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if late || enough(state) {
                return;
            }
            state.wait(deadline);
        }
    }
}

impl State {
    pub(super) fn free_turn(&mut self) {
        self.dispatch.turn = Turn::Free;
        self.effects.wake();
    }
}

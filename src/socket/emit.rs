//! Calls listeners: one at a time, with no lock held.
//!
//! A thread that emits an event takes four steps. It takes the turn, so that no other thread calls
//! a listener of this socket. It takes the listeners out of the table, and releases the lock. It
//! calls them. It takes the lock again, puts the listeners back, and frees the turn. While the lock
//! is released, any thread may change the state: so each decision is made after the turn was taken,
//! under the lock that is held up to the call.

use std::time::Instant;

use super::EventSocket;
use super::event::{Data, Drain, Finish, SocketEvent, Text, Timeout};
use super::lock::Locked;
use super::state::State;
use super::state::dispatch::{NextEvent, Pending, Turn};
use super::text::Decoder;
use crate::deferred;
use crate::panics;

impl EventSocket {
    /// Takes the turn. Waits, with the lock released, until no other thread has it. So the state
    /// may have changed when this returns: check conditions afterwards, never before.
    pub(super) fn take_turn(&self, state: &mut Locked<'_>) {
        while state.dispatch.turn == Turn::Taken {
            state.wait(None);
        }
        state.dispatch.turn = Turn::Taken;
    }

    /// Takes the turn, calls the listeners of `E`, and frees the turn.
    pub(super) fn emit<E: SocketEvent>(&self, state: &mut Locked<'_>, args: E::Args<'_>) {
        self.take_turn(state);
        self.call_listeners::<E>(state, args);
        state.free_turn();
    }

    /// Calls code of the user as if it were a listener: a callback, or the server's Connection
    /// listeners.
    pub(super) fn emit_call(&self, state: &mut Locked<'_>, user: impl FnOnce()) {
        self.take_turn(state);
        self.call_user(state, user);
        state.free_turn();
    }

    /// Calls the listeners of `E` one after another, with the lock released, and returns when all
    /// have returned. The caller has the turn.
    pub(super) fn call_listeners<E: SocketEvent>(&self, state: &mut Locked<'_>, args: E::Args<'_>) {
        // Out of the table, because the lock that protects it is released during the calls. In the
        // meantime `on` and `off` change the table, and the change takes effect at the next event.
        let mut taken = E::list(&mut state.dispatch.listeners).take();
        if taken.is_empty() {
            return;
        }
        // All listeners are called, even if one panics: a listener of Close may be the only place
        // where the user cleans up. `in_listener` defers a Drain until they have returned.
        let panic = state.unlocked(|| {
            deferred::in_listener(|| {
                let calls = taken.iter_mut();
                panics::first(calls.filter_map(|entry| {
                    entry.site.call(|| panics::catch(|| (entry.call)(self, args)))
                }))
            })
        });
        // Under the lock again. A listener that was removed during the calls is not put back; its
        // `Drop` may be code of the user, so it runs after the lock is released.
        let removed = E::list(&mut state.dispatch.listeners).put_back(taken);
        if !removed.is_empty() {
            removed.into_iter().for_each(|entry| state.effects.discard(entry.call));
        }
        // Last, as it destroys the socket: all listeners of this event have been called.
        if let Some(panic) = panic {
            state.record_panic(panic);
        }
    }

    /// Calls code of the user, with the lock released. The caller has the turn.
    pub(super) fn call_user(&self, state: &mut Locked<'_>, user: impl FnOnce()) {
        let panic = state.unlocked(|| deferred::in_listener(|| panics::catch(user)));
        panic.into_iter().for_each(|panic| state.record_panic(panic));
    }

    /// Emits all pending events, and the held data if it may flow. The runner calls this before
    /// each wait, and a helper calls it while the runner cannot.
    pub(super) fn emit_pending(&self, state: &mut Locked<'_>) {
        // Each call releases the lock, so new events may have become pending: check again after
        // each.
        while state.has_event() {
            self.take_turn(state);
            // `take_turn` may have waited, and another thread may have emitted this event: the
            // event is chosen now. The lock is not released from here to the call, so no event
            // overtakes this one.
            if let Some(next) = state.take_event() {
                self.call_for_event(state, next);
            }
            state.free_turn();
        }
    }

    /// Calls the listeners or the callback of an event. The caller has the turn.
    fn call_for_event(&self, state: &mut Locked<'_>, next: NextEvent) {
        match next {
            NextEvent::Held(chunk) => self.call_with_chunk(state, &chunk),
            NextEvent::Pending(Pending::Drain) => {
                // Since Drain became pending, more may have been written.
                if state.begin_drain() {
                    self.call_listeners::<Drain>(state, ());
                }
            }
            NextEvent::Pending(Pending::Finish) => {
                self.call_listeners::<Finish>(state, ());
                if state.output.destroy_after_finish {
                    state.destroy(super::state::life::Cause::Closed);
                }
            }
            NextEvent::Pending(Pending::Timeout) => {
                // Since Timeout became pending, there may have been activity.
                if state.is_idle() {
                    self.call_listeners::<Timeout>(state, ());
                }
            }
            NextEvent::Pending(Pending::Timer(id)) => self.call_timer(state, id),
            NextEvent::Pending(Pending::Wrote(done, result)) => {
                self.call_user(state, || done(result));
            }
        }
    }

    /// Calls the listeners of Data, then those of Text: in one turn, as both belong to one chunk.
    /// If all listeners were removed while data flows, the chunk is lost, as in Node. The caller
    /// has the turn.
    pub(super) fn call_with_chunk(&self, state: &mut Locked<'_>, chunk: &[u8]) {
        self.call_listeners::<Data>(state, chunk);
        // A listener of Data may have destroyed the socket.
        if !Text::has_listeners(&mut state.dispatch.listeners) {
            // The rest of a character belongs to the bytes before it only.
            state.input.decoder = Decoder::default();
        } else if !state.is_destroyed() {
            let text = state.input.decoder.decode(chunk);
            if !text.is_empty() {
                self.call_listeners::<Text>(state, &text);
            }
        }
    }

    /// Emits events as they become pending, until `enough` returns true, or until the deadline.
    pub(super) fn wait_until(
        &self,
        state: &mut Locked<'_>,
        deadline: Option<Instant>,
        mut enough: impl FnMut(&State) -> bool,
    ) {
        loop {
            // First emit: it releases the lock, and may change what `enough` checks.
            self.emit_pending(state);
            let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
            // Under the same lock as the wait below, so no change is missed between the check and
            // the wait.
            if late || enough(state) {
                return;
            }
            // Releases the lock until another thread has changed something.
            state.wait(deadline);
        }
    }
}

impl State {
    /// Frees the turn, and wakes the threads that wait for it.
    pub(super) fn free_turn(&mut self) {
        self.dispatch.turn = Turn::Free;
        self.effects.wake();
    }
}

//! Timers on the turn of a socket: `set_timeout`, `after`, `every`, `cancel`.

use std::time::{Duration, Instant};

use super::EventSocket;
use super::lock::Locked;
use super::state::State;
use super::state::timer::{Callback, Timer, TimerId, TimerPhase};

impl State {
    /// Takes the callback of a timer that has fired. `None`: it was cancelled.
    fn take_callback(&mut self, id: TimerId) -> Option<Callback> {
        let at = self.clock.timers.iter().position(|timer| timer.id == id)?;
        match self.clock.timers[at].period {
            Some(_) => self.clock.timers[at].callback.take(),
            None => self.clock.timers.swap_remove(at).callback,
        }
    }

    /// Puts the callback back after its call.
    fn put_callback_back(&mut self, id: TimerId, callback: Callback) {
        match self.clock.timers.iter_mut().find(|timer| timer.id == id) {
            Some(timer) => {
                timer.callback = Some(callback);
                timer.period.into_iter().for_each(|period| timer.reschedule(period));
            }
            // Fires once only, or was cancelled, or the socket is destroyed.
            None => self.effects.discard(callback),
        }
    }
}

impl EventSocket {
    /// Emits [`Timeout`](crate::event::Timeout) if nothing was received and nothing was written for
    /// `idle`: once, until there is activity again. `None`, and zero as in Node, turn it off. Does
    /// not close the socket.
    ///
    /// It also limits a blocking write: see the implementation of [`io::Write`](std::io::Write).
    /// Node: `socket.setTimeout`.
    pub fn set_timeout(&self, idle: Option<Duration>) {
        self.lock().set_idle_time(idle);
    }

    /// Calls `callback` once, after `delay`: like a listener, on the socket's turn. Not before
    /// [`run`](Self::run), and not after `destroy`. Node: `setTimeout`.
    ///
    /// One thread of the process keeps all timers, so a timer needs no thread.
    ///
    /// ```
    /// use net_notes::{self as net, event};
    /// use std::time::Duration;
    ///
    /// let server = net::create_server(|socket| {
    ///     socket.resume();
    ///     socket.after(Duration::from_millis(20), |socket| socket.end_with("time is up\n"));
    /// });
    /// server.listen(0, |_| {})?;
    /// let client = net::connect(server.address().unwrap(), |_| {});
    /// client.on(event::Text, |_, text| assert_eq!(text, "time is up\n"));
    /// let running = server.spawn();
    /// client.run()?;
    /// server.close()?;
    /// running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn after(
        &self,
        delay: Duration,
        callback: impl FnOnce(&EventSocket) + Send + 'static,
    ) -> TimerId {
        let mut callback = Some(callback);
        let once = move |socket: &EventSocket| {
            if let Some(callback) = callback.take() {
                callback(socket);
            }
        };
        self.add_timer(delay, None, Box::new(once))
    }

    /// Calls `callback` repeatedly, every `period`, until it is cancelled or the socket is
    /// destroyed: like a listener, on the socket's turn. Periods that were missed, because a
    /// listener took longer, are skipped. Zero counts as one millisecond, as in Node. Node:
    /// `setInterval`.
    pub fn every(
        &self,
        period: Duration,
        callback: impl FnMut(&EventSocket) + Send + 'static,
    ) -> TimerId {
        let period = period.max(Duration::from_millis(1));
        self.add_timer(period, Some(period), Box::new(callback))
    }

    /// Cancels a timer. Returns `false` if it has fired, was cancelled, or belongs to another
    /// socket. The callback is not called after this returns, except for a call that has begun.
    /// Node: `clearTimeout`, `clearInterval`.
    pub fn cancel(&self, timer: TimerId) -> bool {
        let mut state = self.lock();
        let Some(at) = state.clock.timers.iter().position(|other| other.id == timer) else {
            return false;
        };
        let timer = state.clock.timers.swap_remove(at);
        drop(state);
        drop(timer); // not under the lock: its `Drop` may be code of the user
        true
    }

    fn add_timer(&self, delay: Duration, period: Option<Duration>, callback: Callback) -> TimerId {
        let id = TimerId::next();
        let phase = TimerPhase::Waiting(Instant::now().checked_add(delay));
        let timer = Timer { id, period, phase, callback: Some(callback) };
        let mut state = self.lock();
        if state.is_destroyed() {
            drop(state); // and then the timer, which will never be called
        } else {
            state.clock.timers.push(timer);
        }
        id
    }

    /// Calls the callback of a timer that has fired. The caller has the turn.
    pub(super) fn call_timer(&self, state: &mut Locked<'_>, id: TimerId) {
        if let Some(mut callback) = state.take_callback(id) {
            self.call_user(state, || callback(self));
            state.put_callback_back(id, callback);
        }
    }
}

//! Timers on the turn of a socket: `set_timeout`, `after`, `every`, `cancel`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::EventSocket;
use super::lock::Locked;
use super::state::State;

/// What [`EventSocket::after`] and [`EventSocket::every`] return, and [`EventSocket::cancel`] takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

impl TimerId {
    /// Unique in the process, so that the id of one socket never cancels a timer of another.
    fn next() -> TimerId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TimerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

type Callback = Box<dyn FnMut(&EventSocket) + Send>;

/// A timer of a socket.
pub(super) struct Timer {
    id: TimerId,
    /// `None`: once.
    period: Option<Duration>,
    phase: Phase,
    /// `None` while it is called.
    callback: Option<Callback>,
}

/// Where a timer is.
enum Phase {
    /// Until then; `None`: for longer than a clock can say.
    Waiting(Option<Instant>),
    /// Its time has come, and it waits for its turn, or is being called. `due` is the time that it was due.
    Fired { due: Instant },
}

impl Timer {
    pub(super) fn due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting(due) => due,
            Phase::Fired { .. } => None,
        }
    }

    /// Waiting → Fired, if it is due.
    pub(super) fn fire(&mut self, now: Instant) -> Option<(Instant, TimerId)> {
        let due = self.due().filter(|due| *due <= now)?;
        self.phase = Phase::Fired { due };
        Some((due, self.id))
    }

    /// Fired → Waiting. A period that was missed is skipped: there is no burst after a slow listener.
    fn wait_again(&mut self, period: Duration) {
        if let Phase::Fired { due } = self.phase {
            let now = Instant::now();
            let next = due.checked_add(period).filter(|next| *next > now);
            self.phase = Phase::Waiting(next.or_else(|| now.checked_add(period)));
        }
    }
}

impl State {
    /// What is to be called for a timer that has fired; `None`: it was cancelled.
    fn take_callback(&mut self, id: TimerId) -> Option<Callback> {
        let at = self.clock.timers.iter().position(|timer| timer.id == id)?;
        match self.clock.timers[at].period {
            Some(_) => self.clock.timers[at].callback.take(),
            None => self.clock.timers.swap_remove(at).callback,
        }
    }

    /// The callback has returned.
    fn put_callback_back(&mut self, id: TimerId, callback: Callback) {
        match self.clock.timers.iter_mut().find(|timer| timer.id == id) {
            Some(timer) => {
                timer.callback = Some(callback);
                timer.period.into_iter().for_each(|period| timer.wait_again(period));
            }
            None => self.effects.discard(callback), // once only, or cancelled, or the socket is destroyed
        }
    }
}

impl EventSocket {
    /// Emits [`Timeout`](crate::event::Timeout) when nothing was received and nothing was written for `idle`: once, until
    /// something happens again. `None`, and zero as in Node, switch it off. Closes nothing.
    ///
    /// It also bounds a blocking write: see the implementation of [`io::Write`](std::io::Write). Node: `socket.setTimeout`.
    pub fn set_timeout(&self, idle: Option<Duration>) {
        self.lock().set_idle_time(idle);
    }

    /// Calls `callback` once, when `delay` is over: as a listener, on the socket's turn. Not before [`run`](Self::run), and
    /// not after `destroy`. Node: `setTimeout`.
    ///
    /// One thread of the process keeps all timers, so a timer costs no thread of its own.
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

    /// Calls `callback` again and again, `period` apart, until it is cancelled or the socket is destroyed: as a listener, on
    /// the socket's turn. A period that was missed, because a listener took longer, is skipped. Zero counts as one
    /// millisecond, as in Node. Node: `setInterval`.
    pub fn every(
        &self,
        period: Duration,
        callback: impl FnMut(&EventSocket) + Send + 'static,
    ) -> TimerId {
        let period = period.max(Duration::from_millis(1));
        self.add_timer(period, Some(period), Box::new(callback))
    }

    /// Cancels a timer; `false` if there is none with this id (any longer). Its callback is not called after this returns,
    /// except for a call that has begun. Node: `clearTimeout`, `clearInterval`.
    pub fn cancel(&self, timer: TimerId) -> bool {
        let mut state = self.lock();
        let Some(at) = state.clock.timers.iter().position(|other| other.id == timer) else {
            return false;
        };
        let timer = state.clock.timers.swap_remove(at);
        drop(state);
        drop(timer); // not under the lock: what the callback owns may run code of the user
        true
    }

    fn add_timer(&self, delay: Duration, period: Option<Duration>, callback: Callback) -> TimerId {
        let id = TimerId::next();
        let phase = Phase::Waiting(Instant::now().checked_add(delay));
        let timer = Timer { id, period, phase, callback: Some(callback) };
        let mut state = self.lock();
        if state.is_destroyed() {
            drop(state); // and then the timer, which will never be called
        } else {
            state.clock.timers.push(timer);
        }
        id
    }

    /// Calls a timer that has fired. The caller has the turn.
    pub(super) fn call_timer(&self, state: &mut Locked<'_>, id: TimerId) {
        if let Some(mut callback) = state.take_callback(id) {
            self.call_user(state, || callback(self));
            state.put_callback_back(id, callback);
        }
    }
}

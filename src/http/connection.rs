//! One connection of a server: request, answer, request, answer, until one of the two has enough.
//!
//! All that comes from the socket comes by its listeners, which run one at a time; what a [`Response`] does may come from
//! any thread. The lock is for these two; it is never held while the handler runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Options;
use super::answer::Answer;
use super::incoming::{Incoming, Next};
use super::request::Request;
use super::response::Response;
use super::status::{Refusal, refuse};
use crate::endpoint::Address;
use crate::error;
use crate::event;
use crate::socket::EventSocket;
use crate::sync::{lock, try_lock};
use crate::threads::Job;
use crate::timers::{self, Alarm, Alarmed};

pub(super) type Handler = dyn Fn(Request, Response) + Send + Sync;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(super) struct Connection {
    /// The socket's listeners own this, and it owns the socket: Close breaks the circle by dropping the listeners.
    pub(super) socket: EventSocket,
    remote: Option<Address>,
    handler: Arc<Handler>,
    pub(super) options: Options,
    inner: Mutex<Inner>,
    /// When to look whether any of the times in `inner` is over. Nothing is done for a request: each connection is looked at
    /// now and then, and at the latest when its time may be over.
    alarm: Mutex<Option<Alarm>>,
}

pub(super) struct Inner {
    pub(super) incoming: Incoming,
    pub(super) answer: Answer,
    /// Of the response that is open, or of the next one.
    number: u64,
    pub(super) phase: Phase,
    /// When the first byte of the request that is coming came; after the last answer, when the client had it.
    pub(super) began: Option<Instant>,
    /// Since when there has been no request.
    idle: Instant,
    pub(super) paused: bool,
    /// The client has ended its side.
    no_more: bool,
    pub(super) no_delay: bool,
    /// Since when the client has taken nothing, and how many bytes it had taken then.
    pub(super) stalled: Option<(Instant, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between two answers: the next request is on its way, or none.
    Reading,
    /// The handler runs.
    Handling,
    /// The handler runs, and has answered; `clear`: the kernel has taken all of it.
    Answered { clear: bool },
    /// The handler has returned, and its response is still open.
    Outstanding,
    /// An answer waits for the client to read it.
    Flushing,
    /// The last answer is on its way; nothing more is of interest.
    Closing,
}

impl Connection {
    /// Takes a socket over that a server has accepted.
    pub(super) fn start(socket: &EventSocket, handler: &Arc<Handler>, options: Options) {
        let connection = Arc::new(Connection {
            socket: socket.clone(),
            remote: socket.remote_addr(),
            handler: handler.clone(),
            options,
            inner: Mutex::new(Inner {
                incoming: Incoming::new(options.limits),
                answer: Answer::new(),
                number: 0,
                phase: Phase::Reading,
                began: None,
                idle: Instant::now(),
                paused: false,
                no_more: false,
                no_delay: false,
                stalled: None,
            }),
            alarm: Mutex::default(),
        });
        connection.set_alarm(Duration::MAX);
        let this = connection.clone();
        socket.on(event::Data, move |_, data| this.received(data));
        socket.on(event::End, move |_, ()| connection.ended());
        // Clients come and go as they like; that is no news.
        socket.on(event::Error, |_, _| {});
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Lets the lock go, and then says what the handler has done wrong: not before, as standard error has a lock of its own,
    /// and who holds that may wait for this one.
    fn unlock(mut inner: MutexGuard<'_, Inner>) {
        let complaint = inner.answer.complaint.take();
        drop(inner);
        if let Some(complaint) = complaint {
            error::report(&complaint);
        }
    }

    // From the socket.

    fn received(self: &Arc<Self>, data: &[u8]) {
        let mut inner = self.lock();
        if inner.phase == Phase::Closing {
            return; // to close with it unread would reset the connection
        }
        inner.incoming.feed(data);
        self.proceed(inner);
    }

    fn ended(self: &Arc<Self>) {
        let mut inner = self.lock();
        inner.no_more = true;
        if inner.phase == Phase::Reading {
            self.no_more(&mut inner);
        }
    }

    fn set_alarm(self: &Arc<Self>, after: Duration) {
        let after = after.min(self.options.shortest());
        let alarm = timers::set(Instant::now() + after, Arc::downgrade(self) as _);
        *lock(&self.alarm) = Some(alarm);
    }

    /// Ends what has taken too long.
    fn check_times(self: &Arc<Self>) {
        let mut inner = self.lock();
        if self.socket.is_destroyed() {
            return;
        }
        let mut left = self.time_left(&mut inner);
        if left.is_zero() {
            if inner.phase != Phase::Reading || inner.began.is_none() {
                return self.socket.destroy();
            }
            self.refuse(&mut inner, refuse(408, "the request did not come in time"));
            left = self.time_left(&mut inner);
        }
        self.set_alarm(left);
    }

    fn time_left(&self, inner: &mut Inner) -> Duration {
        match (inner.phase, inner.began) {
            (Phase::Reading, None) => {
                self.options.idle_timeout.saturating_sub(inner.idle.elapsed())
            }
            (Phase::Reading, Some(began)) => {
                self.options.request_timeout.saturating_sub(began.elapsed())
            }
            // The handler takes its time.
            (Phase::Handling | Phase::Answered { .. }, _) => Duration::MAX,
            // And the client has all there is.
            (Phase::Outstanding, _) if self.socket.writable_length() == 0 => Duration::MAX,
            (Phase::Outstanding | Phase::Flushing, _) => self.patience(inner),
            (Phase::Closing, _) => self.linger(inner),
        }
    }

    /// Handles all requests that are complete, one after another, as long as their answers are taken. Only in listeners.
    fn proceed<'s>(self: &'s Arc<Self>, mut inner: MutexGuard<'s, Inner>) {
        while inner.phase == Phase::Reading {
            match inner.incoming.next() {
                Err(refusal) => return self.refuse(&mut inner, refusal),
                Ok(Next::Continue) => {
                    self.socket.write(CONTINUE);
                }
                Ok(Next::Partial) => return self.wait_for_more(&mut inner),
                Ok(Next::Complete(request, exchange)) => {
                    inner.began = None;
                    inner.phase = Phase::Handling;
                    inner.answer.begin(exchange);
                    let number = inner.number;
                    if !inner.incoming.is_empty() {
                        self.hurry(&mut inner); // or its answer would wait for the acknowledgement of this one
                    }
                    drop(inner);
                    let request = request.from(self.remote.clone());
                    let response = Response::new(self.clone(), number);
                    let handle = AssertUnwindSafe(|| (self.handler)(request, response));
                    // The panic hook has told of it; here it is one request that failed.
                    let panicked = catch_unwind(handle).is_err();
                    inner = self.lock();
                    if panicked {
                        inner.answer.close();
                        self.fail_locked(&mut inner, number);
                    }
                    self.handled(&mut inner);
                    if inner.answer.complaint.is_some() {
                        Connection::unlock(inner);
                        inner = self.lock();
                    }
                }
            }
        }
    }

    /// The handler has returned.
    fn handled(self: &Arc<Self>, inner: &mut Inner) {
        match inner.phase {
            Phase::Handling => {
                inner.phase = Phase::Outstanding;
                self.pause(inner);
                if inner.answer.has_body() {
                    inner.answer.flush();
                    self.hurry(inner);
                    self.send(inner, &[]);
                }
            }
            Phase::Answered { .. } if !inner.answer.keeps_alive() => {
                let nothing_left = inner.incoming.is_empty() && self.socket.writable_length() == 0;
                if nothing_left && inner.answer.client_closes() {
                    // Who asks for the end sends nothing after it (RFC 9112 9.6): no need to read on.
                    inner.phase = Phase::Closing;
                    self.socket.destroy();
                } else {
                    self.close(inner);
                }
            }
            Phase::Answered { clear: true } => inner.phase = Phase::Reading,
            Phase::Answered { clear: false } => {
                // More answers would fill the memory of a client that does not read them.
                inner.phase = Phase::Flushing;
                self.pause(inner);
                self.go_on_after(&[]);
            }
            _ => {}
        }
    }

    /// Handles what has come meanwhile, when the kernel has taken all up to here.
    fn go_on_after(self: &Arc<Self>, last: &[u8]) {
        let this = self.clone();
        self.socket.write_then(last, move |result| {
            if result.is_ok() {
                let mut inner = this.lock();
                inner.phase = Phase::Reading;
                this.proceed(inner);
            }
        });
    }

    fn wait_for_more(&self, inner: &mut Inner) {
        if inner.no_more {
            return self.no_more(inner);
        }
        if inner.incoming.is_empty() {
            inner.began = None;
            inner.idle = Instant::now();
        } else {
            // From its first byte on, and not from its last: else a byte now and then would hold the thread for ever.
            inner.began.get_or_insert_with(Instant::now);
        }
        if std::mem::take(&mut inner.paused) {
            self.socket.resume();
        }
    }

    /// The client has ended its side, and there is no complete request any more.
    fn no_more(&self, inner: &mut Inner) {
        if inner.incoming.is_empty() {
            self.close(inner);
        } else {
            self.refuse(inner, refuse(400, "the request is cut short"));
        }
    }

    fn refuse(&self, inner: &mut Inner, refusal: Refusal) {
        inner.answer.refuse(refusal);
        self.send(inner, &[]);
        self.close(inner);
    }

    // From the response, on any thread.

    pub(super) fn answer(&self, number: u64, change: impl FnOnce(&mut Answer)) {
        let mut inner = self.lock();
        if inner.number == number {
            change(&mut inner.answer);
        }
        Connection::unlock(inner);
    }

    pub(super) fn write(&self, number: u64, data: &[u8]) -> bool {
        let mut inner = self.lock();
        if inner.number != number {
            return false;
        }
        let was_unsent = inner.answer.is_unsent();
        inner.answer.write(data);
        if inner.phase == Phase::Outstanding {
            inner.answer.flush();
        }
        if was_unsent && !inner.answer.is_unsent() {
            self.hurry(&mut inner);
        }
        let clear = self.send(&mut inner, &[]);
        Connection::unlock(inner);
        clear
    }

    pub(super) fn end(self: &Arc<Self>, number: u64, data: &[u8]) {
        let mut inner = self.lock();
        if inner.number != number {
            return;
        }
        inner.number += 1;
        let rest = inner.answer.end(data);
        self.finish(&mut inner, rest);
        Connection::unlock(inner);
    }

    /// The response was dropped by a panic.
    pub(super) fn fail(self: &Arc<Self>, number: u64) {
        let mut inner = self.lock();
        inner.answer.close();
        self.fail_locked(&mut inner, number);
    }

    fn fail_locked(self: &Arc<Self>, inner: &mut Inner, number: u64) {
        if inner.number != number {
            return;
        }
        inner.number += 1;
        if inner.answer.is_unsent() {
            inner.answer.fail();
            self.finish(inner, &[]);
        } else {
            inner.phase = Phase::Closing;
            self.socket.destroy();
        }
    }

    /// The answer has ended, and the last of it goes out.
    fn finish(self: &Arc<Self>, inner: &mut Inner, rest: &[u8]) {
        if inner.phase == Phase::Outstanding && inner.answer.keeps_alive() {
            inner.phase = Phase::Flushing;
            if !rest.is_empty() {
                self.send(inner, rest);
            }
            let out = std::mem::take(&mut inner.answer.out);
            return self.go_on_after(&out);
        }
        let clear = self.send(inner, rest);
        match inner.phase {
            Phase::Outstanding => self.close(inner),
            Phase::Handling => {
                inner.phase = Phase::Answered { clear };
                if inner.answer.is_until_close() {
                    self.socket.end(); // at once, and not when the handler returns
                }
            }
            _ => {}
        }
    }
}

impl Alarmed for Connection {
    fn ring(self: Arc<Self>, _now: Instant) -> Option<Job> {
        if self.socket.is_destroyed() {
            return None;
        }
        let left = match try_lock(&self.inner) {
            Some(mut inner) => self.time_left(&mut inner),
            None => Duration::MAX, // another thread is at work on it, and this one waits for nobody
        };
        if left.is_zero() {
            return Some(Box::new(move || self.check_times()));
        }
        self.set_alarm(left);
        None
    }
}

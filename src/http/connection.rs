//! One connection of a server: request, answer, request, answer, until one of the two ends it.
//!
//! Everything that arrives comes by the listeners of the socket, which run one at a time; what a [`Response`] does may come
//! from any thread. The lock is for these two; it is never held while the handler runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::answer::Answer;
use super::connections::Shared;
use super::incoming::{Incoming, Next};
use super::phase::Phase;
use super::request::Request;
use super::response::Response;
use super::status::{Refusal, refuse};
use super::upgrade;
use super::watchers::Watchers;
use crate::endpoint::Address;
use crate::error;
use crate::event;
use crate::listeners::ListenerId;
use crate::server::Server;
use crate::socket::EventSocket;
use crate::sync::lock;
use crate::timers::Alarm;

pub(super) type Handler = dyn Fn(Request, Response) + Send + Sync;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How many bytes of further requests are taken while a response is open. Reading continues until then, so that a client
/// that goes away is noticed.
const PIPELINE_MAX: usize = 64 * 1024;

pub(super) struct Connection {
    /// The socket's listeners own this, and it owns the socket: Close breaks the circle by dropping the listeners.
    pub(super) socket: EventSocket,
    remote: Option<Address>,
    pub(super) shared: Arc<Shared>,
    pub(super) inner: Mutex<Inner>,
    pub(super) alarm: Mutex<Option<Alarm>>,
}

pub(super) struct Inner {
    pub(super) phase: Phase,
    pub(super) incoming: Incoming,
    pub(super) answer: Answer,
    /// The number of the response that is open, or else of the next one.
    pub(super) number: u64,
    /// The protocols to which the client of this request offers to switch.
    pub(super) offered: Option<String>,
    pub(super) watchers: Watchers,
    /// The client has ended its side.
    client_ended: bool,
    /// The next answer is the last one, as the server was closed.
    is_last: bool,
    /// The socket is paused, as too much has arrived.
    held_back: bool,
    /// Our listeners of the socket.
    pub(super) listeners: Vec<ListenerId>,
}

impl Inner {
    /// Whether this response can still say something.
    pub(super) fn is_open(&self, number: u64) -> bool {
        self.number == number && self.phase.has_response()
    }
}

impl Connection {
    /// Takes a socket over that a server has accepted.
    pub(super) fn start(server: &Server, socket: &EventSocket, shared: &Arc<Shared>) {
        let connection = Arc::new(Connection {
            socket: socket.clone(),
            remote: socket.remote_addr(),
            shared: shared.clone(),
            inner: Mutex::new(Inner {
                phase: Phase::Idle { since: Instant::now() },
                incoming: Incoming::new(shared.options.limits),
                answer: Answer::new(shared.options.keep_alive_seconds()),
                number: 0,
                offered: None,
                watchers: Watchers::default(),
                client_ended: false,
                is_last: false,
                held_back: false,
                listeners: Vec::new(),
            }),
            alarm: Mutex::default(),
        });
        connection.set_alarm(None);
        let (data, end) = (connection.clone(), connection.clone());
        connection.lock().listeners = vec![
            socket.on(event::Data, move |_, bytes| data.received(bytes)),
            socket.on(event::End, move |_, ()| end.ended()),
            // Clients come and go as they like; that is no news.
            socket.on(event::Error, |_, _| {}),
        ];
        shared.add(socket.id(), &connection);
        if !server.is_listening() {
            connection.close_when_answered(); // `close` was called before it could know of this one
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Releases the lock, and then reports what the handler did wrong.
    pub(super) fn unlock(mut inner: MutexGuard<'_, Inner>) {
        let complaint = inner.answer.complaint.take();
        drop(inner);
        if let Some(complaint) = complaint {
            error::report_to_stderr(&complaint);
        }
    }

    /// No time limit is kept any longer, and `close` of the server is not for this connection.
    pub(super) fn forget(&self) {
        *lock(&self.alarm) = None;
        self.shared.remove(self.socket.id());
    }

    // From the socket, on its turn.

    fn received(self: &Arc<Self>, data: &[u8]) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Closing) {
            return;
        }
        inner.incoming.feed(data);
        if !inner.phase.takes_requests() && inner.incoming.length() > PIPELINE_MAX {
            inner.held_back = true;
            self.socket.pause();
        }
        self.handle_requests(inner);
    }

    fn ended(self: &Arc<Self>) {
        let mut inner = self.lock();
        inner.client_ended = true;
        if inner.phase.takes_requests() {
            self.no_more_requests(&mut inner);
        }
        drop(inner);
        self.call_on_close();
    }

    /// `close` of the server was called: an idle connection ends at once, another one with its next answer.
    pub(super) fn close_when_answered(&self) {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Idle { .. } => self.socket.destroy(),
            _ => {
                inner.is_last = true;
                inner.answer.close();
            }
        }
    }

    /// Handles all requests that are complete, one after another, as long as their answers are taken.
    fn handle_requests<'s>(self: &'s Arc<Self>, mut inner: MutexGuard<'s, Inner>) {
        while inner.phase.takes_requests() {
            match inner.incoming.next() {
                Err(refusal) => return self.refuse(&mut inner, refusal),
                Ok(Next::Continue) => {
                    self.socket.write(CONTINUE);
                }
                Ok(Next::Partial) => return self.wait_for_more(&mut inner),
                Ok(Next::Complete(request, exchange)) => {
                    inner.phase = Phase::Handling;
                    inner.answer.begin(exchange);
                    if inner.is_last {
                        inner.answer.close();
                    }
                    let request = request.from(self.remote.clone());
                    inner.offered = upgrade::offers(&request);
                    let number = inner.number;
                    drop(inner);
                    let response = Response::new(self.clone(), number);
                    let handle = AssertUnwindSafe(|| (self.shared.handler)(request, response));
                    // The panic hook has reported it; here it is one request that failed.
                    let panicked = catch_unwind(handle).is_err();
                    inner = self.lock();
                    if panicked {
                        inner.answer.close();
                        self.fail_locked(&mut inner, number);
                    }
                    inner = self.after_handler(inner);
                }
            }
        }
    }

    /// The handler has returned.
    fn after_handler<'s>(
        self: &'s Arc<Self>,
        mut inner: MutexGuard<'s, Inner>,
    ) -> MutexGuard<'s, Inner> {
        match inner.phase {
            Phase::Handling => {
                inner.phase = Phase::Outstanding;
                if inner.answer.has_body() {
                    inner.answer.flush();
                    self.send(&mut inner, &[]);
                }
            }
            Phase::Answered { .. } if !inner.answer.keeps_alive() => self.close(&mut inner),
            Phase::Answered { sent: true } => inner.phase.wait_for_request(true),
            Phase::Answered { sent: false } => {
                inner.phase = Phase::Flushing;
                self.continue_after(&[]);
            }
            Phase::Upgrading(_) => {
                Connection::unlock(inner);
                self.hand_over();
                return self.lock();
            }
            _ => {}
        }
        if inner.answer.complaint.is_some() {
            Connection::unlock(inner);
            return self.lock();
        }
        inner
    }

    /// Sends the last of an answer, and handles the requests that arrived in the meantime when the kernel has taken it.
    fn continue_after(self: &Arc<Self>, last: &[u8]) {
        let this = self.clone();
        self.socket.write_then(last, move |result| {
            let mut inner = this.lock();
            if result.is_ok() && matches!(inner.phase, Phase::Flushing) {
                inner.phase.wait_for_request(true);
                this.handle_requests(inner);
            }
        });
    }

    fn wait_for_more(&self, inner: &mut Inner) {
        if inner.client_ended {
            return self.no_more_requests(inner);
        }
        if inner.is_last && inner.incoming.is_empty() {
            return self.close(inner);
        }
        let nothing = inner.incoming.is_empty();
        inner.phase.wait_for_request(nothing);
        if std::mem::take(&mut inner.held_back) {
            self.socket.resume();
        }
    }

    /// The client has ended its side, and no complete request is left.
    fn no_more_requests(&self, inner: &mut Inner) {
        if inner.incoming.is_empty() {
            self.close(inner);
        } else {
            self.refuse(inner, refuse(400, "the request is cut short"));
        }
    }

    pub(super) fn refuse(&self, inner: &mut Inner, refusal: Refusal) {
        let head_only = inner.incoming.is_head();
        inner.answer.refuse(refusal, head_only);
        self.send(inner, &[]);
        self.close(inner);
    }

    // From the response, on any thread.

    pub(super) fn change_answer(&self, number: u64, change: impl FnOnce(&mut Answer)) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            change(&mut inner.answer);
        }
        Connection::unlock(inner);
    }

    /// Writes what the answer has to say, then `rest`. `false`: the client does not keep up, or is gone.
    pub(super) fn send(&self, inner: &mut Inner, rest: &[u8]) -> bool {
        let mut clear = true;
        if !inner.answer.out.is_empty() {
            clear = self.socket.write(&inner.answer.out);
            inner.answer.sent();
        }
        if !rest.is_empty() {
            clear = self.socket.write(rest);
        }
        clear
    }

    pub(super) fn end(self: &Arc<Self>, number: u64, data: &[u8]) {
        let mut inner = self.lock();
        if !inner.is_open(number) {
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

    /// An answer of which nothing has gone out becomes a 500; of another one the client must not take a part for the whole.
    fn fail_locked(self: &Arc<Self>, inner: &mut Inner, number: u64) {
        if !inner.is_open(number) {
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
        self.call_on_close_when_sent(inner);
        let outstanding = matches!(inner.phase, Phase::Outstanding);
        if outstanding && inner.answer.keeps_alive() {
            inner.phase = Phase::Flushing;
            if !rest.is_empty() {
                self.send(inner, rest);
            }
            let out = std::mem::take(&mut inner.answer.out);
            return self.continue_after(&out);
        }
        let sent = self.send(inner, rest);
        if outstanding {
            return self.close(inner);
        }
        inner.phase = Phase::Answered { sent };
        if inner.answer.is_until_close() {
            self.socket.end(); // at once, and not when the handler returns
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.remove(self.socket.id());
    }
}

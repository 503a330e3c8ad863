//! One connection of a server: request, answer, request, answer, until one side ends it.
//!
//! Bytes arrive in the listeners of the socket, which run one at a time; the methods of a
//! [`Response`] may be called on any thread. The lock is for these two; it is never held while the
//! handler runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::answer::Answer;
use super::connections::Connections;
use super::incoming::{NextRequest, RequestReader};
use super::options::Options;
use super::phase::Phase;
use super::request::Request;
use super::status::{Refusal, refuse};
use crate::endpoint::Address;
use crate::error;
use crate::event;
use crate::listeners::ListenerId;
use crate::server::Server;
use crate::socket::EventSocket;
use crate::sync::lock;
use crate::timers::Alarm;

/// Handles a request of this connection, whose answer has this number. It makes the `Response` for
/// the handler of the user.
pub(super) type Handler = dyn Fn(Request, Arc<HttpConnection>, u64) + Send + Sync;

pub(super) type DrainCallback = Box<dyn FnMut() + Send>;
pub(super) type CloseCallback = Box<dyn FnOnce() + Send>;

/// The interim response that a client waits for before it sends the body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The number of bytes of further requests that are accepted while a response is open. Up to this
/// limit reading continues, so that the end of the client is noticed.
const PIPELINE_BYTES_MAX: usize = 64 * 1024;

/// The data that the connections of a server share.
pub(super) struct ServerShared {
    handler: Box<Handler>,
    pub(super) options: Options,
    connections: Connections<HttpConnection>,
}

impl ServerShared {
    pub(super) fn new(options: Options, handler: Box<Handler>) -> ServerShared {
        ServerShared { handler, options, connections: Connections::new() }
    }

    /// Implements `close` of the server.
    pub(super) fn close(&self) {
        self.connections.alive().iter().for_each(|connection| connection.close_when_answered());
    }
}

pub(super) struct HttpConnection {
    /// The socket's listeners own this value, and it owns the socket. Close breaks this cycle: it
    /// drops the listeners.
    pub(super) socket: EventSocket,
    remote: Option<Address>,
    pub(super) shared: Arc<ServerShared>,
    pub(super) inner: Mutex<ConnectionState>,
    pub(super) alarm: Mutex<Option<Alarm>>,
}

pub(super) struct ConnectionState {
    pub(super) phase: Phase,
    pub(super) incoming: RequestReader,
    pub(super) answer: Answer,
    /// The number of the open response, or else of the next one.
    pub(super) number: u64,
    /// The protocols to which the client of this request offers to switch.
    pub(super) offered: Option<String>,
    pub(super) watchers: Watchers,
    /// Whether the client has ended its side.
    pub(super) client_ended: bool,
    /// Whether the next answer is the last one, as the server was closed.
    is_last: bool,
    /// Whether the socket is paused, because too many bytes have arrived.
    held_back: bool,
    /// Our listeners on the socket.
    pub(super) listeners: Vec<ListenerId>,
}

/// The callbacks of the open response.
#[derive(Default)]
pub(super) struct Watchers {
    pub(super) on_drain: Vec<DrainCallback>,
    pub(super) on_close: Vec<CloseCallback>,
    /// Whether listeners for the socket's Drain and Close were added.
    pub(super) listening: bool,
}

impl ConnectionState {
    /// Whether this response is still open.
    pub(super) fn is_open(&self, number: u64) -> bool {
        self.number == number && self.phase.has_response()
    }
}

impl HttpConnection {
    /// Serves a socket that a server has accepted.
    pub(super) fn start(server: &Server, socket: &EventSocket, shared: &Arc<ServerShared>) {
        let connection = Arc::new(HttpConnection {
            socket: socket.clone(),
            remote: socket.remote_addr(),
            shared: shared.clone(),
            inner: Mutex::new(ConnectionState {
                phase: Phase::Idle { since: Instant::now() },
                incoming: RequestReader::new(shared.options.limits),
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
            socket.on(event::Data, move |_, bytes| data.handle_data(bytes)),
            socket.on(event::End, move |_, ()| end.handle_end()),
            // Errors of clients are not failures of the server.
            socket.on(event::Error, |_, _| {}),
        ];
        shared.connections.add(socket.id(), &connection);
        if !server.is_listening() {
            connection.close_when_answered(); // `close` was called before this connection was added
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ConnectionState> {
        lock(&self.inner)
    }

    /// Releases the lock, and then reports a mistake of the handler.
    pub(super) fn unlock(mut inner: MutexGuard<'_, ConnectionState>) {
        let complaint = inner.answer.complaint.take();
        drop(inner);
        if let Some(complaint) = complaint {
            error::report_to_stderr(&complaint);
        }
    }

    /// Cancels the time limits, and excludes this connection from `close` of the server.
    pub(super) fn detach(&self) {
        *lock(&self.alarm) = None;
        self.shared.connections.remove(self.socket.id());
    }

    // Called by the socket's listeners, on the socket's turn.

    /// Takes bytes of the client. Pauses the socket if they wait for an open response and are too
    /// many.
    fn handle_data(self: &Arc<Self>, data: &[u8]) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Closing) {
            return;
        }
        inner.incoming.feed(data);
        if !inner.phase.takes_requests() && inner.incoming.length() > PIPELINE_BYTES_MAX {
            inner.held_back = true;
            self.socket.pause();
        }
        self.handle_requests(inner);
    }

    /// Records the end of the client's side.
    fn handle_end(self: &Arc<Self>) {
        let mut inner = self.lock();
        inner.client_ended = true;
        if inner.phase.takes_requests() {
            self.handle_client_end(&mut inner);
        }
        drop(inner); // callbacks are called with no lock held
        self.call_on_close();
    }

    /// Implements `close` of the server: an idle connection ends at once, any other after its next
    /// answer.
    pub(super) fn close_when_answered(&self) {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Idle { .. } => self.socket.destroy(),
            _ => {
                inner.is_last = true;
                inner.answer.refuse_more_requests();
            }
        }
    }

    /// Handles all complete requests, one after another, while their answers are taken by the
    /// kernel.
    fn handle_requests<'s>(self: &'s Arc<Self>, mut inner: MutexGuard<'s, ConnectionState>) {
        while inner.phase.takes_requests() {
            match inner.incoming.next() {
                Err(refusal) => return self.refuse(&mut inner, refusal),
                Ok(NextRequest::Continue) => {
                    self.socket.write(CONTINUE);
                }
                Ok(NextRequest::Partial) => return self.wait_for_more(&mut inner),
                Ok(NextRequest::Complete(request, exchange)) => {
                    inner.phase = Phase::Handling;
                    inner.answer.begin(exchange);
                    if inner.is_last {
                        inner.answer.refuse_more_requests();
                    }
                    let request = request.from(self.remote.clone());
                    inner.offered = request.offered_protocols().map(String::from);
                    let number = inner.number;
                    drop(inner); // the handler may run long, and calls methods of the response
                    let handle = || (self.shared.handler)(request, self.clone(), number);
                    // The panic hook has reported the panic; here it is one failed request.
                    let panicked = catch_unwind(AssertUnwindSafe(handle)).is_err();
                    inner = self.lock();
                    if panicked {
                        inner.answer.refuse_more_requests();
                        self.fail_response(&mut inner, number);
                    }
                    inner = self.after_handler(inner);
                }
            }
        }
    }

    /// Continues after the handler has returned.
    fn after_handler<'s>(
        self: &'s Arc<Self>,
        mut inner: MutexGuard<'s, ConnectionState>,
    ) -> MutexGuard<'s, ConnectionState> {
        match inner.phase {
            Phase::Handling => {
                inner.phase = Phase::Outstanding;
                // No more is gathered: from now on the body is sent as it is written.
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
                HttpConnection::unlock(inner); // code of the user takes the socket
                self.hand_over_socket();
                return self.lock();
            }
            _ => {}
        }
        if inner.answer.complaint.is_some() {
            HttpConnection::unlock(inner);
            return self.lock();
        }
        inner
    }

    /// Sends the end of an answer. When the kernel has taken it, handles the requests that arrived
    /// in the meantime.
    #[track_caller]
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

    /// Continues when no complete request is left: closes, or waits for more bytes.
    fn wait_for_more(&self, inner: &mut ConnectionState) {
        if inner.client_ended {
            return self.handle_client_end(inner);
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

    /// Continues after the client has ended its side, with no complete request left.
    fn handle_client_end(&self, inner: &mut ConnectionState) {
        if inner.incoming.is_empty() {
            self.close(inner);
        } else {
            self.refuse(inner, refuse(400, "the request is cut short"));
        }
    }

    /// Answers an invalid request, and closes the connection.
    pub(super) fn refuse(&self, inner: &mut ConnectionState, refusal: Refusal) {
        let head_only = inner.incoming.is_head();
        inner.answer.refuse(refusal, head_only);
        self.send(inner, &[]);
        self.close(inner);
    }

    // Called by the response, on any thread.

    /// Changes the status or a header of an open response.
    pub(super) fn change_answer(&self, number: u64, change: impl FnOnce(&mut Answer)) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            change(&mut inner.answer);
        }
        HttpConnection::unlock(inner);
    }

    /// Sends the bytes of the answer, then `rest`. Returns `false` if the client reads too slowly,
    /// or is gone.
    #[track_caller]
    pub(super) fn send(&self, inner: &mut ConnectionState, rest: &[u8]) -> bool {
        let mut clear = true;
        if !inner.answer.out.is_empty() {
            clear = self.socket.write(&inner.answer.out);
            inner.answer.clear_sent();
        }
        if !rest.is_empty() {
            clear = self.socket.write(rest);
        }
        clear
    }

    /// Fails a response that was dropped by a panic.
    pub(super) fn fail(self: &Arc<Self>, number: u64) {
        let mut inner = self.lock();
        inner.answer.refuse_more_requests();
        self.fail_response(&mut inner, number);
    }

    /// Turns an answer of which nothing was sent into a 500. Otherwise destroys the connection: the
    /// client must not take a part for the whole.
    fn fail_response(self: &Arc<Self>, inner: &mut ConnectionState, number: u64) {
        if !inner.is_open(number) {
            return;
        }
        if inner.answer.is_unsent() {
            inner.number += 1;
            inner.answer.fail();
            self.finish_answer(inner, &[]);
        } else {
            self.cut(inner);
        }
    }

    /// Cuts the connection, so that the client does not take a part for the whole.
    #[track_caller]
    pub(super) fn cut(&self, inner: &mut ConnectionState) {
        inner.number += 1;
        inner.phase = Phase::Closing;
        self.socket.destroy();
    }

    /// Sends the end of an answer, and decides what follows it.
    #[track_caller]
    pub(super) fn finish_answer(self: &Arc<Self>, inner: &mut ConnectionState, rest: &[u8]) {
        let outstanding = matches!(inner.phase, Phase::Outstanding);
        if outstanding && inner.answer.keeps_alive() {
            inner.phase = Phase::Flushing;
            if !rest.is_empty() || inner.watchers.are_waiting() {
                self.send(inner, rest);
            }
            self.release_watchers_when_sent(inner); // before the next request is handled
            let out = std::mem::take(&mut inner.answer.out);
            return self.continue_after(&out);
        }
        let sent = self.send(inner, rest);
        self.release_watchers_when_sent(inner);
        if outstanding {
            return self.close(inner);
        }
        inner.phase = Phase::Answered { sent };
        if inner.answer.is_until_close() {
            self.socket.end(); // now, and not when the handler returns
        }
    }
}

impl Drop for HttpConnection {
    fn drop(&mut self) {
        self.shared.connections.remove(self.socket.id());
    }
}

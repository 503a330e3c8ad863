//! [`Response`], and the server's side of a connection.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{ProtocolError, REQUEST_LINE, REQUEST_TIMEOUT, Request, StsMessage, StsReader};
use crate::event;
use crate::message::{Error, Head};
use crate::socket::EventSocket;
use crate::sync::lock;

/// How long the server waits for another byte of the client after its answer. It reads and drops
/// such bytes: closing with unread bytes would reset the connection, and a reset destroys an answer
/// that is still on its way.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest time that the server waits for the client's end.
const LINGER_MAX: Duration = Duration::from_secs(30);

/// How long a client may take none of its answer.
const STALLED_MAX: Duration = REQUEST_TIMEOUT;

/// The answer of a handler. It is sent at its end, when its length is known. Dropping it without
/// [`end`](Self::end) ends it. It may be ended later, on another thread.
pub struct Response {
    exchange: Arc<StsExchange>,
    /// `None` after the end.
    draft: Mutex<Option<(u16, StsMessage)>>,
}

impl Response {
    fn new(exchange: Arc<StsExchange>) -> Response {
        let message = StsMessage { head: Head::default(), body: Vec::new() };
        Response { exchange, draft: Mutex::new(Some((200, message))) }
    }

    /// Sets the status. Default: 200. A number that does not have three digits makes the answer a
    /// 500.
    pub fn status(&self, status: u16) -> &Self {
        if let Some(draft) = &mut *lock(&self.draft) {
            draft.0 = if (100..=999).contains(&status) { status } else { 500 };
        }
        self
    }

    /// Sets a header. If it would not be exactly one line of the head (it contains a line end, for
    /// example), it is left out, and the answer is a 500.
    pub fn header(&self, name: &str, value: &str) -> &Self {
        if let Some((status, message)) = &mut *lock(&self.draft) {
            if message.head.set(name, value).is_err() {
                *status = 500;
            }
        }
        self
    }

    /// Appends to the body, which is kept until the end. Returns `false` after the end.
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        let data = data.as_ref(); // code of the user: not under the lock
        let mut draft = lock(&self.draft);
        if let Some((_, message)) = &mut *draft {
            message.body.extend_from_slice(data);
        }
        draft.is_some()
    }

    /// Ends the answer, and sends it.
    #[track_caller]
    pub fn end(&self) {
        let draft = lock(&self.draft).take();
        if let Some((status, message)) = draft {
            self.exchange.answer(status, message);
        }
    }

    /// Calls `write(data)`, then `end()`.
    #[track_caller]
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        self.write(data);
        self.end();
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if thread::panicking() {
            self.status(500);
            if let Some((_, message)) = &mut *lock(&self.draft) {
                *message = StsMessage { head: Head::default(), body: Vec::new() };
            }
        }
        self.end();
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").finish_non_exhaustive()
    }
}

/// The state that the socket's listeners and the response share.
struct StsExchange {
    socket: EventSocket,
    phase: Mutex<ExchangePhase>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ExchangePhase {
    #[default]
    Receiving,
    /// The handler has the request.
    Handling,
    Answered,
}

impl StsExchange {
    #[track_caller]
    fn answer(&self, status: u16, message: StsMessage) {
        *lock(&self.phase) = ExchangePhase::Answered;
        let reason = match status {
            200..=299 => "OK",
            400 => "Not STS",
            408 => "Too Slow",
            413 => "Too Large",
            500 => "Failed",
            _ => "No",
        };
        self.socket.write(message.format(&format!("STS/1.1 {status} {reason}")));
        self.socket.close_in_stages(LINGER_TIMEOUT, LINGER_MAX);
        if self.socket.writable_length() > 0 {
            self.socket.every(Duration::from_secs(1), |socket| {
                if socket.stalled_since().is_some_and(|since| since.elapsed() > STALLED_MAX) {
                    socket.destroy();
                }
            });
        }
    }

    fn is_receiving(&self) -> bool {
        *lock(&self.phase) == ExchangePhase::Receiving
    }

    fn refuse(&self, status: u16, why: &str) {
        let body = format!("{why}\n").into_bytes();
        self.answer(status, StsMessage { head: Head::default(), body });
    }
}

/// Serves a socket that the server has accepted.
pub(super) fn serve(
    socket: &EventSocket,
    handler: Arc<impl Fn(Request, Response) + Send + Sync + 'static>,
) {
    let exchange = Arc::new(StsExchange { socket: socket.clone(), phase: Mutex::default() });
    let mut reader = StsReader::default();

    let this = exchange.clone();
    socket.after(REQUEST_TIMEOUT, move |_| {
        if this.is_receiving() {
            this.refuse(408, "the request did not come in time");
        }
    });
    let this = exchange.clone();
    socket.on(event::Data, move |socket, data| {
        if !this.is_receiving() {
            return; // one request, one answer
        }
        match reader.take_piece(data, |start| start == REQUEST_LINE) {
            Ok(Some(message)) => {
                *lock(&this.phase) = ExchangePhase::Handling;
                let request = Request { message, remote: socket.remote_addr() };
                handler(request, Response::new(this.clone()));
            }
            Ok(None) => {}
            Err(ProtocolError::Message(
                why @ (Error::HeadTooLarge | Error::TooManyLines | Error::BodyTooLarge),
            )) => this.refuse(413, &why.to_string()),
            Err(why) => this.refuse(400, &why.to_string()),
        }
    });
    socket.on(event::End, move |_, ()| {
        if exchange.is_receiving() {
            exchange.refuse(400, "the request is cut short");
        }
    });
    socket.on(event::Error, |_, _| {}); // not a failure of the server
}

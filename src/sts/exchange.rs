//! [`Response`], and the server's side of a connection.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{DEADLINE, Incoming, Message, Request, SAY, Wrong};
use crate::event;
use crate::message::{Error, Head};
use crate::socket::EventSocket;
use crate::sync::lock;

/// How long the server waits for another byte of the client after its answer, and drops it: to close with bytes unread would
/// reset the connection, and a reset destroys an answer that is still on its way.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it waits in all.
const LINGER_MAX: Duration = Duration::from_secs(30);

/// What the handler answers with. It goes out at its end, when its length is known; dropped without [`end`](Self::end), it
/// is ended. It may be ended later, on another thread.
pub struct Response {
    exchange: Arc<Exchange>,
    /// `None` after the end.
    draft: Mutex<Option<(u16, Message)>>,
}

impl Response {
    fn new(exchange: Arc<Exchange>) -> Response {
        let message = Message { head: Head::default(), body: Vec::new() };
        Response { exchange, draft: Mutex::new(Some((200, message))) }
    }

    /// Sets the status; 200 if not called. One that has not three digits makes the answer a 500.
    pub fn status(&self, status: u16) -> &Self {
        if let Some(draft) = &mut *lock(&self.draft) {
            draft.0 = if (100..=999).contains(&status) { status } else { 500 };
        }
        self
    }

    /// Sets a header. One that would not be one line of the head (it has a line end in it, say) is left out, and the answer
    /// is a 500.
    pub fn header(&self, name: &str, value: &str) -> &Self {
        if let Some((status, message)) = &mut *lock(&self.draft) {
            if message.head.set(name, value).is_err() {
                *status = 500;
            }
        }
        self
    }

    /// More of the body: kept until the end. `false`: too late.
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        let mut draft = lock(&self.draft);
        if let Some((_, message)) = &mut *draft {
            message.body.extend_from_slice(data.as_ref());
        }
        draft.is_some()
    }

    /// The answer is whole, and goes out.
    pub fn end(&self) {
        let draft = lock(&self.draft).take();
        if let Some((status, message)) = draft {
            self.exchange.answer(status, message);
        }
    }

    /// `write(data)`, then `end()`.
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
                *message = Message { head: Head::default(), body: Vec::new() };
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

/// What the two sides of an exchange share: the socket's listeners and the response.
struct Exchange {
    socket: EventSocket,
    phase: Mutex<Phase>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Receiving,
    /// The handler has the request.
    Handling,
    Answered,
}

impl Exchange {
    fn answer(&self, status: u16, message: Message) {
        *lock(&self.phase) = Phase::Answered;
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
    }

    fn is_receiving(&self) -> bool {
        *lock(&self.phase) == Phase::Receiving
    }

    fn refuse(&self, status: u16, why: &str) {
        let body = format!("{why}\n").into_bytes();
        self.answer(status, Message { head: Head::default(), body });
    }
}

/// Takes a socket over that the server has accepted.
pub(super) fn serve(
    socket: &EventSocket,
    handler: Arc<impl Fn(Request, Response) + Send + Sync + 'static>,
) {
    let exchange = Arc::new(Exchange { socket: socket.clone(), phase: Mutex::default() });
    let mut incoming = Incoming::default();

    let this = exchange.clone();
    socket.after(DEADLINE, move |_| {
        if this.is_receiving() {
            this.refuse(408, "the request did not come in time");
        }
    });
    let this = exchange.clone();
    socket.on(event::Data, move |socket, data| {
        if !this.is_receiving() {
            return; // one request, one answer
        }
        match incoming.take(data, |start| start == SAY) {
            Ok(Some(message)) => {
                *lock(&this.phase) = Phase::Handling;
                let request = Request { message, remote: socket.remote_addr() };
                handler(request, Response::new(this.clone()));
            }
            Ok(None) => {}
            Err(Wrong::Message(
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
    socket.on(event::Error, |_, _| {}); // clients come and go as they like
}

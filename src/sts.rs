//! STS, our own protocol: only an agreement on some text, as HTTP is.
//!
//! ```
//! use net_notes::sts;
//!
//! let server = sts::create_server(|request, response| {
//!     response.end_with(request.text().to_uppercase());
//! });
//! server.listen(0, |_| {})?;
//! let at = server.address().unwrap();
//! let running = server.spawn();
//!
//! let reply = sts::request(at, "hello")?;
//! assert_eq!((reply.status(), reply.reason(), &*reply.text()), (200, "OK", "HELLO"));
//! # server.close()?;
//! # running.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The agreement
//!
//! A connection carries one request and one answer. Each is a [message](crate::message): a start
//! line, header lines, a blank line, a body. Below, `CRLF` is the two bytes 13 and 10.
//!
//! ```text
//! request = "STS/1.1 SAY" CRLF *header CRLF body
//! answer  = "STS/1.1" SPACE status SPACE reason CRLF *header CRLF body
//! header  = name ":" value CRLF
//! status  = three digits: 2xx success, 4xx error in the request, 5xx error in the server
//! reason  = human-readable text
//! ```
//!
//! - Both must have a header `Content-Length`: the number of bytes in the body. So the reader knows
//!   when the body is complete, and this is the only reason for having a head.
//! - Other headers may follow, with the meaning that the two sides agree on.
//! - A server answers a request that is not STS with `STS/1.1 400 Not STS`, one that is too large
//!   with `413 Too Large`, and one that does not arrive in time with `408 Too Slow`; the handler is
//!   not called for these.
//! - The server ends the connection after its answer.

mod exchange;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use self::exchange::Response;
use crate::endpoint::Address;
use crate::event;
use crate::message::{Error, Head, Limits, Parsed, Parser};
use crate::options::{ConnectOptions, ServerOptions};
use crate::server::Server;
use crate::socket::EventSocket;
use crate::sync::lock;

/// The start line of every request.
const REQUEST_LINE: &str = "STS/1.1 SAY";

/// The time limit of a request, from the connection on the server, and from the call of [`request`]
/// on the client.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A start line, header lines, and the complete body.
#[derive(Debug)]
struct StsMessage {
    head: Head,
    body: Vec<u8>,
}

macro_rules! message_methods {
    () => {
        /// The value of a header; the name is case-insensitive. The values of several lines are
        /// joined by `", "`.
        pub fn header(&self, name: &str) -> Option<&str> {
            self.message.head.header(name)
        }

        /// All header lines, as written and in their order.
        pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
            self.message.head.headers()
        }

        /// The body.
        pub fn body(&self) -> &[u8] {
            &self.message.body
        }

        /// The body as text. Bytes that are not UTF-8 become `�`.
        pub fn text(&self) -> Cow<'_, str> {
            String::from_utf8_lossy(&self.message.body)
        }
    };
}

/// A complete request.
#[derive(Debug)]
pub struct Request {
    message: StsMessage,
    remote: Option<Address>,
}

impl Request {
    message_methods!();

    /// The address of the client.
    pub fn remote_addr(&self) -> Option<Address> {
        self.remote.clone()
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Reply {
    message: StsMessage,
}

impl Reply {
    message_methods!();

    /// The status: 2xx means success.
    pub fn status(&self) -> u16 {
        parse_status(self.message.head.start()).unwrap_or_default()
    }

    /// The reason phrase, a human-readable text.
    pub fn reason(&self) -> &str {
        self.message.head.start().splitn(3, ' ').nth(2).unwrap_or_default()
    }
}

/// Creates a server that calls `handler` for each request, on the thread of its connection. It is a
/// [`Server`] like any other. See the [module](self) for an example.
#[track_caller]
pub fn create_server<F>(handler: F) -> Server
where
    F: Fn(Request, Response) + Send + Sync + 'static,
{
    // A client that has ended its side still gets its answer.
    let server = Server::new(ServerOptions::default().allow_half_open(true));
    let handler = Arc::new(handler);
    server.on(event::Connection, move |_, socket| exchange::serve(socket, handler.clone()));
    server
}

/// Sends a request to an STS server, and blocks until the answer has arrived. A status other than
/// 200 is an answer, too: `Ok`. See the [module](self) for an example.
///
/// # Errors
///
/// Those of [`connect`](crate::connect). `TimedOut`: the answer is not complete after 10 s.
/// `UnexpectedEof`: the connection ended before the answer did. `InvalidData`: the answer is not
/// STS, or is larger than a request may be.
#[track_caller]
pub fn request(to: impl Into<ConnectOptions>, body: impl AsRef<[u8]>) -> io::Result<Reply> {
    let socket = EventSocket::new(to);
    let message = StsMessage { head: Head::default(), body: body.as_ref().to_vec() };
    socket.write(message.format(REQUEST_LINE)); // queued until the connection is established
    socket.after(REQUEST_TIMEOUT, |socket| socket.destroy_with(ProtocolError::TooLate.into()));

    let reply = Arc::new(Mutex::new(None));
    let found = reply.clone();
    let mut reader = StsReader::default();
    socket.on(event::Data, move |socket, data| {
        match reader.take_piece(data, |start| parse_status(start).is_some()) {
            Ok(Some(message)) => {
                *lock(&found) = Some(Reply { message });
                socket.close_within(Duration::from_secs(1)); // complete: the server may end later
            }
            Ok(None) => {}
            Err(error) => socket.destroy_with(error.into()),
        }
    });
    let ended = socket.run();
    match lock(&reply).take() {
        Some(reply) => Ok(reply), // complete, also if the server then resets the connection
        None => Err(ended.err().unwrap_or(ProtocolError::CutShort.into())),
    }
}

/// The status in a start line such as `STS/1.1 200 OK`.
fn parse_status(start: &str) -> Option<u16> {
    let (status, _reason) = start.strip_prefix("STS/1.1 ")?.split_once(' ')?;
    let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| status.parse().ok())?
}

impl StsMessage {
    fn format(self, start: &str) -> Vec<u8> {
        let StsMessage { mut head, body } = self;
        let _ = head.set("Content-Length", &body.len().to_string()); // a number is always valid
        let lines: String =
            head.headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [format!("{start}\r\n{lines}\r\n").as_bytes(), &body].concat()
    }
}

/// The reason why received bytes are not STS.
#[derive(Debug)]
enum ProtocolError {
    /// The start line of another protocol, or of another version.
    Start,
    /// There is no length of the body.
    NoLength,
    /// Not a message at all.
    Message(Error),
    /// The answer is not complete at the deadline.
    TooLate,
    /// The connection ended before the answer did.
    CutShort,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::Start => f.write_str("the start line is not one of STS/1.1"),
            ProtocolError::NoLength => f.write_str("there is no Content-Length"),
            ProtocolError::Message(error) => error.fmt(f),
            ProtocolError::TooLate => f.write_str("the answer did not come in time"),
            ProtocolError::CutShort => f.write_str("the connection ended before the answer did"),
        }
    }
}

impl std::error::Error for ProtocolError {}

impl From<Error> for ProtocolError {
    fn from(error: Error) -> Self {
        ProtocolError::Message(error)
    }
}

impl From<ProtocolError> for io::Error {
    fn from(error: ProtocolError) -> Self {
        let kind = match error {
            ProtocolError::TooLate => ErrorKind::TimedOut,
            ProtocolError::CutShort => ErrorKind::UnexpectedEof,
            _ => ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

/// The message that is being received.
struct StsReader {
    parser: Parser,
    head: Option<(Head, usize)>,
}

impl Default for StsReader {
    fn default() -> Self {
        StsReader { parser: Parser::new(Limits::default()), head: None }
    }
}

impl StsReader {
    /// Takes a piece; returns the message, once it is complete.
    fn take_piece(
        &mut self,
        piece: &[u8],
        is_start: impl Fn(&str) -> bool,
    ) -> Result<Option<StsMessage>, ProtocolError> {
        self.parser.feed(piece);
        if self.head.is_none() {
            let Parsed::Complete(head) = self.parser.head()? else { return Ok(None) };
            if !is_start(head.start()) {
                return Err(ProtocolError::Start);
            }
            let length = head.content_length()?.ok_or(ProtocolError::NoLength)?;
            self.head = Some((head, length));
        }
        let Some((_, length)) = &self.head else { return Ok(None) };
        let Parsed::Complete(body) = self.parser.body(*length)? else { return Ok(None) };
        Ok(self.head.take().map(|(head, _)| StsMessage { head, body }))
    }
}

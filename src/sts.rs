//! STS, a protocol of our own: nothing but an agreement on some text, as HTTP is.
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
//! A connection carries one request and one answer. Each is a [message](crate::message): a start line, header lines, a
//! blank line, a body. In what follows `CRLF` is the two bytes 13 and 10.
//!
//! ```text
//! request = "STS/1.1 SAY" CRLF *header CRLF body
//! answer  = "STS/1.1" SPACE status SPACE reason CRLF *header CRLF body
//! header  = name ":" value CRLF
//! status  = three digits: 2.. it worked, 4.. the request was wrong, 5.. the server was
//! reason  = text for people
//! ```
//!
//! - Both must have a header `Content-Length`: how many bytes the body has. So whoever reads knows when it has all, and that
//!   is the one reason for having a head at all.
//! - Other headers may be there, and mean what the two sides agree on.
//! - A server answers what is not STS with `STS/1.1 400 Not STS`, what is too large with a `413 Too Large`, what does not
//!   come in time with a `408 Too Slow`, and in each case the handler hears nothing of it.
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

/// The line that every request begins with.
const SAY: &str = "STS/1.1 SAY";

/// How long a request may take from its connection on, and [`request`] from its call on.
const DEADLINE: Duration = Duration::from_secs(10);

/// A start line, header lines, and the whole body that they counted.
#[derive(Debug)]
struct Message {
    head: Head,
    body: Vec<u8>,
}

macro_rules! message_methods {
    () => {
        /// The value of a header; the name is case-insensitive. Several lines of one name are joined by `", "`.
        pub fn header(&self, name: &str) -> Option<&str> {
            self.message.head.header(name)
        }

        /// All header lines, as they were written and in their order.
        pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
            self.message.head.headers()
        }

        /// The body.
        pub fn body(&self) -> &[u8] {
            &self.message.body
        }

        /// The body as text; what is not UTF-8 in it becomes `�`.
        pub fn text(&self) -> Cow<'_, str> {
            String::from_utf8_lossy(&self.message.body)
        }
    };
}

/// A request, whole.
#[derive(Debug)]
pub struct Request {
    message: Message,
    remote: Option<Address>,
}

impl Request {
    message_methods!();

    /// Who asks.
    pub fn remote_addr(&self) -> Option<Address> {
        self.remote.clone()
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Reply {
    message: Message,
    status: u16,
}

impl Reply {
    message_methods!();

    /// 200 and its like: it worked.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the server says of it, for people.
    pub fn reason(&self) -> &str {
        self.message.head.start().splitn(3, ' ').nth(2).unwrap_or_default()
    }
}

/// A server that calls `handler` for every request, on the thread of its connection. It is a [`Server`] like any other.
/// See the [module](self) for an example.
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

/// Asks an STS server, and blocks until the answer is there. A status that is not 200 is an answer, and `Ok`.
/// See the [module](self) for an example.
///
/// # Errors
///
/// Those of [`connect`](crate::connect). `TimedOut`: the answer is not there, whole, after 10 s. `UnexpectedEof`: the
/// connection ended before the answer did. `InvalidData`: it is no STS.
pub fn request(to: impl Into<ConnectOptions>, body: impl AsRef<[u8]>) -> io::Result<Reply> {
    let socket = EventSocket::new(to);
    let message = Message { head: Head::default(), body: body.as_ref().to_vec() };
    socket.write(message.format(SAY)); // waits for the connection
    socket.after(DEADLINE, |socket| socket.destroy_with(too_late()));

    let reply = Arc::new(Mutex::new(None));
    let found = reply.clone();
    let mut incoming = Incoming::default();
    socket.on(event::Data, move |socket, data| {
        match incoming.take(data, |start| status(start).is_some()) {
            Ok(Some(message)) => {
                let status = status(message.head.start()).unwrap_or_default();
                *lock(&found) = Some(Reply { message, status });
                socket.close_within(Duration::from_secs(1)); // it is whole: the server may be slow to end
            }
            Ok(None) => {}
            Err(why) => socket.destroy_with(why.into()),
        }
    });
    socket.run()?;
    let reply = lock(&reply).take();
    let cut_short =
        || io::Error::new(ErrorKind::UnexpectedEof, "the connection ended before the answer did");
    reply.ok_or_else(cut_short)
}

fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the answer did not come in time")
}

/// `STS/1.1 200 OK`: the 200.
fn status(start: &str) -> Option<u16> {
    let (status, _reason) = start.strip_prefix("STS/1.1 ")?.split_once(' ')?;
    let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| status.parse().ok())?
}

impl Message {
    fn format(self, start: &str) -> Vec<u8> {
        let Message { mut head, body } = self;
        let _ = head.set("Content-Length", &body.len().to_string()); // always a header
        let lines: String =
            head.headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [format!("{start}\r\n{lines}\r\n").as_bytes(), &body].concat()
    }
}

/// Why what came is no STS.
#[derive(Debug)]
enum Wrong {
    /// The start line of another protocol, or of another version.
    Start,
    /// Nothing tells where the body ends.
    Uncounted,
    /// Not even a message.
    Message(Error),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Start => f.write_str("the start line is not one of STS/1.1"),
            Wrong::Uncounted => f.write_str("there is no Content-Length"),
            Wrong::Message(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Wrong {}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong::Message(error)
    }
}

impl From<Wrong> for io::Error {
    fn from(wrong: Wrong) -> Self {
        io::Error::new(ErrorKind::InvalidData, wrong)
    }
}

/// What came so far.
struct Incoming {
    parser: Parser,
    begun: Option<(Head, usize)>,
}

impl Default for Incoming {
    fn default() -> Self {
        Incoming { parser: Parser::new(Limits::default()), begun: None }
    }
}

impl Incoming {
    /// Takes a piece; the message, once it is whole.
    fn take(
        &mut self,
        piece: &[u8],
        is_start: impl Fn(&str) -> bool,
    ) -> Result<Option<Message>, Wrong> {
        self.parser.feed(piece);
        if self.begun.is_none() {
            let Parsed::Complete(head) = self.parser.head()? else { return Ok(None) };
            if !is_start(head.start()) {
                return Err(Wrong::Start);
            }
            let length = head.content_length()?.ok_or(Wrong::Uncounted)?;
            self.begun = Some((head, length));
        }
        let Some((_, length)) = &self.begun else { return Ok(None) };
        let Parsed::Complete(body) = self.parser.body(*length)? else { return Ok(None) };
        Ok(self.begun.take().map(|(head, _)| Message { head, body }))
    }
}

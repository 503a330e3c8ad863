//! [`get`]: a small client, on the same socket and the same parser.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::chunked::{BadChunk, Chunked};
use crate::event;
use crate::message::{Error, Head, Limits, Parsed, Parser};
use crate::options::ConnectOptions;
use crate::socket::EventSocket;
use crate::sync::lock;

/// From the call of [`get`] to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// The longest body that [`get`] takes.
const BODY: usize = 8 * 1024 * 1024;

/// What a server answered. Node: `http.IncomingMessage`, as a whole.
#[derive(Clone)]
pub struct Reply {
    head: Head,
    status: u16,
    body: Vec<u8>,
}

impl Reply {
    /// The status: 200, 404, …
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The phrase after the status; it may be empty. Node: `statusMessage`.
    pub fn reason(&self) -> &str {
        self.head.start().splitn(3, ' ').nth(2).unwrap_or_default()
    }

    /// The value of a header, whatever the case of its name; several lines of one name are joined by `", "`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body, taken out of its chunks.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 in it becomes `�`.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("head", &self.head).field("body", &self.body.len()).finish()
    }
}

/// Asks for `http://host[:port]/path` and blocks until the answer is there. A status like 404 is an answer, and `Ok`;
/// redirects are not followed. Node: `http.get(url, callback)`.
///
/// ```
/// use net_notes::http;
///
/// let server = http::create_server(|_, response| response.status(404).end_with("no"));
/// server.listen(0, |_| {})?;
/// let url = format!("http://{}/tea?milk=1", server.address().unwrap());
/// let running = server.spawn();
///
/// let reply = http::get(&url)?;
/// assert_eq!((reply.status(), reply.reason(), &*reply.text()), (404, "Not Found", "no"));
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// `InvalidInput`: not such a URL; `https` is none. Those of [`connect`](crate::connect). `TimedOut`: the answer is not
/// there, whole, after 30 s. `UnexpectedEof`: the connection ended before the answer did. `InvalidData`: it is no HTTP, or
/// its body has more than 8 MiB.
pub fn get(url: &str) -> io::Result<Reply> {
    get_by(url, Instant::now() + DEADLINE, BODY)
}

fn get_by(url: &str, deadline: Instant, limit: usize) -> io::Result<Reply> {
    let url = Url::parse(url).map_err(|why| io::Error::new(ErrorKind::InvalidInput, why))?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: net-notes\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.target, url.authority
    );
    let left =
        move || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let to = ConnectOptions::from((url.host, url.port)).connect_timeout(left());
    let socket = EventSocket::new(to);
    socket.write(request); // waits for the connection
    let incoming = Arc::new(Mutex::new(Incoming::new(limit)));

    socket.on(event::Connect, move |socket, ()| socket.set_timeout(Some(left())));
    let this = incoming.clone();
    socket.on(event::Data, move |socket, data| {
        let mut incoming = lock(&this);
        incoming.parser.feed(data);
        match incoming.proceed() {
            Ok(false) if Instant::now() >= deadline => socket.destroy_with(too_late()),
            Ok(false) => socket.set_timeout(Some(left())),
            Ok(true) => socket.destroy(),
            Err(error) => socket.destroy_with(error),
        }
    });
    let this = incoming.clone();
    socket.on(event::End, move |socket, ()| {
        if let Err(error) = lock(&this).end() {
            socket.destroy_with(error);
        }
    });
    socket.on(event::Timeout, |socket, ()| socket.destroy_with(too_late()));
    socket.run()?;
    let reply = lock(&incoming).reply.take();
    reply.ok_or_else(cut_short)
}

fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the answer did not come in time")
}

fn cut_short() -> io::Error {
    let why = "the connection ended before the answer did";
    io::Error::new(ErrorKind::UnexpectedEof, why)
}

/// The parts of a URL that a request needs.
struct Url {
    host: String,
    port: u16,
    /// Host, and the port if there was one, as written.
    authority: String,
    target: String,
}

impl Url {
    /// RFC 9110 4.2.1.
    fn parse(url: &str) -> Result<Url, String> {
        let wrong = |why: &str| format!("{url:?} is no http://host[:port]/path: {why}");
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no http://"))?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(wrong("https needs TLS, which is not here"));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(wrong("it does not begin with http://"));
        }
        if rest.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(wrong("it has a space or a control character in it"));
        }
        let rest = rest.split('#').next().unwrap_or_default(); // the fragment is for the reader
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        if authority.contains('@') {
            return Err(wrong("a user's name is not sent like this any more"));
        }
        // The last colon, unless it is one of an IPv6 address.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, ""),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = if port.is_empty() { Ok(80) } else { port.parse() };
        let port = port.ok().filter(|_| digits).ok_or_else(|| wrong("the port is no number"))?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Url {
            host: host.to_string(),
            port,
            authority: authority.to_string(),
            target: format!("{slash}{target}"),
        })
    }
}

/// What came of the answer so far.
struct Incoming {
    parser: Parser,
    limit: usize,
    begun: Option<(Head, u16, Body)>,
    reply: Option<Reply>,
}

/// How the body is delimited (RFC 9112 6.3).
enum Body {
    Counted(usize),
    Chunked(Chunked),
    UntilEnd,
}

impl Incoming {
    fn new(limit: usize) -> Incoming {
        // A server may say more than a client: twice the usual.
        let limits = Limits { head: 32 * 1024, body: limit, ..Limits::default() };
        Incoming { parser: Parser::new(limits), limit, begun: None, reply: None }
    }

    /// Whether the answer is whole.
    fn proceed(&mut self) -> io::Result<bool> {
        while self.begun.is_none() {
            let Parsed::Complete(head) = self.parser.head()? else { return Ok(false) };
            let status = status(head.start()).ok_or_else(|| invalid("the answer is no HTTP/1"))?;
            // 100 and 103 come before the answer.
            if status >= 200 {
                let body = Body::of(&head, status, self.limit)?;
                self.begun = Some((head, status, body));
            }
        }
        let Some((.., body)) = &mut self.begun else { return Ok(false) };
        let body = match body {
            Body::Counted(length) => match self.parser.body(*length)? {
                Parsed::Complete(body) => Some(body),
                Parsed::Partial => None,
            },
            Body::Chunked(chunked) => chunked.decode(&mut self.parser)?,
            Body::UntilEnd if self.parser.unread().len() > self.limit => {
                return Err(Error::BodyTooLarge.into());
            }
            Body::UntilEnd => None,
        };
        Ok(body.is_some_and(|body| self.complete(body)))
    }

    /// The server has ended its side.
    fn end(&mut self) -> io::Result<()> {
        match &self.begun {
            Some((.., Body::UntilEnd)) => {
                let body = self.parser.unread().to_vec();
                self.complete(body);
                Ok(())
            }
            _ if self.reply.is_some() => Ok(()),
            _ => Err(cut_short()),
        }
    }

    fn complete(&mut self, body: Vec<u8>) -> bool {
        self.reply = self.begun.take().map(|(head, status, _)| Reply { head, status, body });
        self.reply.is_some()
    }
}

impl Body {
    fn of(head: &Head, status: u16, limit: usize) -> io::Result<Body> {
        if matches!(status, 204 | 304) {
            return Ok(Body::Counted(0));
        }
        match (head.header("transfer-encoding"), head.content_length()?) {
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Ok(Body::Chunked(Chunked::new(limit)))
            }
            (Some(_), None) => Err(invalid("a transfer coding that is not known here")),
            (Some(_), Some(_)) => Err(invalid("both Content-Length and Transfer-Encoding")),
            (None, Some(length)) => Ok(Body::Counted(length)),
            (None, None) => Ok(Body::UntilEnd),
        }
    }
}

/// `HTTP/1.1 200 OK`: the 200.
fn status(start: &str) -> Option<u16> {
    let mut parts = start.splitn(3, ' ');
    let version = parts.next()?.strip_prefix("HTTP/1.")?;
    let status = parts.next()?;
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    (digits(version, 1) && digits(status, 3)).then(|| status.parse().ok())?
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

impl From<BadChunk> for io::Error {
    fn from(bad: BadChunk) -> Self {
        match bad {
            BadChunk::Malformed => invalid("a chunk does not begin or end as it has to"),
            BadChunk::TooLarge => Error::BodyTooLarge.into(),
            BadChunk::Trailer(error) => error.into(),
        }
    }
}

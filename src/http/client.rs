//! [`get`]: a small client, on the same socket and the same parser.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::chunked::{BadChunk, Chunked};
use super::url::Url;
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::thread;

    use super::*;

    /// A server for one request, which `speak` answers.
    fn get_from(
        limit: Duration,
        body: usize,
        speak: impl FnOnce(TcpStream) + Send + 'static,
    ) -> io::Result<Reply> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (stop, stopped) = channel::<()>();
        let speaking = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            assert_ne!(stream.read(&mut request).unwrap(), 0);
            speak(stream.try_clone().unwrap());
            // Open, and silent.
            assert_eq!(
                stopped.recv_timeout(Duration::from_secs(30)),
                Err(RecvTimeoutError::Disconnected)
            );
        });
        let reply = get_by(&url, Instant::now() + limit, body);
        drop(stop);
        speaking.join().unwrap();
        reply
    }

    /// Says `what` again and again until nobody listens; or the test has failed.
    fn trickle(begin: &'static [u8], what: &'static [u8]) -> impl FnOnce(TcpStream) {
        move |mut stream| {
            let _ = stream.write_all(begin);
            for _ in 0..2000 {
                if stream.write_all(what).is_err() {
                    return;
                }
                thread::park_timeout(Duration::from_millis(5));
            }
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    #[test]
    fn the_deadline_is_for_the_whole_answer() {
        let limit = Duration::from_millis(300);
        let late = |speak: Box<dyn FnOnce(TcpStream) + Send>| {
            let start = Instant::now();
            let error = get_from(limit, BODY, speak).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert_eq!(error.to_string(), "the answer did not come in time");
            let took = start.elapsed();
            assert!(took >= limit && took < Duration::from_secs(10), "{took:?}");
        };
        late(Box::new(|_| {})); // says nothing
        late(Box::new(|mut stream| stream.write_all(b"HTTP/1.1 200 OK\r\nConte").unwrap()));
        // Each piece comes in time, and the answer does not.
        late(Box::new(trickle(b"HTTP/1.1 200 OK\r\nA: ", b"b")));
        late(Box::new(trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n")));
        late(Box::new(trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"until the end")));
        late(Box::new(trickle(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\na\r\n",
        )));
        late(Box::new(trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"a")));
    }

    #[test]
    fn a_deadline_that_is_over() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let error = get_by(&url, Instant::now(), BODY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    }

    #[test]
    fn a_body_has_a_limit_however_it_is_delimited() {
        let limit = Duration::from_secs(10);
        for (head, body) in [
            ("Content-Length: 6", "hello!"),
            ("Transfer-Encoding: chunked", "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n"),
            ("Connection: close", "hello!"),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
            let speak = |answer: String| {
                move |mut stream: TcpStream| {
                    stream.write_all(answer.as_bytes()).unwrap();
                    stream.shutdown(std::net::Shutdown::Write).unwrap();
                }
            };
            let reply = get_from(limit, 6, speak(answer.clone())).unwrap();
            assert_eq!(reply.text(), "hello!");
            let error = get_from(limit, 5, speak(answer)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{head}");
            assert_eq!(error.to_string(), "the body is too large", "{head}");
        }
    }
}

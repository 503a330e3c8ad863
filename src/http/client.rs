//! [`get`], [`request`] and [`Call`]: a small client, with the same socket and the same parser as
//! the server.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::reply::{BODY_BYTES_MAX, Reply, ReplyParser};
use super::url::Url;
use crate::event;
use crate::message::{Head, is_token};
use crate::socket::EventSocket;
use crate::sync::lock;

/// The default time limit from `send` to the last byte of the reply.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests `http://HOST[:PORT]/PATH`, and blocks until the whole reply has arrived. A status such
/// as 404 is a reply, too: `Ok`. Redirects are not followed. The same as [`request`] with the
/// method GET. Node: `http.get(url, callback)`.
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
/// Those of [`Call::send`].
#[track_caller]
pub fn get(url: &str) -> io::Result<Reply> {
    request("GET", url).send()
}

/// Creates a request to `http://HOST[:PORT]/PATH`, to be completed and sent. Node:
/// `http.request(url, { method })`.
///
/// ```
/// use net_notes::http;
/// use std::time::Duration;
///
/// let server = http::create_server(|request, response| {
///     let kind = request.header("content-type").unwrap_or("nothing");
///     response.end_with(format!("{} of {kind}: {}", request.method(), request.text()));
/// });
/// server.listen(0, |_| {})?;
/// let url = format!("http://{}/notes", server.address().unwrap());
/// let running = server.spawn();
///
/// let call = http::request("POST", &url).header("Content-Type", "text/plain").body("hello");
/// let reply = call.timeout(Duration::from_secs(5)).send()?;
/// assert_eq!(reply.text(), "POST of text/plain: hello");
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # The method
///
/// It is sent in upper case, as Node does. CONNECT is refused: it asks for a tunnel (RFC 9110
/// 9.3.6).
///
/// # The URL
///
/// Path and query are percent-encoded as in Node's `new URL`: `/你好` is sent as
/// `/%E4%BD%A0%E5%A5%BD`, and bytes that are already escaped are not changed; `.` and `..` are
/// resolved, a backslash in the path is a slash, spaces at both ends are removed, the fragment is
/// not sent. The differences to Node:
///
/// - `[`, `]`, `^`, `|`, in a query also `{`, `}`, `` ` `` and `\`, and a `%` that begins no escape
///   are percent-encoded. Node sends them unchanged, though RFC 3986 does not allow them there.
/// - A control character is an error. Node removes tabs and line ends, and encodes the others.
/// - A user name, a host that is not ASCII, an empty host (`http:///path`), and a URL that does not
///   begin with `http://` are errors, too. The host is looked up as written.
pub fn request(method: &str, url: &str) -> Call {
    Call {
        method: method.to_ascii_uppercase(),
        url: url.to_string(),
        headers: Vec::new(),
        body: None,
        timeout: CALL_TIMEOUT,
    }
}

/// A request that is being built; created by [`request`]. Nothing is looked up, connected or sent
/// before [`send`](Self::send). Node: `http.ClientRequest`.
#[derive(Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Call {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    timeout: Duration,
}

impl Call {
    /// Sets a header; for each name the last value counts. Node: `request.setHeader`.
    ///
    /// By default the client sends `Host`, `Connection: close`, `User-Agent: net-notes` and
    /// `Accept: */*`; and `Content-Length` with a body, or without one if the method is POST, PUT
    /// or PATCH (RFC 9110 8.6). A header that you set replaces the default. Only the headers that
    /// determine the end of the request cannot be changed: `Connection` and `Content-Length` may be
    /// set only to what the client sends, `Transfer-Encoding` not at all.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    /// Sets the body; it is sent with its length. Node: `request.end(data)`.
    pub fn body(mut self, data: impl AsRef<[u8]>) -> Self {
        self.body = Some(data.as_ref().to_vec());
        self
    }

    /// Limits the time from [`send`](Self::send) to the last byte of the reply, including look-up
    /// and connect. Default: 30 s. A time of zero means no limit. (Node's `timeout` is the idle
    /// time of the socket.)
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sends the request, and blocks until the whole reply has arrived. Each call uses a new
    /// connection. A reply that is complete before the request was sent completely ends the call.
    ///
    /// # Errors
    ///
    /// - `InvalidInput`: the method, the URL or a header is not valid; nothing was sent.
    /// - Those of [`connect`](crate::connect).
    /// - `TimedOut`: the reply is not complete at the end of the [`timeout`](Self::timeout).
    /// - `UnexpectedEof`: the connection ended before the reply did.
    /// - `InvalidData`: the reply is not HTTP/1, its first line has more than 8 KiB, its head more
    ///   than 64 KiB or 2,000 header lines, or its body more than 8 MiB.
    #[track_caller]
    pub fn send(self) -> io::Result<Reply> {
        let invalid = |why| io::Error::new(ErrorKind::InvalidInput, why);
        self.check_method().map_err(invalid)?;
        let url = Url::parse(&self.url).map_err(invalid)?;
        let head = self.head(&url).map_err(invalid)?;

        let socket = EventSocket::new((url.host, url.port));
        if !self.timeout.is_zero() {
            socket.after(self.timeout, |socket| {
                let why = "the answer did not arrive in time";
                socket.destroy_with(io::Error::new(ErrorKind::TimedOut, why));
            });
        }
        // Both are queued until the connection is established, and are sent together.
        socket.write(head.to_string());
        socket.write(self.body.unwrap_or_default());
        receive(&socket, ReplyParser::new(self.method == "HEAD", BODY_BYTES_MAX))
    }

    fn check_method(&self) -> Result<(), String> {
        match self.method.as_str() {
            "CONNECT" => Err("CONNECT asks for a tunnel, and this client opens none".to_string()),
            // See RFC 9110 9.3.8.
            "TRACE" if self.body.is_some() => Err("TRACE has no body".to_string()),
            method if !is_token(method.as_bytes()) => {
                Err(format!("the method {method:?} is not a token"))
            }
            _ => Ok(()),
        }
    }

    /// Builds the head of the request.
    fn head(&self, url: &Url) -> Result<Head, String> {
        let start = format!("{} {} HTTP/1.1", self.method, url.target);
        let mut head = Head::new(&start).map_err(|why| why.to_string())?;
        let mut set = |name: &str, value: &str| {
            let complain = |why| format!("the header {name:?} was given {value:?}: {why}");
            head.set(name, value).map_err(complain)
        };
        set("Host", &url.authority)?;
        set("User-Agent", "net-notes")?;
        set("Accept", "*/*")?;
        set("Connection", "close")?;
        let length = self.body.as_ref().map_or(0, Vec::len).to_string();
        for (name, value) in &self.headers {
            check_framing(name, value, &length)?;
            set(name, value)?;
        }
        if self.body.is_some() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            set("Content-Length", &length)?;
        }
        Ok(head)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("body", &self.body.as_ref().map(Vec::len))
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Refuses a header that would change where the request ends.
fn check_framing(name: &str, value: &str, length: &str) -> Result<(), String> {
    let own = [
        ("Connection", Some("close")),
        ("Content-Length", Some(length)),
        ("Transfer-Encoding", None),
    ];
    let own = own.into_iter().find(|(framing, _)| framing.eq_ignore_ascii_case(name));
    match own {
        Some((_, Some(own))) if own.eq_ignore_ascii_case(value.trim_matches([' ', '\t'])) => Ok(()),
        Some((_, own)) => {
            let own = own.map_or("none".to_string(), |own| format!("{own:?}"));
            Err(format!("the header {name:?} was given {value:?}, but the client sends {own}"))
        }
        None => Ok(()),
    }
}

/// A parser, and the reply once it is complete.
struct PendingReply {
    parser: ReplyParser,
    reply: Option<Reply>,
}

/// Runs the socket until the reply is complete.
#[track_caller]
fn receive(socket: &EventSocket, parser: ReplyParser) -> io::Result<Reply> {
    let receiving = Arc::new(Mutex::new(PendingReply { parser, reply: None }));
    let this = receiving.clone();
    socket.on(event::Data, move |socket, piece| {
        let mut receiving = lock(&this);
        match receiving.parser.feed(piece) {
            Ok(None) => {}
            Ok(reply) => {
                receiving.reply = reply;
                socket.destroy();
            }
            Err(error) => socket.destroy_with(error),
        }
    });
    let this = receiving.clone();
    socket.on(event::End, move |socket, ()| {
        let mut receiving = lock(&this);
        receiving.reply = receiving.parser.end();
        socket.destroy();
    });
    let ran = socket.run();
    // A complete reply counts, even if the rest of the request failed.
    lock(&receiving).reply.take().ok_or_else(|| {
        let cut_short = "the connection ended before the answer did";
        ran.err().unwrap_or_else(|| io::Error::new(ErrorKind::UnexpectedEof, cut_short))
    })
}

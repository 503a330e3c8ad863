//! [`Response`]: what the handler answers with.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::connection::Connection;
use crate::socket::EventSocket;

/// The answer to one request. Node: `http.ServerResponse`.
///
/// What is written while the handler runs is gathered, up to 16 KiB: an answer that ends before goes out with a
/// `Content-Length`, head and body in one system call. The body of a longer one, and what is written of it after the handler
/// has returned, or after [`flush_headers`](Self::flush_headers), goes out as it is written: in chunks, or to a client of
/// HTTP/1.0 up to the end of the connection.
///
/// It may be sent to another thread and ended there, later; meanwhile the connection waits, as requests are answered in the
/// order in which they arrived. All methods may be called from any thread. Dropped without [`end`](Self::end), it is ended.
///
/// ```
/// use net_notes::http;
///
/// let server = http::create_server(|request, response| match request.path() {
///     "/" => {
///         response.header("Content-Type", "text/html; charset=utf-8");
///         response.write("<h1>hello</h1>");
///         response.end();
///     }
///     _ => response.status(404).end_with("nothing here\n"),
/// });
/// # server.listen(0, |_| {})?;
/// # let at = server.address().unwrap();
/// # let running = server.spawn();
/// # assert_eq!(http::get(&format!("http://{at}/"))?.text(), "<h1>hello</h1>");
/// # assert_eq!(http::get(&format!("http://{at}/a"))?.status(), 404);
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Mistakes
///
/// A name or value that would not be one header line (it has a line end in it, say), `Transfer-Encoding`, which is the
/// server's to set, or a status that is not within 200..=599 never reach the wire: the client gets a 500 and standard error
/// a line that says why. The same if the handler panics before anything was sent; if something was, the connection is
/// cut, so that the client does not take the part for the whole.
pub struct Response {
    connection: Arc<Connection>,
    /// Which one of the connection's it is: after its end it has no say any more.
    number: u64,
    ended: AtomicBool,
}

impl Response {
    pub(super) fn new(connection: Arc<Connection>, number: u64) -> Response {
        Response { connection, number, ended: AtomicBool::new(false) }
    }

    /// Sets the status; 200 if not called. After the head was sent it is too late, and a line on standard error says so.
    /// Node: `response.statusCode = …`.
    pub fn status(&self, status: u16) -> &Self {
        self.connection.change_answer(self.number, |answer| answer.status(status));
        self
    }

    /// Sets a header, in place of one of the same name; only `Set-Cookie` is added (RFC 9110 5.3). `Date`, `Content-Length`,
    /// `Transfer-Encoding` and `Connection` come by themselves; `Connection: close` may be asked for. A `Content-Length` may
    /// be promised for a long body; what is more is cut off. Node: `response.setHeader`.
    pub fn header(&self, name: &str, value: &str) -> &Self {
        self.connection.change_answer(self.number, |answer| answer.header(name, value));
        self
    }

    /// Sends the head, with what was gathered of the body, and does not wait for more of it. After this the status and the
    /// headers are settled. Node: `response.flushHeaders`.
    pub fn flush_headers(&self) {
        self.connection.flush_headers(self.number);
    }

    /// More of the body. `false`: the client reads slower than this writes, and what it has not taken is queued in memory; or
    /// it is gone. Without bytes it is [`flush_headers`](Self::flush_headers). After [`end`](Self::end) nothing happens. To
    /// HEAD, and with 204 and 304, no body is sent. Node: `response.write`.
    ///
    /// For a body that is larger than memory should be, heed the `false`: wait for [`on_drain`](Self::on_drain), or write by
    /// [`io::Write`](std::io::Write), which blocks until there is room.
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        self.connection.write(self.number, data.as_ref())
    }

    /// Whether a `write` has said `false` and the client has not caught up since. Node: `response.writableNeedDrain`.
    pub fn writable_need_drain(&self) -> bool {
        self.connection.need_drain(self.number)
    }

    /// Calls `callback` each time the client has caught up after a `write` that said `false`, until the response has ended. On
    /// the thread of the connection, after the handler has returned. Node: `response.on('drain', callback)`.
    pub fn on_drain(&self, callback: impl FnMut() + Send + 'static) {
        self.connection.on_drain(self.number, Box::new(callback));
    }

    /// Calls `callback` once, when the response was sent whole or its client is gone: by a reset, or by its end. (A client that
    /// ends its side and reads on cannot be told from one that has closed: what is still written is sent to it.) At once, if
    /// that is so already; otherwise on the thread of the connection, which notices nothing while the handler runs: so after
    /// it has returned. Node: `response.on('close', callback)`.
    pub fn on_close(&self, callback: impl FnOnce() + Send + 'static) {
        self.connection.on_close(self.number, Box::new(callback));
    }

    /// Whether the response was sent whole, or its client is gone; as [`on_close`](Self::on_close), but also while the handler
    /// runs: then it looks, which may take some milliseconds. Node: `response.closed`, and `response.destroyed`.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed(self.number)
    }

    /// The answer is whole. Node: `response.end()`.
    pub fn end(&self) {
        self.end_with([]);
    }

    /// `write(data)`, then `end()`. Node: `response.end(data)`.
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        self.connection.end(self.number, data.as_ref());
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Answers 101 with the headers set so far, and gives the socket away: `take` gets it, and the bytes that arrived behind the
    /// head of the request. From then on it is a socket as any other, `close` of the server does not end it, and to end it after
    /// its `End` is up to `take` (half-open is allowed). `take` is called when the handler has returned, on the turn of the
    /// socket: no `Data` can overtake. Node: the event `upgrade`, and a 101 by hand.
    ///
    /// If the client has not offered to switch to `protocol` (RFC 9110 7.8), or the head is out already, `take` is not called,
    /// and the answer is a 426.
    ///
    /// ```
    /// use net_notes::{event, http};
    /// use std::io::{Read, Write};
    ///
    /// let server = http::create_server(|_request, response| {
    ///     response.upgrade("shout", |socket, first| {
    ///         socket.write(first.to_ascii_uppercase());
    ///         socket.on(event::Data, |socket, data| _ = socket.write(data.to_ascii_uppercase()));
    ///         socket.on(event::End, |socket, ()| socket.end());
    ///     });
    /// });
    /// server.listen(("127.0.0.1", 0), |_| {})?;
    /// let port = server.address().unwrap().port().unwrap();
    /// let running = server.spawn();
    ///
    /// let mut client = std::net::TcpStream::connect(("127.0.0.1", port))?;
    /// client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhello")?;
    /// client.shutdown(std::net::Shutdown::Write)?;
    /// let mut answer = String::new();
    /// client.read_to_string(&mut answer)?;
    /// assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    /// assert!(answer.ends_with("\r\n\r\nHELLO"));
    /// # server.close()?;
    /// # running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn upgrade(&self, protocol: &str, take: impl FnOnce(&EventSocket, &[u8]) + Send + 'static) {
        self.connection.upgrade(self.number, protocol, Box::new(take));
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn connection(&self) -> (&Connection, u64) {
        (&self.connection, self.number)
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if *self.ended.get_mut() {
            // The usual case, and no need to ask the connection.
        } else if thread::panicking() {
            self.connection.fail(self.number);
        } else {
            self.end();
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("number", &self.number).finish_non_exhaustive()
    }
}

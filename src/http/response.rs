//! [`Response`]: the answer of a handler.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::connection::HttpConnection;
use crate::socket::EventSocket;

/// The answer to one request. Node: `http.ServerResponse`.
///
/// While the handler runs, the body is gathered, up to 16 KiB: an answer that ends before is sent
/// with a `Content-Length`, head and body in one system call. A longer body is sent as it is
/// written; so is everything written after the handler has returned, or after
/// [`flush_headers`](Self::flush_headers). It is sent in chunks, or to an HTTP/1.0 client until the
/// end of the connection.
///
/// A response may be moved to another thread and ended there, later; until then the connection
/// waits, as requests are answered in their order. All methods may be called on any thread.
/// Dropping a response without [`end`](Self::end) ends it.
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
/// These are never sent: a name or value that would not be exactly one header line (it contains a
/// line end, for example); `Transfer-Encoding`, which the server sets; a status outside of
/// 200..=599. The client gets a 500 instead, and a line on standard error gives the reason. The
/// client also gets a 500 if the handler panics before anything was sent; otherwise the connection
/// is cut, so that the client does not take a part for the whole.
pub struct Response {
    connection: Arc<HttpConnection>,
    /// The number of this response on its connection: after its end, calls have no effect.
    number: u64,
    ended: AtomicBool,
}

impl Response {
    pub(super) fn new(connection: Arc<HttpConnection>, number: u64) -> Response {
        Response { connection, number, ended: AtomicBool::new(false) }
    }

    /// Sets the status. Default: 200. After the head was sent this has no effect, and a line on
    /// standard error says so. Node: `response.statusCode = …`.
    pub fn status(&self, status: u16) -> &Self {
        self.connection.change_answer(self.number, |answer| answer.status(status));
        self
    }

    /// Sets a header, in place of one with the same name; only `Set-Cookie` is added (RFC 9110
    /// 5.3). `Date`, `Content-Length`, `Transfer-Encoding` and `Connection` are added
    /// automatically; the handler may set `Connection: close`. It may also set the `Content-Length`
    /// of a long body; bytes beyond it are cut off. Node: `response.setHeader`.
    pub fn header(&self, name: &str, value: &str) -> &Self {
        self.connection.change_answer(self.number, |answer| answer.header(name, value));
        self
    }

    /// Sends the head, and the gathered part of the body, without waiting for more. After this the
    /// status and the headers cannot be changed. Node: `response.flushHeaders`.
    #[track_caller]
    pub fn flush_headers(&self) {
        self.connection.flush_headers(self.number);
    }

    /// Appends to the body. Returns `false` if the client reads more slowly than this writes, so
    /// that bytes are queued in memory, or if it is gone; but `true` while the body is gathered and
    /// nothing is sent yet. Without bytes, `write` is
    /// [`flush_headers`](Self::flush_headers). After [`end`](Self::end) it does nothing. For HEAD,
    /// and with 204 and 304, no body is sent. Node: `response.write`.
    ///
    /// For a body that is too large for memory, do not ignore the `false`: wait for
    /// [`on_drain`](Self::on_drain), or write with [`io::Write`](std::io::Write), which blocks
    /// until there is room.
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        self.connection.write(self.number, data.as_ref())
    }

    /// Whether a `write` has returned `false`, and the client has not caught up since. Node:
    /// `response.writableNeedDrain`.
    pub fn writable_need_drain(&self) -> bool {
        self.connection.need_drain(self.number)
    }

    /// Calls `callback` each time that the client has caught up after a `write` that returned
    /// `false`, until the response has ended. Called on the turn of the connection: after the
    /// handler has returned, and not at the same time as another callback. Node: `response.on('drain', callback)`.
    pub fn on_drain(&self, callback: impl FnMut() + Send + 'static) {
        self.connection.on_drain(self.number, Box::new(callback));
    }

    /// Calls `callback` once, when the whole response was sent, or when its client is gone: by a
    /// reset, or by its end. (A client that ends its side and continues to read cannot be told from
    /// one that has closed: what is still written is sent to it.) If this has already happened,
    /// `callback` is called at once; otherwise on the turn of the connection, after the handler has
    /// returned, as nothing is noticed while the handler runs. Node:
    /// `response.on('close', callback)`.
    pub fn on_close(&self, callback: impl FnOnce() + Send + 'static) {
        self.connection.on_close(self.number, Box::new(callback));
    }

    /// Whether the whole response was sent, or its client is gone; as [`on_close`](Self::on_close).
    /// While the handler runs, this checks the connection, which may take some milliseconds. Node:
    /// `response.closed`, `response.destroyed`.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed(self.number)
    }

    /// Ends the answer. Node: `response.end()`.
    #[track_caller]
    pub fn end(&self) {
        self.end_with([]);
    }

    /// Calls `write(data)`, then `end()`. Node: `response.end(data)`.
    #[track_caller]
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        self.connection.end(self.number, data.as_ref());
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Cuts the connection, so that the client does not take a part of the answer for the whole. A
    /// proxy does so when the server behind it has gone in the middle of its answer. Node:
    /// `response.destroy()`.
    ///
    /// ```
    /// use net_notes::http;
    ///
    /// let server = http::create_server(|_request, response| {
    ///     response.write("the first half, and");
    ///     response.flush_headers();
    ///     response.destroy();
    /// });
    /// # server.listen(0, |_| {})?;
    /// # let at = server.address().unwrap();
    /// # let running = server.spawn();
    /// assert!(http::get(&format!("http://{at}/")).is_err());
    /// # server.close()?;
    /// # running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn destroy(&self) {
        self.connection.destroy(self.number);
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Answers 101 with the headers set so far, and hands over the socket: `take` gets it, and the
    /// bytes that arrived after the head of the request. After that it is an ordinary socket:
    /// `close` of the server does not end it, and `take` must provide for its end after its `End`
    /// (half-open is allowed). `take` is called when the handler has returned, on the turn of the
    /// socket, so no `Data` is emitted before. Node: the event `upgrade`, and a 101 by hand.
    ///
    /// If the client has not offered to switch to `protocol` (RFC 9110 7.8), `take` is not called,
    /// and the answer is a 426; after a header that is no line, it is a 500. If the head was
    /// already sent, the answer ends as it is, and a line on standard error says so. If the client
    /// has ended its side before the handler calls this, or the connection was destroyed, `take` is
    /// not called, and the connection is closed.
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
    /// client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n")?;
    /// client.write_all(b"Connection: Upgrade\r\nUpgrade: shout\r\n\r\nhello")?;
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

    pub(super) fn connection(&self) -> (&HttpConnection, u64) {
        (&self.connection, self.number)
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if *self.ended.get_mut() {
            // The usual case: the connection need not be locked.
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

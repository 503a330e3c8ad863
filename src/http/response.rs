//! [`Response`]: what the handler answers with.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::connection::Connection;

/// The answer to one request. Node: `http.ServerResponse`.
///
/// What is written while the handler runs is gathered, up to 16 KiB: an answer that ends before goes out with a
/// `Content-Length`, head and body in one system call. The body of a longer one, and what is written of it after the handler
/// has returned, goes out as it is written: in chunks, or to a client of HTTP/1.0 up to the end of the connection.
///
/// It may be sent to another thread and ended there, later; meanwhile the connection waits, as requests are answered in the
/// order in which they came. Dropped without [`end`](Self::end), it is ended.
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
        self.connection.answer(self.number, |answer| answer.status(status));
        self
    }

    /// Sets a header, in place of one of the same name; only `Set-Cookie` is added (RFC 9110 5.3). `Date`, `Content-Length`,
    /// `Transfer-Encoding` and `Connection` come by themselves; `Connection: close` may be asked for. A `Content-Length` may
    /// be promised for a long body; what is more is cut off. Node: `response.setHeader`.
    pub fn header(&self, name: &str, value: &str) -> &Self {
        self.connection.answer(self.number, |answer| answer.header(name, value));
        self
    }

    /// More of the body. `false`: the client reads slower than this writes, and what it has not taken is queued in memory;
    /// or it is gone. After [`end`](Self::end) nothing happens. To HEAD, and with 204 and 304, no body is sent.
    /// Node: `response.write`.
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        self.connection.write(self.number, data.as_ref())
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

//! The options of a socket and of a server, set before it starts.

use std::time::Duration;

use crate::endpoint::Endpoint;

/// The default high-water mark, in bytes. Node: `writableHighWaterMark`.
const HIGH_WATER_MARK: usize = 16 * 1024;

/// An [`Endpoint`] to connect to, with options. Made from anything that converts into an
/// [`Endpoint`]. Node: the options of `net.connect`.
///
/// ```
/// use net_notes::{ConnectOptions, EventSocket, ReadyState};
/// use std::time::Duration;
///
/// let patient = ConnectOptions::from(("example.org", 80)).connect_timeout(Duration::from_secs(5));
/// let socket = EventSocket::new(patient);
/// assert_eq!(socket.ready_state(), ReadyState::Opening); // run() connects
/// ```
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    pub(crate) to: Endpoint,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) socket: SocketOptions,
}

/// The options that connecting and accepted sockets have in common.
#[derive(Debug, Clone)]
pub(crate) struct SocketOptions {
    pub(crate) allow_half_open: bool,
    pub(crate) high_water_mark: usize,
    pub(crate) no_delay: bool,
    pub(crate) paused: bool,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions {
            allow_half_open: false,
            high_water_mark: HIGH_WATER_MARK,
            no_delay: false,
            paused: false,
        }
    }
}

impl<T: Into<Endpoint>> From<T> for ConnectOptions {
    fn from(to: T) -> Self {
        ConnectOptions {
            to: to.into(),
            connect_timeout: None,
            timeout: None,
            socket: SocketOptions::default(),
        }
    }
}

impl ConnectOptions {
    /// Whether our side stays open after the peer has ended its side. If so, you must call `end()`.
    /// Default: `false`. Node: `allowHalfOpen`.
    pub fn allow_half_open(mut self, on: bool) -> Self {
        self.socket.allow_half_open = on;
        self
    }

    /// The high-water mark: with this number of bytes queued, `write` returns `false`. Default: 16
    /// KiB. Node: `writableHighWaterMark`.
    pub fn high_water_mark(mut self, bytes: usize) -> Self {
        self.socket.high_water_mark = bytes;
        self
    }

    /// The idle time after which `Timeout` fires, as with `set_timeout`. Node: `timeout`.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.timeout = Some(idle);
        self
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`), and not gathered by Nagle's algorithm
    /// (RFC 896). Default: `false`. Node: `noDelay`.
    pub fn no_delay(mut self, on: bool) -> Self {
        self.socket.no_delay = on;
        self
    }

    /// The time limit for the name look-up and the connect together; after it, `Error` is emitted
    /// with `ETIMEDOUT`. Default: those of the system; on Linux 127 seconds for a TCP connect. Node has
    /// no such option: programs there use `setTimeout` and `destroy`.
    ///
    /// std can interrupt neither of the two. When the time is over, `run` continues at once; the
    /// thread and the descriptor of a TCP connect end then, too. A look-up ends when the resolver
    /// answers (resolv.conf(5): some seconds), and a connect to a Unix domain socket with a full
    /// backlog ends when its server accepts or ends.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }
}

/// Options for a server and for the sockets that it accepts. Node: the options of
/// `net.createServer`.
///
/// ```
/// use net_notes::{Server, ServerOptions, event};
///
/// let server = Server::new(ServerOptions::default().allow_half_open(true).max_connections(100));
/// server.on(event::Connection, |_, socket| socket.end_with("100 at most\n"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    pub(crate) max_connections: Option<usize>,
    pub(crate) socket: SocketOptions,
}

impl ServerOptions {
    /// Whether our side stays open after the peer has ended its side. If so, you must call `end()`.
    /// Default: `false`. Node: `allowHalfOpen`.
    pub fn allow_half_open(mut self, on: bool) -> Self {
        self.socket.allow_half_open = on;
        self
    }

    /// The high-water mark: with this number of bytes queued, `write` returns `false`. Default: 16
    /// KiB. Node: `highWaterMark`.
    pub fn high_water_mark(mut self, bytes: usize) -> Self {
        self.socket.high_water_mark = bytes;
        self
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`), and not gathered by Nagle's algorithm
    /// (RFC 896). Default: `false`. Node: `noDelay`.
    pub fn no_delay(mut self, on: bool) -> Self {
        self.socket.no_delay = on;
        self
    }

    /// Whether accepted sockets start paused: nothing is read from them before `resume()`. Default:
    /// `false`. Node: `pauseOnConnect`.
    pub fn pause_on_connect(mut self, on: bool) -> Self {
        self.socket.paused = on;
        self
    }

    /// The largest number of open connections. A client beyond it is closed at once, and `Drop` is
    /// emitted. Default: no limit. Node: `maxConnections`.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = Some(limit);
        self
    }
}

//! What can be set before a socket or a server begins.

use std::time::Duration;

use crate::endpoint::Endpoint;

/// From this many queued bytes on, `write` says `false`. Node: `writableHighWaterMark`.
const HIGH_WATER_MARK: usize = 16 * 1024;

/// Where and how to connect. Made from anything that is an [`Endpoint`]. Node: the options of `net.connect`.
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

/// What both ways to get a socket have in common.
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
    /// Keep the own side open when the peer has ended its own; `end()` is then yours to call. Node: `allowHalfOpen`.
    pub fn allow_half_open(mut self, on: bool) -> Self {
        self.socket.allow_half_open = on;
        self
    }

    /// From how many queued bytes on `write` returns `false`; 16 KiB if not set. Node: `writableHighWaterMark`.
    pub fn high_water_mark(mut self, bytes: usize) -> Self {
        self.socket.high_water_mark = bytes;
        self
    }

    /// The idle time after which `Timeout` fires, as with `set_timeout`. Node: `timeout`.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.timeout = Some(idle);
        self
    }

    /// Send small writes at once (`TCP_NODELAY`), not gathered by Nagle's algorithm (RFC 896). Node: `noDelay`.
    pub fn no_delay(mut self, on: bool) -> Self {
        self.socket.no_delay = on;
        self
    }

    /// The longest time that looking up the name and connecting may take together; then `Error` with `ETIMEDOUT`. Without it
    /// the limit is that of Linux, 127 seconds. Node has no such option: programs there use `setTimeout` and `destroy`.
    ///
    /// std can interrupt neither of the two. When the time is over, `run` continues at once; the thread and the descriptor of
    /// a connect over TCP end then, too. A look-up ends when the resolver does (resolv.conf(5): some seconds), and a connect
    /// to a Unix domain socket whose backlog is full ends when its server accepts or goes.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }
}

/// How a server treats the sockets it accepts. Node: the options of `net.createServer`.
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
    /// Keep the own side open when the peer has ended its own; `end()` is then yours to call. Node: `allowHalfOpen`.
    pub fn allow_half_open(mut self, on: bool) -> Self {
        self.socket.allow_half_open = on;
        self
    }

    /// From how many queued bytes on `write` returns `false`; 16 KiB if not set. Node: `highWaterMark`.
    pub fn high_water_mark(mut self, bytes: usize) -> Self {
        self.socket.high_water_mark = bytes;
        self
    }

    /// Send small writes at once (`TCP_NODELAY`), not gathered by Nagle's algorithm (RFC 896). Node: `noDelay`.
    pub fn no_delay(mut self, on: bool) -> Self {
        self.socket.no_delay = on;
        self
    }

    /// Sockets begin paused, and nothing is read from them before `resume()`. Node: `pauseOnConnect`.
    pub fn pause_on_connect(mut self, on: bool) -> Self {
        self.socket.paused = on;
        self
    }

    /// How many connections at most; one more is closed at once, and `Drop` says so. Node: `maxConnections`.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = Some(limit);
        self
    }
}

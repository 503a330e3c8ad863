//! [`Options`] of a WebSocket.

use std::time::Duration;

/// Limits for one WebSocket: bytes of a message and of a frame, and times.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(super) message_limit: usize,
    pub(super) frame_limit: usize,
    pub(super) close_timeout: Duration,
    pub(super) heartbeat: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            message_limit: 1 << 20,
            frame_limit: 1 << 20,
            close_timeout: Duration::from_secs(2),
            heartbeat: None,
        }
    }
}

impl Options {
    /// Bytes of a message, in one frame or in many; 1 MiB by default. A larger one ends the connection, with the code 1009.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes;
        self
    }

    /// Bytes of one frame, without its header; 1 MiB by default. A larger one ends the connection, with the code 1009, before its
    /// payload has arrived.
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// How long to wait for the client's answer to a closing frame, and then again for the end of the connection; 2 s each by
    /// default. After that the connection is destroyed.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.close_timeout = limit;
        self
    }

    /// Sends a ping each `period`, and destroys the connection if no byte has arrived since the last one. Without it, a client
    /// that has vanished without a word is never noticed while nothing is sent to it, and a proxy in between may end a connection
    /// on which nothing happens. No pings by default.
    pub fn heartbeat(mut self, period: Duration) -> Self {
        self.heartbeat = Some(period);
        self
    }
}

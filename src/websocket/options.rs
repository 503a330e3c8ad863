//! [`Options`] of a WebSocket.

use std::time::Duration;

/// Limits for one WebSocket: the bytes of a message and of a frame, and timeouts.
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
    /// The largest message, in bytes, in one frame or in many. Default: 1 MiB. A larger one ends
    /// the connection with the code 1009.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes;
        self
    }

    /// The largest frame, in bytes, without its header. Default: 1 MiB. A larger one ends the
    /// connection with the code 1009, before its payload has arrived.
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// How long to wait for the client's answer to a closing frame, and then again for the end of
    /// the connection. Default: 2 s each. After that the connection is destroyed.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.close_timeout = limit;
        self
    }

    /// Sends a ping every `period`, and destroys the connection if no byte has arrived since the
    /// last ping. Without pings, a client that has disappeared without closing is not noticed while
    /// nothing is sent to it, and a proxy may end an idle connection. Default: no pings.
    pub fn heartbeat(mut self, period: Duration) -> Self {
        self.heartbeat = Some(period);
        self
    }
}

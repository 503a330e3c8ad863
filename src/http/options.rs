//! [`Options`] of a server.

use std::time::Duration;

use crate::message::Limits;

/// How long a finished connection waits for another byte of the client.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Limits on what a server accepts from a client, and timeouts. A time of zero means no limit, as
/// in Node.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(super) limits: Limits,
    pub(super) request_timeout: Duration,
    pub(super) idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits::default(),
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// The largest request line, in bytes. Default: 8 KiB. A longer one is answered with 414.
    pub fn request_line_limit(mut self, bytes: usize) -> Self {
        self.limits.start_line = bytes;
        self
    }

    /// The largest head, in bytes, including the request line. Default: 16 KiB. A larger one is
    /// answered with 431. Node: `maxHeaderSize`.
    pub fn head_limit(mut self, bytes: usize) -> Self {
        self.limits.head = bytes;
        self
    }

    /// The largest number of header lines. Default: 100. More are answered with 431. Node:
    /// `server.maxHeadersCount`.
    pub fn header_lines_limit(mut self, lines: usize) -> Self {
        self.limits.lines = lines;
        self
    }

    /// The largest body, in bytes. Default: 1 MiB. A larger one is answered with 413. Node has no
    /// such limit.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// The time limit from the first byte of a request to its last. Default: 10 s. Then the answer
    /// is 408. Node: `requestTimeout`.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = unlimited_if_zero(limit);
        self
    }

    /// The time limit for an idle connection between two requests, and for a client that takes none
    /// of the queued bytes. Default: 10 s. Then the connection is closed. Node: `keepAliveTimeout`,
    /// with a default of 5 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = unlimited_if_zero(limit);
        self
    }

    /// The value of `Keep-Alive: timeout=`. `None`: less than a second, or without a limit.
    pub(super) fn keep_alive_seconds(&self) -> Option<u64> {
        let seconds = self.idle_timeout.as_secs();
        (seconds > 0 && self.idle_timeout < Duration::MAX).then_some(seconds)
    }

    /// The shortest of all time limits: checks at this interval notice each deadline.
    pub(super) fn check_interval(&self) -> Duration {
        self.request_timeout.min(self.idle_timeout).min(LINGER_TIMEOUT)
    }
}

/// Replaces zero by the longest time, which never passes.
fn unlimited_if_zero(limit: Duration) -> Duration {
    if limit.is_zero() { Duration::MAX } else { limit }
}

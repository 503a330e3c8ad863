//! [`Options`] of a server.

use std::time::Duration;

use super::closing::LINGER_TIMEOUT;
use crate::message::Limits;

/// How much a server takes from a client, and how long it waits for it. A time of zero is no limit, as in Node.
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
    /// Bytes of a request line, 8 KiB if not set; one that is longer gets a 414.
    pub fn request_line_limit(mut self, bytes: usize) -> Self {
        self.limits.start_line = bytes;
        self
    }

    /// Bytes of a head, request line included, 16 KiB if not set; one that is larger gets a 431. Node: `maxHeaderSize`.
    pub fn head_limit(mut self, bytes: usize) -> Self {
        self.limits.head = bytes;
        self
    }

    /// Header lines, 100 if not set; more get a 431. Node: `server.maxHeadersCount`.
    pub fn header_lines_limit(mut self, lines: usize) -> Self {
        self.limits.lines = lines;
        self
    }

    /// Bytes of a body, 1 MiB if not set; a larger one gets a 413. In Node that is the handler's care.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// From the first byte of a request to its last, 10 s if not set; then a 408. Node: `requestTimeout`.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = or_for_ever(limit);
        self
    }

    /// How long a connection may be idle between two requests, and how long a client may take nothing of what is queued for
    /// it, 10 s if not set; then it is closed. Node: `keepAliveTimeout`, which is 5 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = or_for_ever(limit);
        self
    }

    /// What `Keep-Alive: timeout=` says. `None`: less than a second, or for ever.
    pub(super) fn keep_alive_seconds(&self) -> Option<u64> {
        let seconds = self.idle_timeout.as_secs();
        (seconds > 0 && self.idle_timeout < Duration::MAX).then_some(seconds)
    }

    /// The shortest of all times: who looks so often misses none.
    pub(super) fn shortest(&self) -> Duration {
        self.request_timeout.min(self.idle_timeout).min(LINGER_TIMEOUT)
    }
}

/// Longer than anything lasts.
fn or_for_ever(limit: Duration) -> Duration {
    if limit.is_zero() { Duration::MAX } else { limit }
}

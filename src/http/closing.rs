//! Closing a connection without losing bytes (RFC 9112 9.6).
//!
//! Closing with unread bytes resets the connection, and a reset destroys an answer that is still on
//! its way. So we end our side, continue to read, drop what arrives, and close when the client has
//! ended its side.

use std::time::Duration;

use super::connection::{ConnectionState, HttpConnection};
use super::incoming::RequestReader;
use super::options::LINGER_TIMEOUT;
use super::phase::Phase;

/// The longest time that it waits in all, for a client that never stops sending.
const LINGER_TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

impl HttpConnection {
    /// Closes the connection after its last answer.
    pub(super) fn close(&self, inner: &mut ConnectionState) {
        inner.phase = Phase::Closing;
        inner.incoming = RequestReader::new(self.shared.options.limits);
        let quiet = LINGER_TIMEOUT.min(self.shared.options.idle_timeout);
        self.socket.close_in_stages(quiet, LINGER_TOTAL_TIMEOUT);
    }
}

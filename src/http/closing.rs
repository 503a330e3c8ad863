//! How a connection ends so that nothing is lost (RFC 9112 9.6).
//!
//! To close with bytes unread resets the connection, and a reset destroys an answer that is still on its way. So: end our
//! side, read on and drop what arrives, and close when the client has ended its side.

use std::time::Duration;

use super::connection::{Connection, Inner};
use super::incoming::Incoming;
use super::phase::Phase;

/// How long a connection that is over waits for another byte of the client.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it waits in all, for a client that never stops to send.
const LINGER_MAX: Duration = Duration::from_secs(30);

impl Connection {
    /// The last answer is given.
    pub(super) fn close(&self, inner: &mut Inner) {
        inner.phase = Phase::Closing;
        inner.incoming = Incoming::new(self.shared.options.limits);
        let quiet = LINGER_TIMEOUT.min(self.shared.options.idle_timeout);
        self.socket.close_in_stages(quiet, LINGER_MAX);
    }
}

//! The state of a connection.
//!
//! ```text
//! Open ──▶ Closing ──▶ Closed      we close, and the client answers
//! Open ──────────────▶ Closed      the client closes, violates the protocol, or is gone
//! ```

use super::callbacks::Callbacks;
use super::close::Closed;

/// The lock is held during each send, so that no message follows a closing frame; never during a
/// callback.
#[derive(Default)]
pub(super) struct WebSocketState {
    pub(super) phase: WebSocketPhase,
    pub(super) callbacks: Callbacks,
    /// A ping of a client that does not read, to be answered when it has caught up.
    pub(super) unanswered_ping: Option<Vec<u8>>,
}

#[derive(Default)]
pub(super) enum WebSocketPhase {
    #[default]
    Open,
    /// Our closing frame was sent. Input is still read, for the client's closing frame.
    Closing,
    /// No frame is read or sent any longer.
    Closed(Closed),
}

impl WebSocketState {
    pub(super) fn closed(&self) -> Option<Closed> {
        match &self.phase {
            WebSocketPhase::Closed(closed) => Some(closed.clone()),
            WebSocketPhase::Open | WebSocketPhase::Closing => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, WebSocketPhase::Open)
    }
}

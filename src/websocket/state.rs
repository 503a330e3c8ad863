//! Where a connection is.
//!
//! ```text
//! Open ──▶ Closing ──▶ Closed      we close, and the client answers
//! Open ──────────────▶ Closed      the client closes, breaks the protocol, or is gone
//! ```

use super::callbacks::Callbacks;
use super::close::Closed;

/// Locked while something is sent, so that no message follows a closing frame; never while a callback runs.
#[derive(Default)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) callbacks: Callbacks,
    /// A ping of a client that does not read: to be answered when it has caught up.
    pub(super) unanswered: Option<Vec<u8>>,
}

#[derive(Default)]
pub(super) enum Phase {
    #[default]
    Open,
    /// Our closing frame is sent. What still arrives is read for the client's.
    Closing,
    /// No frame is read or sent any longer.
    Closed(Closed),
}

impl State {
    pub(super) fn closed(&self) -> Option<Closed> {
        match &self.phase {
            Phase::Closed(closed) => Some(closed.clone()),
            Phase::Open | Phase::Closing => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }
}

//! The state of a connection.
//!
//! ```text
//! Open ──▶ Closing ──▶ Closed      we close, and the client answers
//! Open ──────────────▶ Closed      the client closes, violates the protocol, or is gone
//! ```

use super::close::Closed;
use super::message::Message;

/// The lock is held during each send, so that no message follows a closing frame; never during a
/// callback.
pub(super) struct WebSocketState<S> {
    pub(super) phase: WebSocketPhase,
    pub(super) callbacks: Callbacks<S>,
    /// A ping of a client that does not read, to be answered when it has caught up.
    pub(super) unanswered_ping: Option<Vec<u8>>,
}

pub(super) enum WebSocketPhase {
    Open,
    /// Our closing frame was sent. Input is still read, for the client's closing frame.
    Closing,
    /// No frame is read or sent any longer.
    Closed(Closed),
}

type MessageCallback<S> = Box<dyn for<'a> FnMut(&S, Message<'a>) + Send>;
type PongCallback<S> = Box<dyn FnMut(&S, &[u8]) + Send>;
type CloseCallback<S> = Box<dyn FnOnce(&S, &Closed) + Send>;

/// The callbacks of the user. `S` is the handle that they are called with.
pub(super) struct Callbacks<S> {
    pub(super) on_message: Vec<MessageCallback<S>>,
    pub(super) on_pong: Vec<PongCallback<S>>,
    pub(super) on_close: Vec<CloseCallback<S>>,
}

// Not derived, as that would ask for a handle with a default.
impl<S> Default for Callbacks<S> {
    fn default() -> Self {
        Callbacks { on_message: Vec::new(), on_pong: Vec::new(), on_close: Vec::new() }
    }
}

impl<S> WebSocketState<S> {
    pub(super) fn new() -> WebSocketState<S> {
        WebSocketState {
            phase: WebSocketPhase::Open,
            callbacks: Callbacks::default(),
            unanswered_ping: None,
        }
    }

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

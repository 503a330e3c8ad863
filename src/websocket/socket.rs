//! [`WebSocket`]: the handle of a connection, and its methods.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::close;
use super::frame::{self, CONTROL_BYTES_MAX, Opcode};
use super::options::Options;
use super::state::{WebSocketPhase, WebSocketState};
use crate::endpoint::Address;
use crate::error;
use crate::event;
use crate::socket::EventSocket;
use crate::sync::lock;

/// A connection to a client that has upgraded: [`send_text`](Self::send_text) sends messages, and
/// [`on_message`](Self::on_message) receives them.
///
/// A `WebSocket` is a handle and cheap to clone; all clones refer to the same connection, and are
/// equal. Every method may be called on any thread and in any callback. See the [module](super) for
/// an example.
#[derive(Clone)]
pub struct WebSocket(Arc<WebSocketInner>);

struct WebSocketInner {
    /// The socket's listeners own this value, and it owns the socket. Close breaks this cycle: it
    /// drops the listeners.
    socket: EventSocket,
    options: Options,
    state: Mutex<WebSocketState<WebSocket>>,
}

impl WebSocket {
    pub(super) fn new(socket: &EventSocket, options: Options) -> WebSocket {
        let socket = socket.clone();
        let state = Mutex::new(WebSocketState::new());
        WebSocket(Arc::new(WebSocketInner { socket, options, state }))
    }

    pub(super) fn socket(&self) -> &EventSocket {
        &self.0.socket
    }

    pub(super) fn close_timeout(&self) -> Duration {
        self.0.options.close_timeout
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, WebSocketState<WebSocket>> {
        lock(&self.0.state)
    }

    /// Sends a text as one message. Returns `false` if the client reads more slowly than this
    /// sends, so that messages are queued in memory; also if the WebSocket is closed, and then
    /// nothing was sent. Browser: `socket.send(text)`.
    #[track_caller]
    pub fn send_text(&self, text: impl AsRef<str>) -> bool {
        self.send(Opcode::Text, text.as_ref().as_bytes())
    }

    /// Sends bytes as one message; otherwise like [`send_text`](Self::send_text). Browser:
    /// `socket.send(buffer)`.
    #[track_caller]
    pub fn send_binary(&self, data: impl AsRef<[u8]>) -> bool {
        self.send(Opcode::Binary, data.as_ref())
    }

    /// Sends a ping, which each client answers with a pong that contains the same bytes. With more
    /// than 125 bytes nothing is sent, and a line on standard error says so. See
    /// [`on_pong`](Self::on_pong), and [`Options::heartbeat`], which sends pings regularly.
    #[track_caller]
    pub fn ping(&self, data: impl AsRef<[u8]>) -> bool {
        if data.as_ref().len() > CONTROL_BYTES_MAX {
            error::report_to_stderr("websocket: a ping of more than 125 bytes was not sent");
            return false;
        }
        self.send(Opcode::Ping, data.as_ref())
    }

    /// Sends a closing frame, after everything that was sent before, and ends the connection when
    /// the client has answered, or after [`close_timeout`](Options::close_timeout). A second call
    /// does nothing. Browser: `socket.close(code, reason)`.
    ///
    /// `code` is 1000 for "finished", 1001 for "the server stops", or your own code from 4000 to
    /// 4999. A code that must not be sent (RFC 6455 7.4) becomes 1011, and a line on standard error
    /// says so. `reason` is human-readable text; bytes beyond 123 are cut off.
    #[track_caller]
    pub fn close(&self, code: u16, reason: &str) {
        let allowed = close::may_be_sent(code);
        if !allowed {
            error::report_to_stderr(&format!(
                "websocket: closed with 1011, as {code} must not be sent"
            ));
        }
        let payload = close::payload(if allowed { code } else { 1011 }, reason);
        let mut state = self.lock();
        if !state.is_open() {
            return;
        }
        state.phase = WebSocketPhase::Closing;
        self.write(Opcode::Close, &payload);
        drop(state);
        // The client's closing frame arrives after the data that is held back.
        self.0.socket.resume();
        let this = self.clone();
        self.0.socket.after(self.close_timeout(), move |_| this.destroy_if_unanswered());
    }

    /// Destroys the connection without a closing frame; queued messages are dropped. For a client
    /// that does not read, for example.
    #[track_caller]
    pub fn destroy(&self) {
        self.0.socket.destroy();
    }

    /// The number of bytes that were sent and that the kernel has not taken yet, as the client does
    /// not read. Browser: `bufferedAmount`.
    pub fn writable_length(&self) -> usize {
        self.0.socket.writable_length()
    }

    /// Whether a `send` has returned `false`, and the client has not caught up since.
    pub fn writable_need_drain(&self) -> bool {
        self.0.socket.writable_need_drain()
    }

    /// Calls `callback` each time that the client has caught up after a `send` that returned
    /// `false`.
    pub fn on_drain(&self, mut callback: impl FnMut(&WebSocket) + Send + 'static) {
        let this = self.clone();
        self.0.socket.on(event::Drain, move |_, ()| callback(&this));
    }

    /// Holds messages back until [`resume`](Self::resume); TCP slows the client down. Bytes that
    /// were already read, up to 64 KiB, are still delivered.
    pub fn pause(&self) {
        if self.lock().is_open() {
            self.0.socket.pause();
        }
    }

    /// Lets messages arrive again.
    pub fn resume(&self) {
        self.0.socket.resume();
    }

    /// Whether messages can still be sent. Browser: `readyState == WebSocket.OPEN`.
    pub fn is_open(&self) -> bool {
        self.lock().is_open() && !self.0.socket.is_destroyed()
    }

    /// The address of the client. Remains known after the end.
    pub fn remote_addr(&self) -> Option<Address> {
        self.0.socket.remote_addr()
    }

    #[track_caller]
    fn send(&self, opcode: Opcode, payload: &[u8]) -> bool {
        let state = self.lock();
        state.is_open() && self.write(opcode, payload)
    }

    /// Sends a frame. The caller holds the lock.
    #[track_caller]
    pub(super) fn write(&self, opcode: Opcode, payload: &[u8]) -> bool {
        self.0.socket.write(frame::encode(opcode, payload))
    }
}

impl PartialEq for WebSocket {
    fn eq(&self, other: &Self) -> bool {
        self.0.socket == other.0.socket
    }
}

impl Eq for WebSocket {}

impl Hash for WebSocket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.socket.hash(state);
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("socket", &self.0.socket)
            .field("is_open", &self.is_open())
            .finish()
    }
}

//! WebSocket (RFC 6455), the server's side, as a thin layer on [`http`](crate::http): after one
//! request, both sides send messages at any time. A browser opens one with
//! `new WebSocket('ws://…')`. Node has no WebSocket server.
//!
//! ```
//! use net_notes::{http, websocket::{self, Message}};
//!
//! let server = http::create_server(|request, response| {
//!     websocket::upgrade(&request, response, |socket| {
//!         socket.send_text("hello");
//!         socket.on_message(|socket, message| match message {
//!             Message::Text(text) => _ = socket.send_text(text), // an echo
//!             Message::Binary(_) => socket.close(1003, "text only, please"),
//!         });
//!         socket.on_close(|_, close| println!("gone: {} {}", close.code, close.reason));
//!     });
//! });
//! # drop(server);
//! ```
//!
//! # Features
//!
//! A request that does not ask for a WebSocket, or asks for a version other than 13, is answered
//! with 426; a malformed one with 400 (section 4.2.1). A frame that violates section 5 ends the
//! connection, after a closing frame with the code 1002, or 1007 for text that is not UTF-8, or
//! 1009 for more bytes than the [limits](Options). Pings are answered. While the client does not
//! read, only the last ping is kept, and answered when the client reads again (5.5.3): so a client
//! cannot make the server queue answers without end.
//!
//! No extensions and no subprotocols are negotiated. To accept a subprotocol that the client has
//! offered, set the header before the upgrade: `response.header("Sec-WebSocket-Protocol", "chat")`.
//!
//! # Origins
//!
//! Any page of any site may make a browser open a WebSocket to any server, and the browser sends
//! its cookies with the request. The request also names the site: check `request.header("origin")`
//! before the upgrade if pages of other sites must not use your server.
//!
//! # Threads
//!
//! A connection keeps its thread. Its callbacks are called on this thread, or on a helper while it
//! waits for data, one at a time, like the listeners of an [`EventSocket`](crate::EventSocket). The methods
//! of [`WebSocket`] may be called on any thread.
//!
//! # Memory
//!
//! A message is gathered before it is delivered: so a connection holds at most a few times
//! [`message_limit`](Options::message_limit) and [`frame_limit`](Options::frame_limit). Messages
//! that the client does not read are queued without a limit: do not ignore the `false` of
//! [`send_text`](WebSocket::send_text), or check [`writable_length`](WebSocket::writable_length).
//!
//! # Stopping
//!
//! `close` of the server does not end WebSockets, and `run` returns when the last one is closed:
//! close them with [`WebSocket::close`], with the code 1001. A close takes a limited time, whatever
//! the client does: see [`close_timeout`](Options::close_timeout). To destroy all of them, without
//! a closing frame: [`Server::close_all_connections`](crate::Server::close_all_connections).
//!
//! Left out: the client's side, extensions (compression), messages as streams, TLS (`wss:`).

mod base64;
mod callbacks;
mod close;
mod failure;
mod frame;
mod handshake;
mod incoming;
mod life;
mod message;
mod options;
mod sha1;
mod socket;
mod state;

pub use self::close::Closed;
pub use self::message::Message;
pub use self::options::Options;
pub use self::socket::WebSocket;
use crate::http::{Request, Response};

/// Answers a request for a WebSocket with 101, and calls `on_socket` with the connection. This
/// happens after the handler has returned, on the connection's turn: callbacks that are added in
/// `on_socket` miss no message. If the request does not ask for a WebSocket, or is malformed, it is
/// refused, and `on_socket` is not called; nor is it if the client has left before
/// ([`Response::upgrade`]).
///
/// See the [module](self) for an example. Headers that were set before are sent with the 101.
pub fn upgrade(
    request: &Request,
    response: Response,
    on_socket: impl FnOnce(&WebSocket) + Send + 'static,
) {
    upgrade_with(Options::default(), request, response, on_socket);
}

/// [`upgrade`] with custom limits and timeouts.
///
/// ```
/// use net_notes::{http, websocket::{self, Options}};
/// use std::time::Duration;
///
/// let options = Options::default().message_limit(1000).heartbeat(Duration::from_secs(30));
/// let server = http::create_server(move |request, response| {
///     websocket::upgrade_with(options, &request, response, |socket| {
///         socket.send_text("hello");
///     });
/// });
/// # drop(server);
/// ```
pub fn upgrade_with(
    options: Options,
    request: &Request,
    response: Response,
    on_socket: impl FnOnce(&WebSocket) + Send + 'static,
) {
    match handshake::accept(request) {
        Ok(accept) => {
            response.header("Sec-WebSocket-Accept", &accept);
            response.upgrade(handshake::UPGRADE_PROTOCOL, move |socket, first| {
                WebSocket::start(socket, options, on_socket, first);
            });
        }
        Err(refusal) => handshake::refuse(&response, refusal),
    }
}

//! HTTP/1.1, as a thin layer on [`EventSocket`](crate::EventSocket), as Node's module `http` is a
//! layer on its module `net`.
//!
//! ```
//! use net_notes::http;
//!
//! let server = http::create_server(|_request, response| {
//!     response.write("hello");
//!     response.end();
//! });
//! server.listen(0, |server| println!("http://{}/", server.address().unwrap()))?;
//! # let at = server.address().unwrap();
//! let running = server.spawn();
//!
//! let reply = http::get(&format!("http://{at}/"))?;
//! assert_eq!((reply.status(), &*reply.text()), (200, "hello"));
//!
//! server.close()?;
//! running.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Features
//!
//! Requests and answers as in RFC 9110 and RFC 9112: bodies with `Content-Length` and in chunks
//! (RFC 9112 6 and 7), in both directions; connections that are kept for more requests (9.3),
//! including those of HTTP/1.0; pipelined requests (9.3.2), whose answers keep the order; HEAD;
//! `Expect: 100-continue` (RFC 9110 10.1.1).
//!
//! An invalid request gets an answer with the right status, after which the connection ends. It
//! never reaches the handler:
//!
//! | status | reason |
//! |---|---|
//! | 400 | two parsers could read it differently, or it is malformed: a carriage return without a line feed, a NUL, a folded line, a space before a colon, no `Host` or two, two lengths, a bad chunk |
//! | 408 | it was not complete within [`request_timeout`](Options::request_timeout) after its first byte |
//! | 413 | its body is larger than [`body_limit`](Options::body_limit) |
//! | 414, 431 | its first line, or its head, is too large |
//! | 417 | it expects something other than `100-continue` |
//! | 501 | a transfer coding that is not `chunked`; CONNECT, which asks for a tunnel (RFC 9110 9.3.6) |
//! | 505 | it is not HTTP/1 |
//!
//! # Threads
//!
//! Each connection has its own turn: the handler is called on the thread of the connection, or, for
//! a request that had to wait for the answer before it, on a helper. So many handlers may run at
//! once, and for one connection one at a time.
//! A [`Response`] may be ended later on another thread. A handler that panics is one failed
//! request: the client gets a 500, or, if a part of the answer was sent, the connection is cut. One
//! more thread keeps the time limits of all connections.
//!
//! # Stopping
//!
//! `close` closes idle connections at once. A connection on which a request has begun is answered,
//! with `Connection: close`, and then ends; `run` returns when the last connection is closed.
//! [`close_all_connections`](Server::close_all_connections) ends the rest. Each connection ends in
//! stages (RFC 9112 9.6): our side first, then the client's. The server waits for the client's end
//! for two seconds after its last byte, and for 30 s in all.
//!
//! # Memory
//!
//! The body of a request is read completely before the handler is called, up to
//! [`body_limit`](Options::body_limit); so this server is not suitable for very large request
//! bodies. The body of an answer can be sent piece by piece: see
//! [back-pressure](Response#impl-Write-for-%26Response). With the default limits, a connection
//! holds at most:
//!
//! | part | KiB |
//! |---|---|
//! | its socket and its thread | 240 |
//! | a request that is arriving: its head, [`head_limit`](Options::head_limit), and its body, [`body_limit`](Options::body_limit) | 16 + 1024 |
//! | in chunks, while the buffer grows, additionally | 1024 |
//! | or further requests, while a response is open | 64 + 80 |
//! | and the answer: the gathered part of its body, and the bytes being sent | 16 + 80 |
//!
//! If a handler ignores the `false` of [`Response::write`], what it writes is held additionally,
//! without a limit.
//!
//! Left out: TLS, HTTP/2, trailers (read, and dropped), request bodies as streams. Node's whole
//! module, method by method: [`parity`].

mod answer;
mod authority;
mod chunked;
mod client;
mod closing;
mod connection;
mod connections;
mod date;
mod deadline;
mod head;
mod incoming;
mod options;
mod phase;
mod reply;
mod request;
mod response;
mod status;
mod streaming;
mod upgrade;
mod url;
mod watchers;

#[doc = include_str!("http/parity.md")]
pub mod parity {}

use std::sync::Arc;

pub use self::client::{Call, get, request};
use self::connection::{HttpConnection, ServerShared};
pub use self::options::Options;
pub use self::reply::Reply;
pub use self::request::Request;
pub(crate) use self::request::has;
pub use self::response::Response;
use crate::event;
use crate::options::ServerOptions;
use crate::server::Server;

/// Creates a server that calls `handler` for each request. Node:
/// `http.createServer(function (request, response) { … })`.
///
/// It is a [`Server`] like any other: `listen`, `run`, `close`. See the [module](self) for an
/// example.
#[track_caller]
pub fn create_server<F>(handler: F) -> Server
where
    F: Fn(Request, Response) + Send + Sync + 'static,
{
    create_server_with(Options::default(), handler)
}

/// [`create_server`] with custom limits and timeouts. Node: `http.createServer(options, …)`.
///
/// ```
/// use net_notes::http::{self, Options};
/// use std::time::Duration;
///
/// let options = Options::default().body_limit(5).request_timeout(Duration::from_secs(2));
/// let server = http::create_server_with(options, |request, response| {
///     response.end_with(request.body());
/// });
/// # drop(server);
/// ```
#[track_caller]
pub fn create_server_with<F>(options: Options, handler: F) -> Server
where
    F: Fn(Request, Response) + Send + Sync + 'static,
{
    // A client that has ended its side still gets its answer; and no small write waits for an
    // acknowledgement, as in Node.
    let server = Server::new(ServerOptions::default().allow_half_open(true).no_delay(true));
    let handler = move |request, connection, number| {
        handler(request, Response::new(connection, number));
    };
    let shared = Arc::new(ServerShared::new(options, Box::new(handler)));
    let of_all = shared.clone();
    server.on(event::Connection, move |server, socket| {
        HttpConnection::start(server, socket, &of_all)
    });
    server.on_close_call(move || shared.close());
    server
}

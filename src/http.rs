//! HTTP/1.1, as a thin layer on [`EventSocket`](crate::EventSocket): what Node's module `http` is to its module `net`.
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
//! # What it does
//!
//! Requests and answers as in RFC 9110 and RFC 9112: bodies with `Content-Length` and in chunks (RFC 9112 6 and 7), both
//! ways; connections that are kept for more requests (9.3), also of HTTP/1.0; requests sent before the last one was answered
//! (9.3.2), whose answers keep the order; HEAD; `Expect: 100-continue` (RFC 9110 10.1.1).
//!
//! What is no request gets an answer with the right status and the end of the connection, and never reaches the handler:
//!
//! | status | why |
//! |---|---|
//! | 400 | two readers could understand it differently, or it has no sense: a carriage return alone, a NUL, a folded line, a space before a colon, no `Host` or two, two lengths, a bad chunk |
//! | 408 | it did not come within [`request_timeout`](Options::request_timeout) of its first byte |
//! | 413 | its body is larger than [`body_limit`](Options::body_limit) |
//! | 414, 431 | its first line, or its head, is too large |
//! | 417 | it expects something else than `100-continue` |
//! | 501 | a transfer coding that is not `chunked`; CONNECT, which asks for a tunnel (RFC 9110 9.3.6) |
//! | 505 | it is not HTTP/1 |
//!
//! # Threads
//!
//! A thread for each connection, on which the handler is called; so many handlers may run at once. A [`Response`] may be
//! ended later on another thread. A handler that panics is one failed request: 500, or, if a part of the answer has gone
//! out, a connection that is cut. One more thread keeps the time limits of all connections.
//!
//! # To stop
//!
//! `close` closes idle connections at once. A connection on which a request has begun is answered, with `Connection: close`,
//! and ends then; `run` returns when the last one is gone. [`close_all_connections`](Server::close_all_connections) ends the
//! rest. Each connection ends in stages (RFC 9112 9.6): our side first, then the client's, for which it is waited two seconds
//! after its last byte, and 30 s in all.
//!
//! # Memory
//!
//! The body of a request is gathered before the handler is called, up to [`body_limit`](Options::body_limit); so a larger one
//! than fits in memory many times over is not for this server. The body of an answer is not: see
//! [back-pressure](Response#impl-Write-for-%26Response). With the limits that are not set, a connection holds at most:
//!
//! | what | KiB |
//! |---|---|
//! | its socket and its thread | 240 |
//! | a request that is arriving: its head, [`head_limit`](Options::head_limit), and its body, [`body_limit`](Options::body_limit) | 16 + 1024 |
//! | in chunks, while its memory grows, more | 1024 |
//! | or further requests, while a response is open | 64 + 80 |
//! | and the answer: what is gathered of its body, and what goes out | 16 + 80 |
//!
//! What a handler writes without heeding the `false` of [`Response::write`] comes on top, and has no limit.
//!
//! Left out: TLS, HTTP/2, trailers (read, and dropped), bodies of requests as streams. All of Node's module, method by method:
//! [`parity`].

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
use self::connection::Connection;
use self::connections::Shared;
pub use self::options::Options;
pub use self::reply::Reply;
pub use self::request::Request;
pub(crate) use self::request::has;
pub use self::response::Response;
use crate::event;
use crate::options::ServerOptions;
use crate::server::Server;

/// A server that calls `handler` for every request. Node: `http.createServer(function (request, response) { … })`.
///
/// It is a [`Server`] like any other: `listen`, `run`, `close`. See the [module](self) for an example.
pub fn create_server<F>(handler: F) -> Server
where
    F: Fn(Request, Response) + Send + Sync + 'static,
{
    create_server_with(Options::default(), handler)
}

/// [`create_server`] with limits and times of one's own. Node: `http.createServer(options, …)`.
///
/// ```
/// use net_notes::http::{self, Options};
/// use std::time::Duration;
///
/// let options = Options::default().body_limit(5).request_timeout(Duration::from_secs(2));
/// let server = http::create_server_with(options, |request, response| response.end_with(request.body()));
/// # drop(server);
/// ```
pub fn create_server_with<F>(options: Options, handler: F) -> Server
where
    F: Fn(Request, Response) + Send + Sync + 'static,
{
    // A client that has ended its side still gets its answer; and no small write waits for an acknowledgement, as in Node.
    let server = Server::new(ServerOptions::default().allow_half_open(true).no_delay(true));
    let shared = Arc::new(Shared::new(options, Box::new(handler)));
    let of_all = shared.clone();
    server.on(event::Connection, move |server, socket| Connection::start(server, socket, &of_all));
    server.on_close_call(move || shared.close());
    server
}

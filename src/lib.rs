//! Learn what a socket is: Node's `net` module, lesson by lesson, in blocking, std-only Rust.
//!
//! ```
//! use net_notes::{self as net, event};
//!
//! let server = net::create_server(|socket| {
//!     socket.on(event::Data, |socket, data| {
//!         socket.write(data); // an echo
//!     });
//! });
//! server.listen(0, |server| println!("listening on {}", server.address().unwrap()))?;
//! # let at = server.address().unwrap();
//! # let stop = server.clone();
//! # let client = net::connect(at, |socket| socket.end_with("hello"));
//! # client.on(event::Data, |_, data| assert_eq!(data, b"hello"));
//! # client.on(event::Close, move |_, _| stop.close().unwrap());
//! # let client = client.spawn();
//! server.run()?; // the event loop, which Node hides
//! # client.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The lessons are in the folder `lessons` of the repository. Each has a runnable example of the
//! same number: `cargo run --example 03_server`.
//!
//! # The one idea
//!
//! Node hides an event loop that starts when the script ends. Here it has a name: `run()`. Creating
//! a server or a socket, adding listeners and writing do no I/O (`listen` alone does: it binds).
//! [`Server::run`] and [`EventSocket::run`] do all I/O and block the calling thread until the
//! server or the socket is closed; `spawn()` does the same on a new thread. So no event can fire
//! before its listener is added.
//!
//! A server runs each accepted socket on a separate thread. A handler never calls `run()` on the
//! socket it was given.
//!
//! # Guarantees
//!
//! 1. The listeners of one socket never run at the same time, and run in the order of registration.
//!    An event caused by a call from one of the socket's own listeners is emitted after that
//!    listener has returned. The [`Drain`](event::Drain) that a `false` of `write` promises is
//!    emitted after the listener that made this `write` call has returned, even if that is another
//!    socket's listener.
//! 2. Any method may be called from any listener and any thread, even while the caller holds locks.
//!    The library holds no lock while a listener runs, and never runs a listener on a thread that
//!    is inside a method call, except inside `run()`.
//! 3. A listener that blocks or is slow delays its own socket only. [`write`](EventSocket::write)
//!    never waits for the peer: bytes that the kernel does not take within a few milliseconds are
//!    copied to a queue.
//! 4. A panic in a listener destroys that socket, is not swallowed by `run()`, and leaves the
//!    server and every other socket working. Listeners must protect the data that they share: a
//!    panic under a `Mutex` poisons it, and then the next `lock().unwrap()` panics in the listener
//!    of another socket, and so on. If a panic cannot leave the data half changed, lock it with
//!    `lock().unwrap_or_else(PoisonError::into_inner)`; otherwise run the code that may panic
//!    before you take the lock.
//! 5. After `Close` the file descriptor is closed, even while clones of the handle exist. `Close`
//!    fires exactly once, as the last event; only callbacks of `write_then` may follow. One limit:
//!    std can interrupt neither a name look-up nor connect(2). If a socket is destroyed while it
//!    connects, `run()` returns at once, but a thread and a descriptor remain for a while: during a
//!    look-up, until the resolver answers; for TCP, at most for as long as the connect has taken so
//!    far, plus one second; for a Unix domain socket whose server has a full backlog, until that
//!    server accepts or ends.
//! 6. An error of an accepted socket with no `Error` listener is one line on standard error, and
//!    the server continues. (Node would end the process.)
//!
//! # Scope
//!
//! The crate is for learning, and for the load that one thread per connection can carry: about ten
//! thousand connections. Left out, because stable std cannot do it without `unsafe`:
//! `resetAndDestroy`, `setKeepAlive`, the listen backlog (std's: 128 for TCP), `ipv6Only`, `localPort`. Left
//! out, because Rust has no use for it: `ref` and `unref`, `setEncoding` for encodings other than
//! UTF-8, chained calls. No TLS and no UDP. The complete list: [`parity`].
//!
//! # The source, in reading order
//!
//! `endpoint` and `options` (where and how to connect), `stream` (a blocking byte stream),
//! `listeners` and `socket::event` (which functions are called); then the state of a socket as
//! small state machines: `socket::state`; their transitions: `socket::life`, `input`, `output`,
//! `dispatch` and `clock`, under the lock of `lock`; then the work of its threads: `socket::run`, `connect`, `reading`,
//! `writing`, `helper`, `emit`; `server` and `server::accept`; `timers`, which keeps the time for
//! all of them; then `trace`, which only observes; `framing`, which cuts a stream into messages and
//! uses no socket; and on top of it the protocols: `message`, which uses no socket either, with
//! `http` and `sts` as thin layers, and `websocket` on `http`. Beside them, `check` examines
//! programs from outside. The program of this package, the exercise coach, uses it: `main.rs` and
//! `coach`.

// Here and not in Cargo.toml: a program that a student saves in `examples` needs no docs.
#![warn(missing_docs)]
#![warn(clippy::unwrap_used, clippy::expect_used)]
// The example code in the docs compiles without a warning.
#![doc(test(attr(deny(warnings), allow(dead_code))))]

pub mod check;
mod deferred;
mod endpoint;
mod error;
pub mod event;
pub mod framing;
pub mod http;
mod listeners;
pub mod message;
mod options;
mod panics;
mod quote;
#[doc = include_str!("parity.md")]
pub mod parity {}
mod server;
mod socket;
mod stderr;
mod stream;
pub mod sts;
mod sync;
mod threads;
mod timers;
pub mod trace;
pub mod websocket;
mod wire;

pub use crate::endpoint::{Address, Endpoint, is_ip};
pub use crate::error::code;
pub use crate::listeners::ListenerId;
pub use crate::options::{ConnectOptions, ServerOptions};
pub use crate::server::Server;
pub use crate::socket::{EventSocket, ReadyState, TimerId};
pub use connect as create_connection;

/// Creates a server that calls `on_connection` for each client, on the thread of that connection.
/// Node: `net.createServer(function (socket) { … })`.
///
/// ```
/// use net_notes as net;
///
/// let server = net::create_server(|socket| socket.end_with("Bye!\n"));
/// server.listen(0, |server| println!("listening on {}", server.address().unwrap()))?;
/// # let client = net::connect(server.address().unwrap(), |_| {});
/// # client.on(net::event::Data, |_, data| assert_eq!(data, b"Bye!\n"));
/// # let running = server.spawn();
/// # client.run()?;
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn create_server<F>(on_connection: F) -> Server
where
    F: Fn(&EventSocket) + Send + Sync + 'static,
{
    let server = Server::new(ServerOptions::default());
    server.on(event::Connection, move |_, socket| on_connection(socket));
    server
}

/// Creates a socket that connects when it is run, and then calls `on_connect` before any other
/// listener. Node: `net.connect(…, function () { … })`.
///
/// ```
/// use net_notes as net;
///
/// // Nothing happens before run().
/// let client = net::connect(("localhost", 1), |socket| socket.end_with("hello\n"));
/// let refused = client.run().unwrap_err(); // no server listens on port 1
/// assert_eq!(net::code(&refused), "ECONNREFUSED");
/// ```
#[track_caller]
pub fn connect<F>(to: impl Into<ConnectOptions>, on_connect: F) -> EventSocket
where
    F: FnOnce(&EventSocket) + Send + 'static,
{
    let socket = EventSocket::new(to);
    socket.once(event::Connect, move |socket, ()| on_connect(socket));
    socket
}

// Each Rust block of a lesson is a test.
#[cfg(doctest)]
mod lessons {
    macro_rules! pages {
        ($($name:ident $path:literal)*) => {
            $(#[doc = include_str!(concat!("../", $path))] struct $name;)*
        };
    }
    pages! {
        Readme "README.md"
        Lessons "lessons/README.md"
        Lesson01 "lessons/01_concept.md"
        Lesson02 "lessons/02_require.md"
        Lesson03 "lessons/03_server.md"
        Lesson04 "lessons/04_client.md"
        Lesson05 "lessons/05_order.md"
        Lesson06 "lessons/06_ipc.md"
        Lesson07 "lessons/07_free_form.md"
        Lesson08 "lessons/08_duplex_client.md"
        Lesson09 "lessons/09_http_by_hand.md"
        Lesson10 "lessons/10_data_loss.md"
        Lesson11 "lessons/11_server_events.md"
        Lesson12 "lessons/12_http_response.md"
        Lesson13 "lessons/13_custom_protocol.md"
        Lesson14 "lessons/14_mini_http.md"
        Lesson15 "lessons/15_how_it_works.md"
        Lesson16 "lessons/16_too_fast.md"
        Lesson17 "lessons/17_silence.md"
        Lesson18 "lessons/18_live_page.md"
        Lesson19 "lessons/19_resp.md"
        Lesson20 "lessons/20_more_than_one.md"
        Lesson21 "lessons/21_in_the_open.md"
    }
}

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
//! The lessons are in the folder `lessons` of the repository, each with a runnable example of the same number:
//! `cargo run --example 03_server`.
//!
//! # The one idea
//!
//! Node hides an event loop that starts when the script ends. Here it has a name: `run()`. Creating a server or a socket,
//! adding listeners, writing: none of it does any I/O (`listen` alone does: it binds). [`Server::run`] and
//! [`EventSocket::run`] do it all and block the calling thread until the thing is closed; `spawn()` does the same on a new
//! thread. So no event can fire before its listener is there.
//!
//! A server runs every socket that it accepts on a thread of its own. A handler never calls `run()` on the socket it was
//! given.
//!
//! # Guarantees
//!
//! 1. The listeners of one socket never run at the same time, and run in the order of registration. An event caused by a
//!    call from one of the socket's own listeners is emitted after that listener has returned. The
//!    [`Drain`](event::Drain) that a `false` of `write` promises comes after the listener in which `write` said it has
//!    returned, whichever socket's listener that was.
//! 2. Any method may be called from any listener and any thread, while the caller holds any lock of its own. The library
//!    holds no lock while a listener runs, and never runs one on a thread that is inside a call, `run()` excepted.
//! 3. A listener that blocks or is slow delays its own socket only. [`write`](EventSocket::write) never waits for the peer:
//!    what the kernel does not take within a few milliseconds is copied to a queue.
//! 4. A panic in a listener destroys that socket, is not swallowed by `run()`, and leaves the server and every other socket
//!    working. What listeners share is theirs to protect: a panic under a `Mutex` poisons it, and the next `unwrap` of its
//!    `lock()` panics in the listeners of other sockets, one after the other. So state that sockets share is locked by
//!    `lock().unwrap_or_else(PoisonError::into_inner)`, if a panic cannot leave it half changed; or the part that can panic
//!    runs before the lock is taken.
//! 5. After `Close` the file descriptor is closed, even while clones of the handle live on. `Close` fires exactly once,
//!    last of all events; only callbacks of `write_then` may follow. One thing cannot be promised: std can interrupt neither
//!    a look-up of a name nor connect(2). If a socket is destroyed while it connects, `run()` returns at once, but a thread
//!    and a descriptor remain: while the resolver works; for TCP at most as long again as the connect has taken already, and
//!    a second; for a Unix domain socket whose server's backlog is full, until that server accepts or ends.
//! 6. An error of an accepted socket with no `Error` listener is one line on standard error, and the server continues. (Node
//!    would end the process.)
//!
//! # Scope
//!
//! For learning, and for what a thread per connection carries: some ten thousand connections. Left out, because stable std
//! cannot do it without `unsafe`: `resetAndDestroy`, `setKeepAlive`, the listen backlog (std's 128), `ipv6Only`,
//! `localPort`. Left out, because Rust has no use for it: `ref` and `unref`, `setEncoding` for other encodings than
//! UTF-8, chaining of calls. No TLS and no UDP. The whole list: [`parity`].
//!
//! # The source, in the order to read it
//!
//! `endpoint` and `options` (where, and how), `stream` (a blocking byte stream), `listeners` and `socket::event` (who is
//! called); then what a socket knows, as small machines: `socket::state`, with `life`, `input`, `output`, `dispatch` and
//! `clock`, under the lock of `lock`; then what its threads do: `socket::run`, `connect`, `reading`, `writing`, `helper`,
//! `emit`; `server` and `server::accept`; `timers`, which keeps the time for all of them; then `trace`, which only watches;
//! `framing`, which makes messages of bytes and knows no socket; and on top of it all the protocols: `message`, which
//! knows no socket either, with `http` and `sts` as thin layers, and `websocket` on `http`. Beside them, `check` looks at
//! programs from outside. The program of this package, the exercise coach, uses it: `main.rs` and `coach`.

// Here and not in Cargo.toml: a program that a student saves in examples needs no docs.
#![warn(missing_docs)]
// What a page shows compiles without a warning.
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

/// A server that calls `on_connection` for every client, each on the thread of its own connection. Node:
/// `net.createServer(function (socket) { … })`.
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
pub fn create_server<F>(on_connection: F) -> Server
where
    F: Fn(&EventSocket) + Send + Sync + 'static,
{
    let server = Server::new(ServerOptions::default());
    server.on(event::Connection, move |_, socket| on_connection(socket));
    server
}

/// A socket that will connect when it is run, and call `on_connect` then, before any other listener. Node:
/// `net.connect(…, function () { … })`.
///
/// ```
/// use net_notes as net;
///
/// let client = net::connect(("localhost", 1), |socket| socket.end_with("hello\n")); // nothing has happened yet
/// let refused = client.run().unwrap_err(); // nobody listens on port 1
/// assert_eq!(net::code(&refused), "ECONNREFUSED");
/// ```
pub fn connect<F>(to: impl Into<ConnectOptions>, on_connect: F) -> EventSocket
where
    F: FnOnce(&EventSocket) + Send + 'static,
{
    let socket = EventSocket::new(to);
    socket.once(event::Connect, move |socket, ()| on_connect(socket));
    socket
}

// Every Rust block of a lesson is a test.
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
        Lesson21 "lessons/21_in_the_open.md"
    }
}

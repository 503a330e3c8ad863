//! The events of a server as types, and the table of its listeners.

use std::io;
use std::sync::Arc;

use super::Server;
use crate::endpoint::Address;
use crate::listeners::{List, event_table};
use crate::socket::EventSocket;
use crate::socket::event::{Close, Error};

/// An event of a [`Server`]: the type that `on` takes as its first argument. Implemented by the unit structs of
/// [`event`](crate::event) and by nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of a server",
    label = "not an event of a server",
    note = "an event is a type, not a string: `server.on(event::Listening, |server, ()| …)`",
    note = "events of a server: Listening, Connection, Drop, Error, Close",
    note = "events of one connection belong to its socket: `socket.on(event::Data, |socket, data| …)`, inside `net::create_server(|socket| …)`"
)]
pub trait ServerEvent: Sized + Send + 'static {
    /// What a listener of this event gets besides the server.
    type Args<'a>: Copy;

    /// Where the table keeps the listeners of this event. Its types have no public name, so this seals the trait.
    #[doc(hidden)]
    fn list(table: &mut Table) -> &mut List<Listener<Self>>;
}

/// A listener as it is kept: shared, since many connection threads call it at the same time.
pub type Listener<E> = Arc<dyn for<'a> Fn(&Server, <E as ServerEvent>::Args<'a>) + Send + Sync>;

/// The server accepts from now on. On the thread of `run()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening;

/// Somebody has connected. Each one on the thread of its own socket, which it shares with all events of that socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection;

/// One too many has connected (see `max_connections`) and was closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drop;

/// What [`Drop`] carries: the ends of the connection that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The server's end.
    pub local: Option<Address>,
    /// The peer's end; `None` for a Unix domain socket.
    pub remote: Option<Address>,
}

event_table! {
    /// The listeners of one server.
    for ServerEvent:
    Listening, listening, ();
    Connection, connection, &'a EventSocket;
    Drop, drop, &'a Dropped;
    Error, error, &'a io::Error;
    Close, close, ();
}

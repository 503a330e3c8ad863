//! The events of a server as types, and the table of its listeners.

use std::io;
use std::sync::Arc;

use super::Server;
use crate::endpoint::Address;
use crate::listeners::{List, event_table};
use crate::socket::EventSocket;
use crate::socket::event::{Close, Error};

/// An event of a [`Server`]: the type of the first argument of `on`. Implemented only by the unit
/// structs of [`event`](crate::event).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of a server",
    label = "not an event of a server",
    note = "an event is a type, not a string: `server.on(event::Listening, |server, ()| …)`",
    note = "events of a server: Listening, Connection, Drop, Error, Close",
    note = "events of one connection belong to its socket: `socket.on(event::Data, |socket, data| …)`, inside `net::create_server(|socket| …)`"
)]
pub trait ServerEvent: Sized + Send + 'static {
    /// The argument of a listener after the server.
    type Args<'a>: Copy;

    /// The list of the listeners of this event. The types of the signature have no public name,
    /// which seals the trait.
    #[doc(hidden)]
    fn list(table: &mut ServerListeners) -> &mut List<SharedListener<Self>>;
}

/// A stored listener: shared, as many connection threads call it at the same time.
pub type SharedListener<E> =
    Arc<dyn for<'a> Fn(&Server, <E as ServerEvent>::Args<'a>) + Send + Sync>;

/// The server accepts connections now. Emitted on the thread of `run()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening;

/// A client has connected. Emitted on the thread of its socket, before all events of that socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection;

/// A client beyond the limit (see `max_connections`) has connected, and was closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drop;

/// The argument of [`Drop`]: the addresses of the refused connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The address of the server's end.
    pub local: Option<Address>,
    /// The address of the peer's end; `None` for a Unix domain socket.
    pub remote: Option<Address>,
}

event_table! {
    /// The listeners of one server.
    ServerListeners of ServerEvent kept as SharedListener:
    Listening, listening, ();
    Connection, connection, &'a EventSocket;
    Drop, drop, &'a Dropped;
    Error, error, &'a io::Error;
    Close, close, ();
}

//! The events of a socket as types, and the table of its listeners.

use std::io;
use std::net::IpAddr;

use super::EventSocket;
use crate::listeners::{List, event_table};

/// An event of an [`EventSocket`]: the type of the first argument of `on`. Implemented only by the
/// unit structs of [`event`](crate::event).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of a socket",
    label = "not an event of a socket",
    note = "an event is a type, not a string: `socket.on(event::Data, |socket, data| …)`",
    note = "events of a socket: Lookup, Connect, Ready, Data, Text, Drain, Finish, Timeout, End, Error, Close",
    note = "events of a server: Listening, Connection, Drop, Error, Close, as in `server.on(event::Listening, |server, ()| …)`"
)]
pub trait SocketEvent: Sized + Send + 'static {
    /// The argument of a listener after the socket.
    type Args<'a>: Copy;

    /// The list of the listeners of this event. The types of the signature have no public name,
    /// which seals the trait.
    #[doc(hidden)]
    fn list(table: &mut SocketListeners) -> &mut List<BoxedListener<Self>>;

    /// Whether adding a listener starts the flow of data.
    #[doc(hidden)]
    const STARTS_FLOW: bool = false;

    #[doc(hidden)]
    fn has_listeners(table: &mut SocketListeners) -> bool {
        !Self::list(table).is_empty()
    }
}

/// A stored listener.
pub type BoxedListener<E> =
    Box<dyn for<'a> FnMut(&EventSocket, <E as SocketEvent>::Args<'a>) + Send>;

/// A name was looked up. Emitted once for each address found, or once for the failure, which
/// `Error` follows. Not emitted for IP addresses and Unix paths, which need no look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup;

/// The argument of [`Lookup`].
#[derive(Debug)]
pub struct Resolved {
    /// The name that was looked up.
    pub host: String,
    /// An address of the host, or the error.
    pub result: io::Result<IpAddr>,
}

/// The connection is established. Only on the side that connects; an accepted socket is connected
/// from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect;

/// Emitted directly after all listeners of [`Connect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready;

/// Bytes have arrived, at most 64 KiB. The boundaries between two chunks have no meaning: TCP is a
/// stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data;

/// The same bytes as UTF-8 text, whole characters only: a character that is split over two chunks
/// is held back until its rest arrives. Node: `data` after `setEncoding('utf8')`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text;

/// The queue is empty again, after a `write` that returned `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain;

/// After `end()`: the kernel has taken all bytes and sends the FIN. Says nothing about what the
/// peer has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish;

/// Nothing was received and nothing was written during the time of `set_timeout`. Only a notice:
/// the socket stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout;

/// The peer has ended its side (its FIN has arrived), and all of its data was emitted. Writing is
/// still possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End;

/// An error has occurred; emitted at most once, and [`Close`] follows. On a server: accepting has
/// failed, and continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error;

/// The socket is closed: no descriptor, no more events. Carries whether there was an error. On a
/// server: it no longer accepts, and its last socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close;

event_table! {
    /// The listeners of one socket.
    SocketListeners of SocketEvent kept as BoxedListener:
    Lookup, lookup, &'a Resolved;
    Connect, connect, ();
    Ready, ready, ();
    Data, data, &'a [u8], STARTS_FLOW = true;
    Text, text, &'a str, STARTS_FLOW = true;
    Drain, drain, ();
    Finish, finish, ();
    Timeout, timeout, ();
    End, end, ();
    Error, error, &'a io::Error;
    Close, close, bool;
}

//! The events of a socket as types, and the table of its listeners.

use std::io;
use std::net::IpAddr;

use super::EventSocket;
use crate::listeners::{List, event_table};

/// An event of an [`EventSocket`]: the type that `on` takes as its first argument. Implemented by the unit structs of
/// [`event`](crate::event) and by nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of a socket",
    label = "not an event of a socket",
    note = "an event is a type, not a string: `socket.on(event::Data, |socket, data| …)`",
    note = "events of a socket: Lookup, Connect, Ready, Data, Text, Drain, Finish, Timeout, End, Error, Close",
    note = "events of a server: Listening, Connection, Drop, Error, Close, as in `server.on(event::Listening, |server, ()| …)`"
)]
pub trait SocketEvent: Sized + Send + 'static {
    /// What a listener of this event gets besides the socket.
    type Args<'a>: Copy;

    /// Where the table keeps the listeners of this event. Its types have no public name, so this seals the trait.
    #[doc(hidden)]
    fn list(table: &mut Table) -> &mut List<Listener<Self>>;

    /// Whether a first listener starts the flow of data.
    #[doc(hidden)]
    const STARTS_FLOW: bool = false;

    #[doc(hidden)]
    fn is_heard(table: &mut Table) -> bool {
        !Self::list(table).is_empty()
    }
}

/// A listener as it is kept.
pub type Listener<E> = Box<dyn for<'a> FnMut(&EventSocket, <E as SocketEvent>::Args<'a>) + Send>;

/// A name was looked up; once for each address found, or once for the failure, which `Error` follows. Not for IP
/// addresses and Unix paths, where there is nothing to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup;

/// What [`Lookup`] carries.
#[derive(Debug)]
pub struct Resolved {
    /// The name that was looked up.
    pub host: String,
    /// An address of it, or why there is none.
    pub result: io::Result<IpAddr>,
}

/// The connection is there. Only on the side that connects; an accepted socket is connected from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect;

/// Right after all listeners of [`Connect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready;

/// Bytes have come, at most 64 KiB. Where one piece ends and the next begins means nothing: TCP is a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data;

/// The same bytes as UTF-8 text, whole characters only: one that is split over two chunks is held back until its rest
/// comes. Node: `data` after `setEncoding('utf8')`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text;

/// The queue is empty again, after a `write` that said `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain;

/// After `end()`: the kernel has everything, and the FIN is on its way. Says nothing about what the peer has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish;

/// Nothing came and nothing went for the time of `set_timeout`. Only a notice: the socket stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout;

/// The peer has ended its side (its FIN came), and all of its data was taken. One can still write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End;

/// Something failed; once at most, and [`Close`] follows. Of a server: it failed to accept, and goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error;

/// It is over: no descriptor, no more events. Of a socket: carries whether that was an error. Of a server: it accepts no
/// more, and its last socket is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close;

event_table! {
    /// The listeners of one socket.
    for SocketEvent:
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

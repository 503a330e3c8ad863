//! The events on the wire, and their observers.

use std::time::Instant;

use super::call_site::CallSite;
use crate::endpoint::Address;

/// One thing that happened to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WireEvent<'a> {
    /// A connect call to this address. Its time is the moment before the call, when the SYN is
    /// sent.
    Connect(&'a Address),
    /// The connect call succeeded.
    Connected { local: Option<&'a Address>, remote: &'a Address },
    /// A listener of ours accepted a connection. A client on a Unix domain socket has no address.
    Accept { local: Option<&'a Address>, remote: Option<&'a Address> },
    /// The kernel took these bytes, and `queued` more wait in the program. Its time is the moment
    /// before the call.
    Sent { bytes: &'a [u8], queued: usize },
    /// The kernel returned these bytes.
    Received(&'a [u8]),
    /// We ended our side. Its time is the moment before the call.
    SentFin,
    /// The peer ended its side.
    ReceivedFin,
    /// The connection was reset, by the peer or on the way.
    Reset,
    /// The descriptor is closed.
    Close,
}

/// An observer of one connection. Called on the thread that caused the event, never under the lock
/// of the socket.
pub(crate) trait Observer: Send + Sync {
    fn on_event(&self, time: Instant, site: CallSite, event: WireEvent<'_>);
}

//! A blocking byte stream that is TCP or a Unix domain socket, and what listens for either.
//!
//! Whatever differs between the systems in this is hidden here: nothing above knows of it.

mod listener;
#[cfg(any(not(target_os = "linux"), net_notes_polled, test))]
#[cfg_attr(not(any(windows, net_notes_polled)), allow(dead_code))]
// macOS waits in `accept` only, Linux in tests
mod poll;
#[cfg(any(windows, net_notes_polled, test))]
#[cfg_attr(not(any(windows, net_notes_polled)), allow(dead_code))] // elsewhere it is tested only
mod polled;

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

pub(crate) use self::listener::{Listener, Waker};
use crate::endpoint::{Address, Endpoint, host_or_localhost};
use crate::error;

/// A TCP socket that blocks, and that `shutdown` wakes. `--cfg net_notes_polled` runs the one for Windows anywhere.
#[cfg(not(any(windows, net_notes_polled)))]
type Tcp = TcpStream;
#[cfg(any(windows, net_notes_polled))]
type Tcp = polled::PolledTcp;

/// One connection: one descriptor, read and written through `&self` by as many threads as need to.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(Tcp),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Calls the same method of whichever stream it is.
macro_rules! either {
    ($on:expr, $kind:ident, $stream:ident => $call:expr) => {
        match $on {
            $kind::Tcp($stream) => $call,
            #[cfg(unix)]
            $kind::Unix($stream) => $call,
        }
    };
}

impl Stream {
    /// Connects, and blocks until that is done or has failed.
    pub(crate) fn connect(to: &Address, limit: Option<Duration>) -> io::Result<Stream> {
        match (to, limit) {
            (Address::Tcp(to), None) => Stream::tcp(TcpStream::connect(to)?),
            // std refuses a limit of zero as invalid, where "too late" is meant.
            (Address::Tcp(_), Some(Duration::ZERO)) => Err(io::ErrorKind::TimedOut.into()),
            (Address::Tcp(to), Some(limit)) => Stream::tcp(TcpStream::connect_timeout(to, limit)?),
            #[cfg(unix)]
            (Address::Unix(path), _) => {
                listener::refuse_empty(path)?;
                UnixStream::connect(path).map(Stream::Unix)
            }
        }
    }

    /// A stream of std's, which must be a blocking one.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Stream> {
        #[cfg(any(windows, net_notes_polled))]
        let stream = polled::PolledTcp::new(stream)?;
        Ok(Stream::Tcp(stream))
    }

    /// Ends one direction or both. A thread that waits in a read or a write of it is woken.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, Stream, s => s.shutdown(how))
    }

    /// Bounds the wait of a read, which fails with `WouldBlock` then; never a wait of zero, which std refuses.
    pub(crate) fn set_read_timeout(&self, limit: Option<Duration>) {
        let limit = limit.map(|limit| limit.max(Duration::from_millis(1)));
        // Cannot fail on an open socket (setsockopt(2)) but for a limit of zero.
        let _ = either!(self, Stream, s => s.set_read_timeout(limit));
    }

    /// Bounds the wait of a write, not a write that keeps making progress.
    /// `None`: it waits as long as need be.
    pub(crate) fn set_write_timeout(&self, limit: Option<Duration>) {
        let _ = either!(self, Stream, s => s.set_write_timeout(limit));
    }

    /// Nagle's algorithm off or on. A Unix domain socket never waits, so there is nothing to set.
    pub(crate) fn set_no_delay(&self, on: bool) {
        match self {
            Stream::Tcp(stream) => _ = stream.set_nodelay(on),
            #[cfg(unix)]
            Stream::Unix(_) => {}
        }
    }

    /// Waits for a byte and leaves it unread; 0 at the end of the stream. A Unix domain socket cannot, in std: `None`.
    pub(crate) fn peek(&self) -> Option<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => Some(stream.peek(&mut [0])),
            #[cfg(unix)]
            Stream::Unix(_) => None,
        }
    }

    /// Whether the connection no longer exists, in either direction: the system says so also to a write of no bytes.
    pub(crate) fn is_broken(&self) -> bool {
        self.write(&[]).is_err_and(|error| !is_timeout(&error))
    }

    /// Writes until all is written or the limit is reached. Fails with `WouldBlock` if nothing was written by then.
    pub(crate) fn write(&self, data: &[u8]) -> io::Result<usize> {
        again_while_it_ends(|| either!(self, Stream, s => Write::write(&mut &*s, data)))
    }

    pub(crate) fn write_vectored(&self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        again_while_it_ends(|| either!(self, Stream, s => Write::write_vectored(&mut &*s, data)))
    }

    pub(crate) fn local_addr(&self) -> Option<Address> {
        match self {
            Stream::Tcp(stream) => stream.local_addr().ok().map(Address::Tcp),
            #[cfg(unix)]
            Stream::Unix(stream) => listener::unix_address(stream.local_addr().ok()?),
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        either!(self, Stream, s => Read::read(&mut &*s, into))
    }
}

/// macOS fails a write with `EPROTOTYPE` at the moment in which the connection is torn down; the next one gets the reason,
/// as a rule `EPIPE` (libuv does the same). The number means nothing on Linux, nor to Winsock.
fn again_while_it_ends(mut write: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    const EPROTOTYPE: i32 = 41;
    loop {
        match write() {
            Err(error) if error.raw_os_error() == Some(EPROTOTYPE) => {}
            result => return result,
        }
    }
}

/// The addresses of a host, in the order in which to try them. The one that a server listens on comes first, whatever the
/// resolver says: on `::1`, which is often the first of `localhost`, there may be a server of somebody else.
pub(crate) fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host_or_localhost(host);
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    if is_localhost(host) {
        addresses.sort_by_key(SocketAddr::is_ipv6); // keeps the order otherwise
    }
    Ok(addresses)
}

/// The name of this machine for itself, whatever the case of its letters (RFC 4343); also no name at all.
fn is_localhost(host: &str) -> bool {
    host_or_localhost(host).eq_ignore_ascii_case("localhost")
}

/// Whether the limit of a blocking call was reached. `TimedOut` is something else, and the end of a connection: a peer that
/// has not acknowledged anything for minutes (RFC 9293 3.8.3).
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// A failed look-up, whatever the resolver's words: std gives no number to tell them apart by.
pub(crate) fn not_found(host: &Endpoint) -> io::Error {
    let name = match host {
        Endpoint::Tcp { host, .. } => host.clone(),
        #[cfg(unix)]
        Endpoint::Unix(_) => host.to_string(),
    };
    error::with_code(io::ErrorKind::NotFound, "ENOTFOUND", format!("getaddrinfo ENOTFOUND {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_macos_fails_with_eprototype_is_tried_again() {
        let mut results = vec![Err(32), Err(41), Err(41)]; // EPIPE in the end
        let write = || results.pop().unwrap().map_err(io::Error::from_raw_os_error);
        assert_eq!(again_while_it_ends(write).unwrap_err().raw_os_error(), Some(32));
        assert!(results.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")] // elsewhere each call is told of a reset, or it is not known
    fn a_reset_breaks_a_connection_and_an_end_does_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for is_reset in [false, true] {
            let stream =
                Stream::connect(&Address::Tcp(listener.local_addr().unwrap()), None).unwrap();
            let (peer, _) = listener.accept().unwrap();
            stream.write(b"a question").unwrap();
            if is_reset {
                peer.peek(&mut [0]).unwrap();
                drop(peer); // with bytes unread
                assert!((&stream).read(&mut [0]).is_err()); // this call is told of the reset, and the next one is not
                assert_eq!((&stream).read(&mut [0]).unwrap(), 0);
                assert!(stream.is_broken());
            } else {
                peer.shutdown(Shutdown::Write).unwrap();
                assert_eq!((&stream).read(&mut [0]).unwrap(), 0);
                assert!(!stream.is_broken());
            }
        }
    }

    #[test]
    fn a_client_tries_first_what_a_server_on_localhost_binds() {
        for name in ["localhost", "LocalHost"] {
            let bound = Listener::bind(&(name, 0).into()).unwrap().local_addr().unwrap();
            assert_eq!(Some(addresses(name, 1).unwrap()[0].ip()), bound.ip(), "{name}");
        }
    }
}

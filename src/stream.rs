//! A blocking byte stream, TCP or a Unix domain socket, and the listener for either.
//!
//! All differences between the operating systems are hidden here; the modules above do not see
//! them.

mod listener;
#[cfg(any(not(target_os = "linux"), net_notes_polled, test))]
#[cfg_attr(not(any(windows, net_notes_polled)), allow(dead_code))]
// macOS polls in `accept` only, Linux in tests only
mod poll;
#[cfg(any(windows, net_notes_polled, test))]
// on other systems it is compiled for tests only
#[cfg_attr(not(any(windows, net_notes_polled)), allow(dead_code))]
mod polled;

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

pub(crate) use self::listener::{Listener, Waker};
use crate::endpoint::{Address, Endpoint, host_or_localhost};
use crate::error::NetError;

/// A TCP socket that blocks, and that `shutdown` wakes. `--cfg net_notes_polled` selects the one
/// for Windows on any system.
#[cfg(not(any(windows, net_notes_polled)))]
type Tcp = TcpStream;
#[cfg(any(windows, net_notes_polled))]
type Tcp = polled::PolledTcp;

/// One connection: one descriptor, which any number of threads read and write through `&self`.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(Tcp),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Calls the same method on either variant.
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
    /// Connects. Blocks until the connection is established, has failed, or `limit` is over.
    pub(crate) fn connect(to: &Address, limit: Option<Duration>) -> io::Result<Stream> {
        match (to, limit) {
            (Address::Tcp(to), None) => Stream::tcp(TcpStream::connect(to)?),
            // std refuses a limit of zero as invalid input, but here it means "too late".
            (Address::Tcp(_), Some(Duration::ZERO)) => Err(io::ErrorKind::TimedOut.into()),
            (Address::Tcp(to), Some(limit)) => Stream::tcp(TcpStream::connect_timeout(to, limit)?),
            #[cfg(unix)]
            (Address::Unix(path), _) => {
                listener::refuse_empty(path)?;
                UnixStream::connect(path).map(Stream::Unix)
            }
        }
    }

    /// Wraps a TCP stream of std, which must be in blocking mode.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Stream> {
        #[cfg(any(windows, net_notes_polled))]
        let stream = polled::PolledTcp::new(stream)?;
        Ok(Stream::Tcp(stream))
    }

    /// Ends one direction or both. Wakes a thread that waits in a read or a write of it.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, Stream, s => s.shutdown(how))
    }

    /// Sets the time limit of a read, which then fails with `WouldBlock`. At least 1 ms: std
    /// refuses zero.
    pub(crate) fn set_read_timeout(&self, limit: Option<Duration>) {
        let limit = limit.map(|limit| limit.max(Duration::from_millis(1)));
        // On an open socket this fails only for a limit of zero (setsockopt(2)).
        let _ = either!(self, Stream, s => s.set_read_timeout(limit));
    }

    /// Sets the time limit of a write that makes no progress. `None`: no limit.
    pub(crate) fn set_write_timeout(&self, limit: Option<Duration>) {
        let _ = either!(self, Stream, s => s.set_write_timeout(limit));
    }

    /// Turns Nagle's algorithm off or on. A Unix domain socket has no such algorithm, so nothing is
    /// set.
    pub(crate) fn set_no_delay(&self, on: bool) {
        match self {
            Stream::Tcp(stream) => _ = stream.set_nodelay(on),
            #[cfg(unix)]
            Stream::Unix(_) => {}
        }
    }

    /// Waits for a byte and leaves it unread; returns 0 at the end of the stream. `None` for a Unix
    /// domain socket: std has no peek for it.
    pub(crate) fn peek(&self) -> Option<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => Some(stream.peek(&mut [0])),
            #[cfg(unix)]
            Stream::Unix(_) => None,
        }
    }

    /// Whether the connection no longer exists in either direction: then even a write of no bytes
    /// fails.
    pub(crate) fn is_broken(&self) -> bool {
        self.write(&[]).is_err_and(|error| !is_timeout(&error))
    }

    /// Writes until everything is written or the time limit is reached. Fails with `WouldBlock` if
    /// nothing was written by then.
    pub(crate) fn write(&self, data: &[u8]) -> io::Result<usize> {
        retry_eprototype(|| either!(self, Stream, s => Write::write(&mut &*s, data)))
    }

    pub(crate) fn write_vectored(&self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        retry_eprototype(|| either!(self, Stream, s => Write::write_vectored(&mut &*s, data)))
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

/// Retries a write that fails with `EPROTOTYPE`. macOS returns it while the connection is torn
/// down; the next write gets the reason, usually `EPIPE` (libuv does the same). The number has no
/// meaning on Linux or in Winsock.
fn retry_eprototype(mut write: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    const EPROTOTYPE: i32 = 41;
    loop {
        match write() {
            Err(error) if error.raw_os_error() == Some(EPROTOTYPE) => {}
            result => return result,
        }
    }
}

/// The addresses of a host, in the order in which to try them. For `localhost`, the address that
/// our server binds comes first, in any order of the resolver: on `::1`, which is often the first
/// one, another program may listen.
pub(crate) fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host_or_localhost(host);
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    if is_localhost(host) {
        addresses.sort_by_key(SocketAddr::is_ipv6); // keeps the order otherwise
    }
    Ok(addresses)
}

/// Whether this is the name of the local machine, case-insensitive (RFC 4343), or empty.
fn is_localhost(host: &str) -> bool {
    host_or_localhost(host).eq_ignore_ascii_case("localhost")
}

/// Whether the time limit of a blocking call was reached. `TimedOut` is different: it ends the
/// connection, because the peer has acknowledged nothing for minutes (RFC 9293 3.8.3).
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// The error of a failed look-up, with the same text for each resolver: std gives no number that
/// tells the reasons apart.
pub(crate) fn not_found(host: &Endpoint) -> io::Error {
    let name = match host {
        Endpoint::Tcp { host, .. } => host.clone(),
        #[cfg(unix)]
        Endpoint::Unix(_) => host.to_string(),
    };
    NetError::HostNotFound(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_macos_fails_with_eprototype_is_tried_again() {
        let mut results = vec![Err(32), Err(41), Err(41)]; // EPIPE in the end
        let write = || results.pop().unwrap().map_err(io::Error::from_raw_os_error);
        assert_eq!(retry_eprototype(write).unwrap_err().raw_os_error(), Some(32));
        assert!(results.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")] // on other systems every call reports a reset, or it is unknown
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
                // This call reports the reset; the next one does not.
                assert!((&stream).read(&mut [0]).is_err());
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

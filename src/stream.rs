//! A blocking byte stream that is TCP or a Unix domain socket, and what listens for either.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use crate::endpoint::{Address, Endpoint, host_or_localhost};
use crate::error;

/// One connection: one descriptor, read and written through `&self` by as many threads as need to.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
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
            (Address::Tcp(to), None) => TcpStream::connect(to).map(Stream::Tcp),
            // std refuses a limit of zero as invalid, where "too late" is meant.
            (Address::Tcp(_), Some(Duration::ZERO)) => Err(io::ErrorKind::TimedOut.into()),
            (Address::Tcp(to), Some(limit)) => {
                TcpStream::connect_timeout(to, limit).map(Stream::Tcp)
            }
            #[cfg(unix)]
            (Address::Unix(path), _) => {
                refuse_empty(path)?;
                UnixStream::connect(path).map(Stream::Unix)
            }
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, Stream, s => s.shutdown(how))
    }

    /// Bounds the wait of a read; never a wait of zero, which std refuses.
    pub(crate) fn set_read_timeout(&self, limit: Option<Duration>) {
        let limit = limit.map(|limit| limit.max(Duration::from_millis(1)));
        // Cannot fail on an open socket (setsockopt(2)) but for a limit of zero.
        let _ = either!(self, Stream, s => s.set_read_timeout(limit));
    }

    /// Bounds the wait of a write, not a write that keeps making progress. `None`: it waits as long as need be.
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

    /// Looks whether a byte can be read, and leaves it there: 0 at the end of the stream. std cannot peek at a Unix domain
    /// socket: there it always says 1.
    pub(crate) fn peek(&self) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.peek(&mut [0]),
            #[cfg(unix)]
            Stream::Unix(_) => Ok(1),
        }
    }

    pub(crate) fn write(&self, data: &[u8]) -> io::Result<usize> {
        either!(self, Stream, s => Write::write(&mut &*s, data))
    }

    pub(crate) fn write_vectored(&self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, Stream, s => Write::write_vectored(&mut &*s, data))
    }

    pub(crate) fn local_addr(&self) -> Option<Address> {
        match self {
            Stream::Tcp(stream) => stream.local_addr().ok().map(Address::Tcp),
            #[cfg(unix)]
            Stream::Unix(stream) => unix_address(stream.local_addr().ok()?),
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        either!(self, Stream, s => Read::read(&mut &*s, into))
    }
}

/// The client's end of a Unix domain connection has no path: `None`.
#[cfg(unix)]
fn unix_address(address: std::os::unix::net::SocketAddr) -> Option<Address> {
    address.as_pathname().map(|path| Address::Unix(path.to_path_buf()))
}

/// Waits for connections at an address.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// Binds and listens. `SO_REUSEADDR` and a backlog of 128 are std's choice.
    pub(crate) fn bind(at: &Endpoint) -> io::Result<Listener> {
        match at {
            Endpoint::Tcp { host, port } => match host_or_localhost(host) {
                // Where 5000 means "for me": the loopback address, not `::`, which is everybody's.
                "localhost" => bind_tcp(("127.0.0.1", *port), at),
                host => bind_tcp((host, *port), at),
            },
            #[cfg(unix)]
            Endpoint::Unix(path) => refuse_empty(path)
                .and_then(|()| UnixListener::bind(path))
                .map(Listener::Unix)
                .map_err(|error| unix_bind_error(at, error)),
        }
    }

    /// Blocks until somebody connects.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Option<Address>)> {
        Ok(match self {
            Listener::Tcp(listener) => {
                let (stream, remote) = listener.accept()?;
                (Stream::Tcp(stream), Some(Address::Tcp(remote)))
            }
            #[cfg(unix)]
            Listener::Unix(listener) => {
                let (stream, remote) = listener.accept()?;
                (Stream::Unix(stream), unix_address(remote))
            }
        })
    }

    pub(crate) fn local_addr(&self) -> io::Result<Address> {
        Ok(match self {
            Listener::Tcp(listener) => Address::Tcp(listener.local_addr()?),
            #[cfg(unix)]
            Listener::Unix(listener) => {
                let path = listener.local_addr()?.as_pathname().map(PathBuf::from);
                Address::Unix(path.unwrap_or_default())
            }
        })
    }

    /// The listening socket once more, as a stream: std lets one `shutdown` only streams, and on Linux that is what
    /// wakes a thread in accept(2) and refuses the clients in the backlog at once. `None` where it does not work.
    #[cfg(target_os = "linux")]
    pub(crate) fn waker(&self) -> io::Result<Option<Stream>> {
        use std::os::fd::OwnedFd;
        Ok(Some(match self {
            Listener::Tcp(listener) => Stream::Tcp(OwnedFd::from(listener.try_clone()?).into()),
            Listener::Unix(listener) => Stream::Unix(OwnedFd::from(listener.try_clone()?).into()),
        }))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn waker(&self) -> io::Result<Option<Stream>> {
        Ok(None)
    }
}

fn bind_tcp(host: impl ToSocketAddrs, at: &Endpoint) -> io::Result<Listener> {
    let addresses: Vec<SocketAddr> = match host.to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(_) => return Err(not_found(at)),
    };
    TcpListener::bind(&addresses[..])
        .map(Listener::Tcp)
        .map_err(|error| error::of_call("listen", &at.to_string(), error))
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

/// Linux takes an empty path for "any name that is free", under which no client finds the server.
#[cfg(unix)]
fn refuse_empty(path: &std::path::Path) -> io::Result<()> {
    match path.as_os_str().is_empty() {
        true => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path must not be empty")),
        false => Ok(()),
    }
}

/// Node's code for a missing folder is EACCES (libuv's choice); the words here say what is really wrong.
#[cfg(unix)]
fn unix_bind_error(at: &Endpoint, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error::of_call("listen", &at.to_string(), error);
    }
    let message = format!("listen EACCES: the folder of {at} does not exist");
    error::with_code(io::ErrorKind::NotFound, "EACCES", message)
}

/// Whether the limit of a blocking call was reached. On Unix `TimedOut` is something else, and the end of a connection: a peer
/// that has not acknowledged anything for minutes (RFC 9293 3.8.3).
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    error.kind() == if cfg!(windows) { io::ErrorKind::TimedOut } else { io::ErrorKind::WouldBlock }
}

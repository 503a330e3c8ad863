//! [`Listener`]: waits for connections at an address.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
#[cfg(unix)]
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(any(not(target_os = "linux"), net_notes_polled))]
use std::sync::Arc;

#[cfg(any(not(target_os = "linux"), net_notes_polled))]
use super::poll::Poll;
use super::{Stream, addresses, is_localhost, not_found};
use crate::endpoint::{Address, Endpoint};
use crate::error;
#[cfg(unix)]
use crate::error::NetError;
#[cfg(any(not(target_os = "linux"), net_notes_polled))]
use crate::sync::Monitor;

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    #[cfg(all(target_os = "linux", not(net_notes_polled)))]
    socket: Socket,
    /// On Linux, shutdown(2) wakes a thread in accept(2). On other systems only a client does, and
    /// our own client may not reach us: another server may have a more specific address, or the
    /// file of a Unix domain socket may be gone. So there the socket does not block, and the thread
    /// that wakes the accepting one closes the socket first: `None`.
    #[cfg(any(not(target_os = "linux"), net_notes_polled))]
    socket: Arc<Monitor<Option<Socket>>>,
    #[cfg(any(not(target_os = "linux"), net_notes_polled))]
    accepting: Arc<Poll>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Wakes the thread in `accept`, which then fails, and refuses clients afterwards. Returns `false`
/// if it could not.
pub(crate) type Waker = Box<dyn Fn() -> bool + Send>;

impl Listener {
    /// Binds and listens. `SO_REUSEADDR` and the backlog are std's choice:
    /// 128 for TCP.
    pub(crate) fn bind(at: &Endpoint) -> io::Result<Listener> {
        Listener::new(match at {
            Endpoint::Tcp { host, port } => {
                let addresses = if is_localhost(host) {
                    // For this machine only: the loopback address, and not `::`, which is open to
                    // the network.
                    vec![SocketAddr::from((Ipv4Addr::LOCALHOST, *port))]
                } else {
                    addresses(host, *port).map_err(|_| not_found(at))?
                };
                Socket::Tcp(
                    bind_tcp(&addresses)
                        .map_err(|error| error::from_syscall("listen", &at.to_string(), error))?,
                )
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let bound = refuse_empty(path).and_then(|()| UnixListener::bind(path));
                Socket::Unix(bound.map_err(|error| unix_bind_error(at, error))?)
            }
        })
    }
}

#[cfg(all(target_os = "linux", not(net_notes_polled)))]
impl Listener {
    fn new(socket: Socket) -> io::Result<Listener> {
        Ok(Listener { socket })
    }

    pub(crate) fn local_addr(&self) -> io::Result<Address> {
        self.socket.local_addr()
    }

    /// Blocks until a client connects.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Option<Address>)> {
        self.socket.accept()
    }

    pub(crate) fn waker(&self) -> io::Result<Option<Waker>> {
        let socket = self.socket.try_clone()?.into_stream();
        Ok(Some(Box::new(move || socket.shutdown(Shutdown::Both).is_ok())))
    }
}

#[cfg(any(not(target_os = "linux"), net_notes_polled))]
impl Listener {
    fn new(socket: Socket) -> io::Result<Listener> {
        match &socket {
            Socket::Tcp(listener) => listener.set_nonblocking(true)?,
            #[cfg(unix)]
            Socket::Unix(listener) => listener.set_nonblocking(true)?,
        }
        Ok(Listener { socket: Arc::new(Monitor::new(Some(socket))), accepting: Arc::default() })
    }

    pub(crate) fn local_addr(&self) -> io::Result<Address> {
        match &*self.socket.lock() {
            Some(socket) => socket.local_addr(),
            None => Err(ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Waits until a client connects.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Option<Address>)> {
        let accepted = self.accepting.until_ready(|| match &*self.socket.lock() {
            Some(socket) => socket.accept(),
            None => Err(ErrorKind::ConnectionAborted.into()),
        })?;
        accepted.ok_or(ErrorKind::ConnectionAborted.into())
    }

    pub(crate) fn waker(&self) -> io::Result<Option<Waker>> {
        let (socket, accepting) = (self.socket.clone(), self.accepting.clone());
        Ok(Some(Box::new(move || {
            if let Some(socket) = socket.lock().take() {
                socket.close(); // refuses clients after this
            }
            accepting.shut_down();
            true
        })))
    }
}

impl Socket {
    fn local_addr(&self) -> io::Result<Address> {
        Ok(match self {
            Socket::Tcp(listener) => Address::Tcp(listener.local_addr()?),
            #[cfg(unix)]
            Socket::Unix(listener) => {
                let path = listener.local_addr()?.as_pathname().map(PathBuf::from);
                Address::Unix(path.unwrap_or_default())
            }
        })
    }

    #[cfg(all(target_os = "linux", any(test, not(net_notes_polled))))]
    fn try_clone(&self) -> io::Result<Socket> {
        Ok(match self {
            Socket::Tcp(listener) => Socket::Tcp(listener.try_clone()?),
            Socket::Unix(listener) => Socket::Unix(listener.try_clone()?),
        })
    }

    /// Returns the same socket as a stream: std has `shutdown` for streams only.
    #[cfg(unix)]
    fn into_stream(self) -> TcpStream {
        TcpStream::from(match self {
            Socket::Tcp(listener) => OwnedFd::from(listener),
            Socket::Unix(listener) => OwnedFd::from(listener),
        })
    }

    /// Closes the descriptor. A child process that another thread is just starting has a copy of it
    /// until exec(3), and clients would be accepted as long; so the socket itself is shut down
    /// first, where the system can do so (macOS cannot).
    #[cfg(any(not(target_os = "linux"), net_notes_polled))]
    fn close(self) {
        #[cfg(unix)]
        let _ = self.into_stream().shutdown(Shutdown::Both);
    }

    fn accept(&self) -> io::Result<(Stream, Option<Address>)> {
        Ok(match self {
            Socket::Tcp(listener) => {
                let (stream, remote) = listener.accept().map_err(client_gone)?;
                #[cfg(any(not(target_os = "linux"), net_notes_polled))]
                // some systems inherit the listener's non-blocking mode
                stream.set_nonblocking(false).map_err(client_gone)?;
                (Stream::tcp(stream).map_err(client_gone)?, Some(Address::Tcp(remote)))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => {
                let (stream, remote) = listener.accept()?;
                #[cfg(any(not(target_os = "linux"), net_notes_polled))]
                stream.set_nonblocking(false)?;
                (Stream::Unix(stream), unix_address(remote))
            }
        })
    }
}

/// Binds the first address that belongs to this machine. An address in use is an error, and not a
/// reason to try the next one: clients try the addresses in the same order, and would reach the
/// program that uses the first.
fn bind_tcp(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut result = Err(ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        result = TcpListener::bind(address);
        let taken = |error: &io::Error| {
            matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
        };
        if result.as_ref().map_or_else(taken, |_| true) {
            break;
        }
    }
    result
}

/// On Windows, a client that is gone before it was accepted is a reset; on other systems it is
/// `ECONNABORTED`.
fn client_gone(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::ConnectionReset => ErrorKind::ConnectionAborted.into(),
        _ => error,
    }
}

/// Converts an address of std. `None` if it has no path, as the client's end of a connection.
#[cfg(unix)]
pub(super) fn unix_address(address: std::os::unix::net::SocketAddr) -> Option<Address> {
    address.as_pathname().map(|path| Address::Unix(path.to_path_buf()))
}

/// Refuses an empty path. Linux would choose a free name instead, under which no client finds the
/// server.
#[cfg(unix)]
pub(super) fn refuse_empty(path: &std::path::Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the path must not be empty"))
    } else {
        Ok(())
    }
}

/// The error of a failed bind. For a missing folder Node's code is EACCES (libuv's choice); the
/// text names the real reason.
#[cfg(unix)]
fn unix_bind_error(at: &Endpoint, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error::from_syscall("listen", &at.to_string(), error);
    }
    NetError::FolderMissing { path: at.to_string() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_at_accept_is_a_client_that_has_gone() {
        let kinds = |kind: ErrorKind| client_gone(kind.into()).kind();
        assert_eq!(kinds(ErrorKind::ConnectionReset), ErrorKind::ConnectionAborted);
        assert_eq!(kinds(ErrorKind::OutOfMemory), ErrorKind::OutOfMemory);
    }

    #[test]
    fn only_an_address_of_another_machine_is_passed_over() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = holder.local_addr().unwrap();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // For documentation (RFC 5737)
        let elsewhere = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 0));
        assert_eq!(bind_tcp(&[taken, free]).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert!(bind_tcp(&[elsewhere, free]).unwrap().local_addr().unwrap().ip().is_loopback());
        assert_eq!(bind_tcp(&[elsewhere]).unwrap_err().kind(), ErrorKind::AddrNotAvailable);
    }

    /// The rule of `Waker`, whoever else holds the descriptor: a child process that was started at
    /// this moment, here another handle.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_closed_listener_refuses_clients_though_its_descriptor_is_held_elsewhere() {
        let folder = std::env::temp_dir().join(format!("net-notes-held-{}", std::process::id()));
        for at in [Endpoint::from(("127.0.0.1", 0)), Endpoint::Unix(folder.clone())] {
            let listener = Listener::bind(&at).unwrap();
            let address = listener.local_addr().unwrap();
            #[cfg(not(net_notes_polled))]
            let held = listener.socket.try_clone();
            #[cfg(net_notes_polled)]
            let held = listener.socket.lock().as_ref().unwrap().try_clone();
            let close = listener.waker().unwrap().unwrap();
            assert!(Stream::connect(&address, None).is_ok());
            assert!(close());
            let refused = Stream::connect(&address, None).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{address}");
            drop(held);
        }
        std::fs::remove_file(folder).unwrap();
    }
}

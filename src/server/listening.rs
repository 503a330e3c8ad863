//! A listening socket, and all steps of closing it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::endpoint::{Address, Endpoint};
use crate::error;
use crate::stderr;
use crate::stream::{Listener, Stream, Waker};

/// A listening socket, and its address.
pub(super) struct ActiveListener {
    pub(super) listener: Arc<Listener>,
    pub(super) address: Address,
    pub(super) phase: ListenerPhase,
    /// Wakes the thread inside accept(2).
    pub(super) waker: Option<Waker>,
    #[cfg(unix)]
    file: Option<SocketFile>,
}

/// The state of a listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListenerPhase {
    /// Clients wait in the backlog. Listening was not emitted.
    Bound,
    /// A thread accepts, or is about to.
    Accepting,
}

impl ActiveListener {
    pub(super) fn bind(at: &Endpoint) -> io::Result<ActiveListener> {
        let listener = Listener::bind(at)?;
        #[cfg(unix)]
        let file = SocketFile::of(at);
        stderr::open(); // while a descriptor is left
        let known = listener.local_addr().and_then(|address| Ok((address, listener.waker()?)));
        let (address, waker) = known.map_err(|error| {
            #[cfg(unix)]
            file.iter().for_each(SocketFile::remove);
            error::from_syscall("listen", &at.to_string(), error)
        })?;
        Ok(ActiveListener {
            waker,
            #[cfg(unix)]
            file,
            listener: Arc::new(listener),
            address,
            phase: ListenerPhase::Bound,
        })
    }

    /// Refuses clients after this, and wakes the thread inside accept(2). The descriptor is closed
    /// when that thread has dropped its handle.
    pub(super) fn close(self) {
        let woken = self.waker.is_some_and(|wake| wake());
        if !woken && self.phase == ListenerPhase::Accepting {
            wake_by_connecting(&self.address);
        }
        #[cfg(unix)]
        if let Some(file) = &self.file {
            file.remove(); // not earlier: the connection above needs it
        }
    }
}

/// Wakes a thread inside accept(2) by connecting to it. Before that thread uses a connection, it
/// checks whether the server still listens, so this connection never becomes visible.
fn wake_by_connecting(at: &Address) {
    let at = match at {
        // The unspecified address cannot be connected to.
        Address::Tcp(at) if at.ip().is_unspecified() => {
            let ip = match at {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            };
            Address::Tcp(SocketAddr::new(ip, at.port()))
        }
        _ => at.clone(),
    };
    // If this fails, there is no thread to wake; or the backlog is full, and then a client wakes
    // it.
    let _ = Stream::connect(&at, Some(Duration::from_secs(1)));
}

/// The file of a Unix domain socket. Its inode distinguishes it from another file at the same path.
#[cfg(unix)]
struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

#[cfg(unix)]
impl SocketFile {
    fn of(at: &Endpoint) -> Option<SocketFile> {
        let Endpoint::Unix(path) = at else { return None };
        let inode = SocketFile::inode(path)?;
        Some(SocketFile { path: path.clone(), inode })
    }

    fn inode(path: &std::path::Path) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    /// Removes the file, unless another program has replaced it. std leaves the file; Node removes
    /// it.
    fn remove(&self) {
        if SocketFile::inode(&self.path) == Some(self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

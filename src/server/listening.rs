//! A listening socket, and everything that its closing takes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::endpoint::{Address, Endpoint};
use crate::stderr;
use crate::stream::{Listener, Stream, Waker};

/// A listening socket, and where it listens.
pub(super) struct ActiveListener {
    pub(super) listener: Arc<Listener>,
    pub(super) address: Address,
    pub(super) phase: Phase,
    /// Wakes the thread inside accept(2).
    pub(super) waker: Option<Waker>,
    #[cfg(unix)]
    file: Option<SocketFile>,
}

/// How far a listening socket has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Clients wait in the backlog. Listening was not emitted.
    Bound,
    /// A thread accepts, or is about to.
    Accepting,
}

impl ActiveListener {
    pub(super) fn bind(at: &Endpoint) -> io::Result<ActiveListener> {
        let listener = Listener::bind(at)?;
        stderr::prepare(); // while there is a descriptor for it
        let address = listener.local_addr()?;
        Ok(ActiveListener {
            waker: listener.waker()?,
            #[cfg(unix)]
            file: SocketFile::of(&address),
            listener: Arc::new(listener),
            address,
            phase: Phase::Bound,
        })
    }

    /// Refuses clients from now on, and wakes the thread inside accept(2). The descriptor is closed when that thread has dropped
    /// its handle.
    pub(super) fn close(self) {
        let woken = self.waker.is_some_and(|wake| wake());
        if !woken && self.phase == Phase::Accepting {
            wake_by_connecting(&self.address);
        }
        #[cfg(unix)]
        if let Some(file) = &self.file {
            file.remove(); // not before: the connection above needs it
        }
    }
}

/// Wakes a thread inside accept(2) by connecting to it. That thread looks whether the server still listens before it does
/// anything with the connection, so this one never shows.
fn wake_by_connecting(at: &Address) {
    let at = match at {
        // "All addresses" is not an address to connect to.
        Address::Tcp(at) if at.ip().is_unspecified() => {
            let ip = match at {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            };
            Address::Tcp(SocketAddr::new(ip, at.port()))
        }
        _ => at.clone(),
    };
    // If this fails, there is no thread to wake; or the backlog is full, which wakes it as well.
    let _ = Stream::connect(&at, Some(Duration::from_secs(1)));
}

/// The file of a Unix domain socket, told from another one at the same path by its inode.
#[cfg(unix)]
struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

#[cfg(unix)]
impl SocketFile {
    fn of(address: &Address) -> Option<SocketFile> {
        let Address::Unix(path) = address else { return None };
        let inode = SocketFile::inode(path)?;
        Some(SocketFile { path: path.clone(), inode })
    }

    fn inode(path: &std::path::Path) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    /// std leaves the file behind; Node removes it. But not the file of another program that has taken the path over.
    fn remove(&self) {
        if SocketFile::inode(&self.path) == Some(self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

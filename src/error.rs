//! Errors with Node's codes.
//!
//! Every error of this crate is an [`io::Error`], so `?` works. [`code`] returns the name that
//! Node's `error.code` has.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::panics;
use crate::stderr;

/// The code of an error as Node names it: `"ECONNREFUSED"`, `"EADDRINUSE"`, `"ENOTFOUND"`,
/// `"ETIMEDOUT"`, `"ERR_STREAM_WRITE_AFTER_END"`, …; `""` for an error without a code. Node:
/// `error.code`.
///
/// ```
/// use net_notes as net;
/// use std::io;
///
/// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(net::code(&refused), "ECONNREFUSED");
/// assert_eq!(net::code(&io::Error::other("out of tea")), "");
/// ```
pub fn code(error: &io::Error) -> &str {
    static_code(error)
}

/// [`code`] with its real lifetime: all codes are built in, so none borrows from the error.
fn static_code(error: &io::Error) -> &'static str {
    if let Some(ours) = downcast(error) {
        return ours.code();
    }
    // Error numbers for which std has only a broader kind, or none. They agree on Linux and macOS.
    #[cfg(unix)]
    match error.raw_os_error() {
        Some(1) => return "EPERM",
        Some(20) => return "ENOTDIR",
        Some(23) => return "ENFILE",
        Some(24) => return "EMFILE",
        _ => {}
    }
    match error.kind() {
        ErrorKind::AddrInUse => "EADDRINUSE",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::AlreadyExists => "EEXIST",
        ErrorKind::BrokenPipe => "EPIPE",
        ErrorKind::ConnectionAborted => "ECONNABORTED",
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset => "ECONNRESET",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::Interrupted => "EINTR",
        ErrorKind::InvalidInput => "EINVAL",
        ErrorKind::NetworkDown => "ENETDOWN",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::NotConnected => "ENOTCONN",
        ErrorKind::NotFound => "ENOENT",
        ErrorKind::OutOfMemory => "ENOMEM",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::WouldBlock => "EAGAIN",
        _ => "",
    }
}

/// The errors of this crate that have a code. Each has one sentence, its [`Display`](fmt::Display).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NetError {
    /// `listen` on a server that listens.
    AlreadyListening,
    /// `run` or `close` on a server that does not listen.
    NotListening,
    /// `run` on a server that runs.
    ServerRuns,
    /// `run` on a socket that runs, or ran before, or is run by its server.
    SocketRuns,
    /// A blocking write would wait for a socket that no thread runs.
    NotRunYet,
    /// A blocking write would wait for a connection, inside a listener that delays this connection.
    NotConnectedYet,
    /// A write after `end()`.
    WriteAfterEnd,
    /// A write after the peer's end, on a socket that does not allow half-open connections.
    EndedByPeer,
    /// A write after `destroy()`, or a write that `destroy()` gave up.
    Destroyed,
    /// A write that waited for a connection which was never established.
    ClosedBeforeConnection,
    /// The resolver knows no address of this host.
    HostNotFound(String),
    /// The folder in which a Unix domain socket should be created does not exist.
    #[cfg_attr(not(unix), allow(dead_code))]
    FolderMissing { path: String },
    /// A failed system call, or a copy of an error that is not ours.
    Described { code: &'static str, message: String },
}

impl NetError {
    fn code(&self) -> &'static str {
        match self {
            NetError::AlreadyListening => "ERR_SERVER_ALREADY_LISTEN",
            NetError::NotListening => "ERR_SERVER_NOT_RUNNING",
            NetError::ServerRuns
            | NetError::SocketRuns
            | NetError::NotRunYet
            | NetError::NotConnectedYet => "ERR_INVALID_STATE",
            NetError::WriteAfterEnd => "ERR_STREAM_WRITE_AFTER_END",
            NetError::EndedByPeer => "EPIPE",
            NetError::Destroyed => "ERR_STREAM_DESTROYED",
            NetError::ClosedBeforeConnection => "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
            NetError::HostNotFound(_) => "ENOTFOUND",
            NetError::FolderMissing { .. } => "EACCES",
            NetError::Described { code, .. } => code,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            NetError::AlreadyListening | NetError::ServerRuns | NetError::SocketRuns => {
                ErrorKind::InvalidInput
            }
            NetError::NotListening | NetError::NotRunYet | NetError::NotConnectedYet => {
                ErrorKind::NotConnected
            }
            NetError::WriteAfterEnd
            | NetError::EndedByPeer
            | NetError::Destroyed
            | NetError::ClosedBeforeConnection => ErrorKind::BrokenPipe,
            NetError::HostNotFound(_) | NetError::FolderMissing { .. } => ErrorKind::NotFound,
            NetError::Described { .. } => ErrorKind::Other,
        }
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NetError::AlreadyListening => {
                "Listen method has been called more than once without closing."
            }
            NetError::NotListening => "Server is not running.",
            NetError::ServerRuns => "this server runs already",
            NetError::SocketRuns => {
                "this socket runs already, or ran before, or is run by its server"
            }
            NetError::NotRunYet => {
                "this socket does not run yet, and the bytes before these fill its queue: call spawn() first"
            }
            NetError::NotConnectedYet => {
                "this socket is not connected yet, and will not be before this listener has returned"
            }
            NetError::WriteAfterEnd => "write after end",
            NetError::EndedByPeer => "this socket has been ended by the other party",
            NetError::Destroyed => "cannot call write after a stream was destroyed",
            NetError::ClosedBeforeConnection => {
                "socket closed before the connection was established"
            }
            NetError::HostNotFound(host) => return write!(f, "getaddrinfo ENOTFOUND {host}"),
            NetError::FolderMissing { path } => {
                return write!(f, "listen EACCES: the folder of {path} does not exist");
            }
            NetError::Described { message, .. } => message,
        })
    }
}

impl Error for NetError {}

impl From<NetError> for io::Error {
    fn from(error: NetError) -> Self {
        io::Error::new(error.kind(), error)
    }
}

fn downcast(error: &io::Error) -> Option<&NetError> {
    error.get_ref()?.downcast_ref()
}

/// The error of a system call, in Node's form: `connect ECONNREFUSED 127.0.0.1:5000`,
/// `read ECONNRESET`. An empty `subject` is left out.
pub(crate) fn from_syscall(call: &str, subject: &str, error: io::Error) -> io::Error {
    let code = static_code(&error);
    let mut message = format!("{call} {}", if code.is_empty() { "failed" } else { code });
    if code == "EADDRINUSE" {
        message.push_str(": address already in use");
    } else if code == "EINVAL" && error.raw_os_error().is_none() {
        // std refuses this before the kernel sees it: the path of a Unix domain socket that is too
        // long or contains a NUL.
        message = format!("{message}: {error},");
    } else if code.is_empty() {
        message = format!("{message}: {error}");
    }
    if !subject.is_empty() {
        message = format!("{message} {subject}");
    }
    io::Error::new(error.kind(), NetError::Described { code, message })
}

/// A copy with the same kind, code and text: `io::Error` is not `Clone`. The copy holds no value of
/// the user. May run the user's `Display`.
pub(crate) fn duplicate(error: &io::Error) -> io::Error {
    match (downcast(error), error.raw_os_error()) {
        (Some(ours), _) => io::Error::new(error.kind(), ours.clone()),
        (None, Some(number)) => io::Error::from_raw_os_error(number),
        (None, None) => {
            let (code, message) = (static_code(error), text_of(error));
            io::Error::new(error.kind(), NetError::Described { code, message })
        }
    }
}

/// The text of an error that may be the user's: its `Display` may panic.
pub(crate) fn text_of(error: &io::Error) -> String {
    let mut text = String::new();
    match panics::catch(|| text = error.to_string()) {
        None => text,
        Some(panic) => {
            panics::discard(panic);
            "an error whose Display panics".to_string()
        }
    }
}

/// Writes one line to standard error, for a failure that has no `Error` listener.
pub(crate) fn report_to_stderr(failure: &str) {
    stderr::write_line(format!("net_notes: {failure}"));
}

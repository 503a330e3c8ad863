//! Errors with Node's codes.
//!
//! Every error of this crate is an [`io::Error`], so `?` works; [`code`] gives the name that Node's `error.code` has.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::panics;
use crate::stderr;

pub(crate) const ALREADY_LISTEN: &str = "ERR_SERVER_ALREADY_LISTEN";
pub(crate) const NOT_RUNNING: &str = "ERR_SERVER_NOT_RUNNING";
pub(crate) const INVALID_STATE: &str = "ERR_INVALID_STATE";
pub(crate) const WRITE_AFTER_END: &str = "ERR_STREAM_WRITE_AFTER_END";
pub(crate) const STREAM_DESTROYED: &str = "ERR_STREAM_DESTROYED";
pub(crate) const CLOSED_BEFORE_CONNECTION: &str = "ERR_SOCKET_CLOSED_BEFORE_CONNECTION";

/// The code of an error as Node names it: `"ECONNREFUSED"`, `"EADDRINUSE"`, `"ENOTFOUND"`, `"ETIMEDOUT"`,
/// `"ERR_STREAM_WRITE_AFTER_END"`, …; `""` where there is none. Node: `error.code`.
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
    name(error)
}

/// [`code`], which never borrows from the error: all names are built in.
fn name(error: &io::Error) -> &'static str {
    if let Some(coded) = coded(error) {
        return coded.code;
    }
    // The kernel's numbers that std files under a broader kind, or under none. They agree on Linux and macOS.
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

/// What our own errors carry: the code, and a message in Node's form.
#[derive(Debug, Clone)]
struct Coded {
    code: &'static str,
    message: String,
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Coded {}

fn coded(error: &io::Error) -> Option<&Coded> {
    error.get_ref()?.downcast_ref()
}

/// An error with a code and a message of its own.
pub(crate) fn with_code(
    kind: ErrorKind,
    code: &'static str,
    message: impl Into<String>,
) -> io::Error {
    io::Error::new(kind, Coded { code, message: message.into() })
}

/// The error of a system call, told as Node tells it: `connect ECONNREFUSED 127.0.0.1:5000`, `read ECONNRESET`.
pub(crate) fn of_call(call: &str, subject: &str, error: io::Error) -> io::Error {
    let code = name(&error);
    let mut message = format!("{call} {}", if code.is_empty() { "failed" } else { code });
    if code == "EADDRINUSE" {
        message.push_str(": address already in use");
    } else if code == "EINVAL" && error.raw_os_error().is_none() {
        // std refuses it before the kernel sees it: a path too long for a Unix domain socket, or with a zero in it.
        message = format!("{message}: {error},");
    } else if code.is_empty() {
        message = format!("{message}: {error}");
    }
    if !subject.is_empty() {
        message = format!("{message} {subject}");
    }
    io::Error::new(error.kind(), Coded { code, message })
}

/// Why a write was refused or given up.
pub(crate) fn refused_write(code: &'static str) -> io::Error {
    let message = match code {
        WRITE_AFTER_END => "write after end",
        STREAM_DESTROYED => "cannot call write after a stream was destroyed",
        CLOSED_BEFORE_CONNECTION => "socket closed before the connection was established",
        _ => "this socket has been ended by the other party",
    };
    with_code(ErrorKind::BrokenPipe, code, message)
}

/// A second error that says the same: `io::Error` is not `Clone`. It holds nothing of the user. May run the user's `Display`.
pub(crate) fn duplicate(error: &io::Error) -> io::Error {
    match (coded(error), error.raw_os_error()) {
        (Some(coded), _) => io::Error::new(error.kind(), coded.clone()),
        (None, Some(number)) => io::Error::from_raw_os_error(number),
        (None, None) => {
            let message = text_of(error);
            io::Error::new(error.kind(), Coded { code: name(error), message })
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

/// Writes one line to standard error, for a failure that nobody listens to.
pub(crate) fn report(what: &str) {
    stderr::write_line(format!("net_notes: {what}"));
}

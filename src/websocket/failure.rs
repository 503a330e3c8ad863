//! [`Failure`]: why a connection cannot go on as a WebSocket.

use std::{error, fmt, io};

/// A peer that breaks the protocol (RFC 6455 7.1.7): the code and the reason that our closing frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: u16,
    pub(super) why: &'static str,
}

/// Frames that are not as the protocol demands.
pub(super) fn protocol(why: &'static str) -> Failure {
    Failure { code: 1002, why }
}

pub(super) fn not_utf8() -> Failure {
    Failure { code: 1007, why: "text that is not UTF-8" }
}

pub(super) fn too_big(why: &'static str) -> Failure {
    Failure { code: 1009, why }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl error::Error for Failure {}

/// Through `Frames`, whose errors are those of `io`.
impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, failure)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let failure = error.get_ref().and_then(|inner| inner.downcast_ref());
        failure.copied().unwrap_or(protocol("not a frame"))
    }
}

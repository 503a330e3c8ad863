//! [`ProtocolFailure`]: the reason why a connection cannot continue as a WebSocket.

use std::{error, fmt, io};

/// A violation of the protocol by the peer (RFC 6455 7.1.7): the code and the reason for our
/// closing frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProtocolFailure {
    pub(super) code: u16,
    pub(super) why: &'static str,
}

/// A violation of the framing rules.
pub(super) fn protocol(why: &'static str) -> ProtocolFailure {
    ProtocolFailure { code: 1002, why }
}

pub(super) fn not_utf8() -> ProtocolFailure {
    ProtocolFailure { code: 1007, why: "text that is not UTF-8" }
}

pub(super) fn too_big(why: &'static str) -> ProtocolFailure {
    ProtocolFailure { code: 1009, why }
}

impl fmt::Display for ProtocolFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl error::Error for ProtocolFailure {}

/// For `Frames`, whose function returns an `io::Error`.
impl From<ProtocolFailure> for io::Error {
    fn from(failure: ProtocolFailure) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, failure)
    }
}

impl From<io::Error> for ProtocolFailure {
    fn from(error: io::Error) -> Self {
        let failure = error.get_ref().and_then(|inner| inner.downcast_ref());
        failure.copied().unwrap_or(protocol("not a frame"))
    }
}

//! The closing frame: a code, and a human-readable reason (RFC 6455 5.5.1 and 7.4).

use super::failure::{ProtocolFailure, not_utf8, protocol};
use super::frame::CONTROL_BYTES_MAX;

/// The end of a WebSocket: the argument of [`on_close`](super::WebSocket::on_close). Browser:
/// `CloseEvent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code of the client's closing frame: 1000, finished; 1001, its page was left; RFC 6455
    /// 7.4 defines others. Two codes are never sent: 1005, the closing frame had no code; 1006,
    /// there was no closing frame. If the client has violated the protocol: the code that was sent
    /// to it, 1002, 1007 or 1009.
    pub code: u16,
    /// The reason in the client's closing frame, or the reason that was sent to it when it violated
    /// the protocol. Often empty.
    pub reason: String,
    /// Whether the client has sent a valid closing frame.
    pub was_clean: bool,
}

/// The code of a closing frame without a code.
const NO_STATUS_CODE: u16 = 1005;

impl Closed {
    /// The end without a closing frame.
    pub(super) fn abnormal() -> Closed {
        Closed { code: 1006, reason: String::new(), was_clean: false }
    }

    pub(super) fn failed(failure: ProtocolFailure) -> Closed {
        Closed { code: failure.code, reason: failure.why.to_string(), was_clean: false }
    }

    /// Parses the payload of a client's closing frame.
    pub(super) fn parse(payload: &[u8]) -> Result<Closed, ProtocolFailure> {
        let (code, reason) = match payload {
            [] => (NO_STATUS_CODE, &[][..]),
            [_] => return Err(protocol("half a code to close with")),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        if !payload.is_empty() && !may_be_sent(code) {
            return Err(protocol("a code to close with that must not be sent"));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| not_utf8())?;
        Ok(Closed { code, reason: reason.to_string(), was_clean: true })
    }

    /// The payload of the answer to the client's closing frame: the same code.
    pub(super) fn answer(&self) -> Vec<u8> {
        if self.code == NO_STATUS_CODE { Vec::new() } else { self.code.to_be_bytes().to_vec() }
    }
}

/// Whether a code may be in a closing frame: a defined code that is not reserved, or a code of a
/// library (3000) or a program (4000).
pub(super) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The payload of a closing frame. A long reason is cut at the end of a character.
pub(super) fn payload(code: u16, reason: &str) -> Vec<u8> {
    let mut end = reason.len().min(CONTROL_BYTES_MAX - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    [&code.to_be_bytes(), &reason.as_bytes()[..end]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_where_a_character_ends() {
        assert_eq!(payload(1000, ""), [3, 232]);
        assert_eq!(payload(1000, &"a".repeat(200)).len(), 125);
        let cut = payload(4000, &"你".repeat(100)); // 123 = 41 × 3
        assert_eq!(Closed::parse(&cut).map(|close| close.reason.chars().count()), Ok(41));
        let cut = payload(4000, &format!("a{}", "你".repeat(100)));
        assert_eq!(Closed::parse(&cut).map(|close| close.reason.chars().count()), Ok(41));
    }
}

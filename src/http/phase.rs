//! The state of a connection of a server, and its deadline.
//!
//! ```text
//! Idle ◀──▶ Receiving ──▶ Handling ──▶ Answered ──▶ Flushing ──▶ Idle       and the next request
//!                             └──▶ Outstanding ─────────┘
//!
//! Handling, Outstanding ──▶ Upgrading ──▶ Upgraded          the socket belongs to the user
//! any but Upgraded ──▶ Closing                              the last answer is given
//! ```

use std::time::{Duration, Instant};

use super::options::Options;
use crate::socket::EventSocket;

/// The function of the handler that takes the socket.
pub(super) type TakeSocket = Box<dyn FnOnce(&EventSocket, &[u8]) + Send>;

pub(super) enum Phase {
    /// No byte of a next request has arrived since this time.
    Idle {
        since: Instant,
    },
    /// A part of a request has arrived. The time counts from its first byte, and not from its last:
    /// otherwise a client that sends a byte now and then would hold the thread for ever.
    Receiving {
        since: Instant,
    },
    /// The handler runs, and its response is open.
    Handling,
    /// The handler runs, and its response has ended. `sent`: the kernel has taken all of it.
    Answered {
        sent: bool,
    },
    /// The handler has returned, and its response is open.
    Outstanding,
    /// The response has ended, and the kernel has not taken all of it. The next request waits: more
    /// answers would fill the memory if the client does not read.
    Flushing,
    /// The handler has asked for the socket, and gets it after it has returned.
    Upgrading(TakeSocket),
    Upgraded,
    /// The last answer is given. Bytes that still arrive are dropped: closing with unread bytes
    /// would reset the connection.
    Closing,
}

impl Phase {
    /// Whether the next request may be handled.
    pub(super) fn takes_requests(&self) -> bool {
        matches!(self, Phase::Idle { .. } | Phase::Receiving { .. })
    }

    /// Whether a response is open.
    pub(super) fn has_response(&self) -> bool {
        matches!(self, Phase::Handling | Phase::Outstanding)
    }

    /// Waits for the next request. `nothing`: no byte of it has arrived.
    pub(super) fn wait_for_request(&mut self, nothing: bool) {
        let now = Instant::now();
        *self = match self {
            _ if nothing => Phase::Idle { since: now },
            Phase::Receiving { since } => Phase::Receiving { since: *since },
            _ => Phase::Receiving { since: now },
        };
    }

    /// The time at which to end the connection, if nothing happens before. `stalled`: when the
    /// client last took some of the queued bytes. `None`: the handler is working, or the client has
    /// taken everything.
    pub(super) fn deadline(&self, options: &Options, stalled: Option<Instant>) -> Option<Instant> {
        let (since, limit): (Instant, Duration) = match self {
            Phase::Idle { since } => (*since, options.idle_timeout),
            Phase::Receiving { since } => (*since, options.request_timeout),
            Phase::Upgraded => return None,
            _ => (stalled?, options.idle_timeout),
        };
        since.checked_add(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_its_deadline() {
        let ms = Duration::from_millis;
        let options = Options::default().idle_timeout(ms(100)).request_timeout(ms(10));
        let since = Instant::now();
        let stalled = since + ms(1);
        for (phase, unstalled) in [
            (Phase::Idle { since }, Some(since + ms(100))),
            (Phase::Receiving { since }, Some(since + ms(10))),
            (Phase::Handling, None),
            (Phase::Answered { sent: false }, None),
            (Phase::Outstanding, None),
            (Phase::Flushing, None),
            (Phase::Closing, None),
        ] {
            assert_eq!(phase.deadline(&options, None), unstalled);
            let expected = unstalled.or(Some(stalled + ms(100)));
            assert_eq!(phase.deadline(&options, Some(stalled)), expected);
        }
        assert_eq!(Phase::Upgraded.deadline(&options, Some(stalled)), None);
        let for_ever = Options::default().idle_timeout(Duration::ZERO);
        assert_eq!(Phase::Idle { since }.deadline(&for_ever, None), None);
    }

    #[test]
    fn a_request_counts_from_its_first_byte() {
        let mut phase = Phase::Answered { sent: true };
        phase.wait_for_request(false);
        let Phase::Receiving { since } = phase else { panic!("part of a request is there") };
        phase.wait_for_request(false);
        assert!(matches!(phase, Phase::Receiving { since: same } if same == since));
        phase.wait_for_request(true);
        assert!(matches!(phase, Phase::Idle { .. }));
    }
}

//! What crosses the wire, for those who want to watch: `NET_TRACE=1`, and [`Recorder`](crate::trace::Recorder).

use std::env;
use std::sync::OnceLock;
use std::time::Instant;

use crate::endpoint::Address;
use crate::quote::{milliseconds, quoted};
use crate::stderr;

/// One thing that happened to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WireEvent<'a> {
    /// We ask for a connection to there. Its time is that of asking: the SYN goes out now.
    Connect(&'a Address),
    /// It was given to us.
    Connected { local: Option<&'a Address>, remote: &'a Address },
    /// A listener of ours gave us a connection from there. A client on a Unix domain socket has no address.
    Accept { local: Option<&'a Address>, remote: Option<&'a Address> },
    /// The kernel took these bytes. Its time is the moment before the call.
    Sent(&'a [u8]),
    /// The kernel gave us these bytes.
    Received(&'a [u8]),
    /// We ended our side. Its time is the moment before the call.
    SentFin,
    /// The peer ended its side.
    ReceivedFin,
    /// The peer, or something on the way, cut the connection off.
    Reset,
    /// No descriptor any more.
    Close,
}

/// An observer of one connection. Called on the thread that did the thing, never under the lock of the socket.
pub(crate) trait Observer: Send + Sync {
    fn on_event(&self, at: Instant, what: WireEvent<'_>);
}

/// The watcher of `NET_TRACE=1`, if the environment says so: prints on standard error.
pub(crate) fn printer(socket: u64, kind: &'static str) -> Option<Box<dyn Observer>> {
    static WANTED: OnceLock<bool> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        beginning();
        env::var_os("NET_TRACE").is_some_and(|value| !value.is_empty() && value != "0")
    });
    wanted.then(|| Box::new(Printer { socket, kind }) as Box<dyn Observer>)
}

/// The moment all times are counted from: the first use of this crate's tracing.
fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}

struct Printer {
    socket: u64,
    kind: &'static str,
}

impl Observer for Printer {
    fn on_event(&self, at: Instant, what: WireEvent<'_>) {
        let data = |bytes: &[u8]| format!("data {} B {}", bytes.len(), quoted(bytes, 48));
        let (arrow, what) = match what {
            WireEvent::Connect(to) => ("→", format!("connect {to}")),
            WireEvent::Connected { .. } => ("←", "connected".to_string()),
            WireEvent::Accept { remote: None, .. } => ("←", "connect".to_string()),
            WireEvent::Accept { remote: Some(from), .. } => ("←", format!("connect {from}")),
            WireEvent::Sent(bytes) => ("→", data(bytes)),
            WireEvent::Received(bytes) => ("←", data(bytes)),
            WireEvent::SentFin => ("→", "FIN".to_string()),
            WireEvent::ReceivedFin => ("←", "FIN".to_string()),
            WireEvent::Reset => ("←", "reset".to_string()),
            WireEvent::Close => ("×", "close".to_string()),
        };
        let since = milliseconds(at.saturating_duration_since(beginning()));
        stderr::write_line(format!("{since} ms  #{} {:<6} {arrow} {what}", self.socket, self.kind));
    }
}

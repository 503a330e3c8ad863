//! `NET_TRACE=1`: a line on standard error for each event.

use std::sync::OnceLock;
use std::time::Instant;

use super::call_site::CallSite;
use super::event::{Observer, WireEvent};
use crate::quote::{milliseconds, quoted};
use crate::stderr;

/// The maximum width of the bytes in a line, in columns.
const DATA_WIDTH: usize = 48;

/// Prints the events of one socket.
pub(super) struct Printer {
    socket: u64,
    kind: &'static str,
}

impl Printer {
    pub(super) fn new(socket: u64, kind: &'static str) -> Printer {
        beginning();
        Printer { socket, kind }
    }
}

/// Returns the moment from which all times are counted: the creation of the first socket.
fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}

impl Observer for Printer {
    fn on_event(&self, time: Instant, _site: CallSite, event: WireEvent<'_>) {
        let data = |bytes: &[u8]| format!("data {} B {}", bytes.len(), quoted(bytes, DATA_WIDTH));
        let (arrow, text) = match event {
            WireEvent::Connect(to) => ("→", format!("connect {to}")),
            WireEvent::Connected { .. } => ("←", "connected".to_string()),
            WireEvent::Accept { remote: None, .. } => ("←", "connect".to_string()),
            WireEvent::Accept { remote: Some(from), .. } => ("←", format!("connect {from}")),
            WireEvent::Sent { bytes, .. } => ("→", data(bytes)),
            WireEvent::Received(bytes) => ("←", data(bytes)),
            WireEvent::SentFin => ("→", "FIN".to_string()),
            WireEvent::ReceivedFin => ("←", "FIN".to_string()),
            WireEvent::Reset => ("←", "reset".to_string()),
            WireEvent::Close => ("×", "close".to_string()),
        };
        let since = milliseconds(time.saturating_duration_since(beginning()));
        stderr::write_line(format!("{since} ms  #{} {:<6} {arrow} {text}", self.socket, self.kind));
    }
}

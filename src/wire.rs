//! What crosses the wire, for those who want to watch: `NET_TRACE=1`, and [`Recorder`](crate::trace::Recorder).

use std::env;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::endpoint::Address;
use crate::stderr;

/// One thing that happened to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire<'a> {
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
pub(crate) trait Tap: Send + Sync {
    fn crossed(&self, at: Instant, what: Wire<'_>);
}

/// The watcher of `NET_TRACE=1`, if the environment says so: prints on standard error.
pub(crate) fn printer(socket: u64, kind: &'static str) -> Option<Box<dyn Tap>> {
    static WANTED: OnceLock<bool> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        beginning();
        env::var_os("NET_TRACE").is_some_and(|value| !value.is_empty() && value != "0")
    });
    wanted.then(|| Box::new(Printer { socket, kind }) as Box<dyn Tap>)
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

impl Tap for Printer {
    fn crossed(&self, at: Instant, what: Wire<'_>) {
        let data = |bytes: &[u8]| format!("data {} B {}", bytes.len(), quoted(bytes, 48));
        let (arrow, what) = match what {
            Wire::Connect(to) => ("→", format!("connect {to}")),
            Wire::Connected { .. } => ("←", "connected".to_string()),
            Wire::Accept { remote: None, .. } => ("←", "connect".to_string()),
            Wire::Accept { remote: Some(from), .. } => ("←", format!("connect {from}")),
            Wire::Sent(bytes) => ("→", data(bytes)),
            Wire::Received(bytes) => ("←", data(bytes)),
            Wire::SentFin => ("→", "FIN".to_string()),
            Wire::ReceivedFin => ("←", "FIN".to_string()),
            Wire::Reset => ("←", "reset".to_string()),
            Wire::Close => ("×", "close".to_string()),
        };
        let since = milliseconds(at.saturating_duration_since(beginning()));
        stderr::write_line(format!("{since} ms  #{} {:<6} {arrow} {what}", self.socket, self.kind));
    }
}

/// `   0.123`: milliseconds, in a column.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:>8.3}", time.as_secs_f64() * 1e3)
}

/// Bytes as text in quotes, escaped so that the line ends and the invisible show, cut to `width` columns.
pub(crate) fn quoted(bytes: &[u8], width: usize) -> String {
    format!("\"{}\"", escaped(bytes, width - 2))
}

/// The same without the quotes.
pub(crate) fn escaped(bytes: &[u8], width: usize) -> String {
    let bytes = &bytes[..bytes.len().min(4 * width)]; // no character has more than four
    let pieces = bytes.utf8_chunks().flat_map(|chunk| {
        let text = chunk.valid().chars().map(|c| match c {
            '\'' => "'".to_string(), // needs no escape between double quotes
            _ => c.escape_debug().to_string(),
        });
        text.chain(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")))
    });
    let mut text = String::new();
    for piece in pieces {
        if columns(&text) + columns(&piece) + 1 > width {
            return text + "…";
        }
        text.push_str(&piece);
    }
    text
}

/// How wide a terminal shows a text: Chinese characters and most of what follows them take two columns.
pub(crate) fn columns(text: &str) -> usize {
    let wide =
        |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{d7a3}' | '\u{f900}'.. );
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_and_cut() {
        assert_eq!(quoted(b"Bye!\n\r", 20), r#""Bye!\n\r""#);
        assert_eq!(quoted(b"\x00\xff 'a' \"b\"", 40), r#""\0\xff 'a' \"b\"""#);
        assert_eq!(quoted("套接字".as_bytes(), 9), "\"套接字\"");
        assert_eq!(quoted("套接字".as_bytes(), 7), "\"套接…\"");
        assert_eq!(quoted(&"套".as_bytes()[..2], 20), r#""\xe5\xa5""#);
        assert_eq!(quoted(b"abcdefgh", 8), "\"abcde…\"");
        assert_eq!(quoted(&[b'a'; 1000], 10).chars().count(), 10);
    }
}

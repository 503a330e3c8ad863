//! The lines that a viewer reads: version 1 of the format that [`trace`](crate::trace) describes.

use std::fmt::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use super::call_site::CallSite;
use super::event::WireEvent;
use crate::endpoint::Address;

/// The first line of a connection.
pub(super) const VERSION: &str = "net-trace 1\n";

/// The largest number of bytes of one event that are sent.
const DATA_MAX: usize = 4096;

/// The largest number of bytes of a line that are not data, as a rule.
const HEAD_MAX: usize = 160;

/// A number of events, and of the bytes that were sent or received in them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

impl Count {
    pub(super) fn add(&mut self, other: Count) {
        self.events += other.events;
        self.bytes += other.bytes;
    }
}

/// A line, and the events that it represents.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) count: Count,
}

/// The second line: the program, and the time at which its clock began.
pub(super) fn hello(name: &str, source: CallSite, began: Duration) -> String {
    let source = source.file().unwrap_or("-");
    let began = format!("{}.{:06}", began.as_secs(), began.subsec_micros());
    format!("0 {} hello {} {} unix={began}\n", pid(), Field(name), Field(source))
}

/// Events that are not sent: only their number is known, and the number of bytes in them.
pub(super) fn lost(time: Duration, count: Count) -> Line {
    let Count { events, bytes } = count;
    let text = format!("{} {} lost {events} {bytes}\n", time.as_micros(), pid());
    Line { text, count }
}

/// One event of a socket.
pub(super) fn event(time: Duration, socket: u64, site: CallSite, event: WireEvent<'_>) -> Line {
    let data = data(&event);
    let shown = &data[..data.len().min(DATA_MAX)];
    let mut text = String::with_capacity(HEAD_MAX + 2 * shown.len());
    let began = write!(text, "{} {}.{socket} ", time.as_micros(), pid());
    let kind = match event {
        WireEvent::Connect(to) => write!(text, "connect {}", Field(to)),
        WireEvent::Connected { local, remote } => {
            write!(text, "connected {} {}", End(local), Field(remote))
        }
        WireEvent::Accept { local, remote } => {
            write!(text, "accept {} {}", End(local), End(remote))
        }
        WireEvent::Sent { queued: 0, .. } => write!(text, "sent {}", data.len()),
        WireEvent::Sent { queued, .. } => write!(text, "sent {} q={queued}", data.len()),
        WireEvent::Received(_) => write!(text, "received {}", data.len()),
        WireEvent::SentFin => text.write_str("sent-fin"),
        WireEvent::ReceivedFin => text.write_str("received-fin"),
        WireEvent::Reset => text.write_str("reset"),
        WireEvent::Close => text.write_str("close"),
    };
    let at = match site.file() {
        Some(_) => write!(text, " at={}", Field(site)),
        None => Ok(()),
    };
    debug_assert!(began.and(kind).and(at).is_ok(), "a String takes everything");
    if !data.is_empty() {
        text.push(' ');
        push_hex(&mut text, shown);
    }
    text.push('\n');
    Line { text, count: Count { events: 1, bytes: data.len() as u64 } }
}

/// Counts an event that finds no room, and is not written as a line.
pub(super) fn count(event: &WireEvent<'_>) -> Count {
    Count { events: 1, bytes: data(event).len() as u64 }
}

fn data<'e>(event: &WireEvent<'e>) -> &'e [u8] {
    match event {
        WireEvent::Sent { bytes, .. } | WireEvent::Received(bytes) => bytes,
        _ => &[],
    }
}

/// Returns the number of this process. Read once, as it is a system call.
fn pid() -> u32 {
    static PID: OnceLock<u32> = OnceLock::new();
    *PID.get_or_init(std::process::id)
}

/// As numbers of 16 bytes: std formats them fast, also where this crate is not optimised.
fn push_hex(text: &mut String, bytes: &[u8]) {
    let mut numbers = bytes.chunks_exact(16);
    for bytes in &mut numbers {
        let number = bytes.try_into().map(u128::from_be_bytes).unwrap_or_default();
        let _ = write!(text, "{number:032x}");
    }
    for byte in numbers.remainder() {
        let _ = write!(text, "{byte:02x}");
    }
}

/// A text as one field of a line: spaces, control characters and `%` are written as `%20` and the
/// like.
struct Field<T>(T);

impl<T: fmt::Display> fmt::Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaped(f), "{}", self.0)
    }
}

struct Escaped<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_special = |c: char| c == ' ' || c == '%' || c.is_control();
        if !text.contains(is_special) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|c| match is_special(c) {
            true => c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|b| write!(self.0, "%{b:02x}")),
            false => self.0.write_char(c),
        })
    }
}

/// The address of an end, which a Unix domain socket may lack.
struct End<'a>(Option<&'a Address>);

impl fmt::Display for End<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => Field(address).fmt(f),
            None => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(what: WireEvent<'_>) -> String {
        let line = event(Duration::from_micros(1234), 7, CallSite::default(), what).text;
        let start = format!("1234 {}.7 ", std::process::id());
        line.strip_prefix(&start).expect("time, process and socket").to_string()
    }

    #[test]
    fn each_kind_has_its_line() {
        let tcp = |port: u16| Address::Tcp(([127, 0, 0, 1], port).into());
        let (here, there) = (tcp(1), tcp(2));
        let sent = |queued| line(WireEvent::Sent { bytes: b"\x00a\xff\n", queued });
        assert_eq!(line(WireEvent::Connect(&there)), "connect 127.0.0.1:2\n");
        let connected = WireEvent::Connected { local: Some(&here), remote: &there };
        assert_eq!(line(connected), "connected 127.0.0.1:1 127.0.0.1:2\n");
        let accept = |remote| line(WireEvent::Accept { local: Some(&here), remote });
        assert_eq!(accept(Some(&there)), "accept 127.0.0.1:1 127.0.0.1:2\n");
        assert_eq!(accept(None), "accept 127.0.0.1:1 -\n");
        assert_eq!(sent(0), "sent 4 0061ff0a\n");
        assert_eq!(sent(5), "sent 4 q=5 0061ff0a\n");
        assert_eq!(line(WireEvent::Received(b"hi")), "received 2 6869\n");
        assert_eq!(line(WireEvent::SentFin), "sent-fin\n");
        assert_eq!(line(WireEvent::ReceivedFin), "received-fin\n");
        assert_eq!(line(WireEvent::Reset), "reset\n");
        assert_eq!(line(WireEvent::Close), "close\n");
        let lost = lost(Duration::from_secs(1), Count { events: 37, bytes: 18_224 });
        assert_eq!(lost.text, format!("1000000 {} lost 37 18224\n", std::process::id()));
    }

    #[test]
    fn of_many_bytes_the_first_are_shown_and_all_are_counted() {
        let data: Vec<u8> = (0..65_536u32).map(|n| n as u8).collect();
        let line = event(Duration::ZERO, 1, CallSite::default(), WireEvent::Received(&data));
        assert_eq!(line.count, Count { events: 1, bytes: 65_536 });
        assert!(line.text.contains(" received 65536 000102"));
        let hex = line.text.trim_end().rsplit(' ').next().expect("a field");
        assert_eq!(hex.len(), 2 * DATA_MAX);
        assert!(line.text.capacity() <= HEAD_MAX + 2 * DATA_MAX, "no more memory than that");
    }

    #[test]
    fn a_field_has_no_space_in_it() {
        assert_eq!(Field("a b%c\n套\u{85}").to_string(), "a%20b%25c%0a套%c2%85");
        let hello =
            hello("my program", CallSite::default(), Duration::new(1_795_828_971, 178_001_999));
        let pid = std::process::id();
        assert_eq!(hello, format!("0 {pid} hello my%20program - unix=1795828971.178001\n"));
    }
}

//! The head of an answer, and its chunks, as sent.

use std::fmt;
use std::io::Write;

use super::date;
use super::status::reason;
use crate::message::Head;

/// The header line that delimits the body, if the handler has not set one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Chunked,
    Length(usize),
    /// 101: another protocol follows.
    Switch,
}

/// The fate of the connection after this answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    Close,
    /// It is kept for this time, for another request. `None`: less than a second, or without a
    /// limit.
    KeepAlive {
        seconds: Option<u64>,
    },
    Upgrade,
}

/// Appends the whole head, with the blank line.
pub(super) fn push_head(
    out: &mut Vec<u8>,
    status: u16,
    head: &Head,
    framing: Framing,
    persistence: Persistence,
) {
    push_line(out, format_args!("HTTP/1.1 {status} {}", reason(status)));
    if head.header("date").is_none() {
        out.extend_from_slice(b"Date: ");
        date::push_current_time(out);
        out.extend_from_slice(b"\r\n");
    }
    for (name, value) in head.headers() {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    match framing {
        Framing::None | Framing::Switch => {}
        Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Framing::Length(length) => push_line(out, format_args!("Content-Length: {length}")),
    }
    match persistence {
        Persistence::Close => out.extend_from_slice(b"Connection: close\r\n"),
        Persistence::Upgrade => out.extend_from_slice(b"Connection: Upgrade\r\n"),
        Persistence::KeepAlive { seconds } => {
            // As in Node: so a client does not send a request at the moment at which the server
            // closes.
            out.extend_from_slice(b"Connection: keep-alive\r\n");
            if let Some(seconds) = seconds {
                push_line(out, format_args!("Keep-Alive: timeout={seconds}"));
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn push_line(out: &mut Vec<u8>, line: fmt::Arguments<'_>) {
    let _ = write!(out, "{line}\r\n"); // writing to memory does not fail
}

/// Appends a chunk with its size line.
pub(super) fn push_chunk(out: &mut Vec<u8>, data: &[u8]) {
    push_line(out, format_args!("{:X}", data.len()));
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

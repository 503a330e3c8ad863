//! The head of an answer, and its chunks, as they go on the wire.

use std::io::Write;

use super::date;
use super::status::reason;
use crate::message::Head;

/// The line of the head that tells how the body is delimited, if it is not the handler's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Chunked,
    Length(usize),
    /// 101: what follows is another protocol.
    Switch,
}

/// What becomes of the connection after this answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    Close,
    /// It is kept so long for another request. `None`: less than a second, or for ever.
    KeepAlive {
        seconds: Option<u64>,
    },
    Upgrade,
}

/// The whole head, with the blank line.
pub(super) fn push_head(
    out: &mut Vec<u8>,
    status: u16,
    head: &Head,
    framing: Framing,
    persistence: Persistence,
) {
    out.extend_from_slice(b"HTTP/1.1 ");
    push_number(out, status.into());
    for part in [" ", reason(status), "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    if head.header("date").is_none() {
        out.extend_from_slice(b"Date: ");
        date::push_now(out);
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
        Framing::Length(length) => push_number_line(out, b"Content-Length: ", length),
    }
    match persistence {
        Persistence::Close => out.extend_from_slice(b"Connection: close\r\n"),
        Persistence::Upgrade => out.extend_from_slice(b"Connection: Upgrade\r\n"),
        Persistence::KeepAlive { seconds } => {
            // As Node: so that a client does not ask again at the very moment at which the server gives up.
            out.extend_from_slice(b"Connection: keep-alive\r\n");
            if let Some(seconds) = seconds {
                push_number_line(out, b"Keep-Alive: timeout=", seconds as usize);
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn push_number_line(out: &mut Vec<u8>, name: &[u8], number: usize) {
    out.extend_from_slice(name);
    push_number(out, number);
    out.extend_from_slice(b"\r\n");
}

/// By hand, as the formatting of std takes longer than all the rest of a short answer.
fn push_number(out: &mut Vec<u8>, mut number: usize) {
    let begin = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out[begin..].reverse();
}

pub(super) fn push_chunk(out: &mut Vec<u8>, data: &[u8]) {
    let _ = write!(out, "{:X}\r\n", data.len()); // to memory: it does not fail
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

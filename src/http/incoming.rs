//! From pieces of a stream to requests.

use super::chunked::{BadChunk, Chunked};
use super::request::{Exchange, Facts, Length, Request};
use super::status::{Refusal, refuse};
use crate::message::{Head, Limits, Parsed, Parser};

/// What came from a client and was not handled yet.
#[derive(Debug)]
pub(super) struct Incoming {
    parser: Parser,
    /// The head whose body is still to come.
    begun: Option<Begun>,
    /// A request was refused for its head; whether its method was HEAD.
    refused: Option<bool>,
}

#[derive(Debug)]
struct Begun {
    head: Head,
    facts: Facts,
    body: Body,
    /// "100 Continue" was said.
    continued: bool,
}

#[derive(Debug)]
enum Body {
    Counted(usize),
    Chunked(Chunked),
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    Partial,
    /// The client waits for leave to send the body; to be asked again after.
    Continue,
    Complete(Request, Exchange),
}

impl Incoming {
    pub(super) fn new(limits: Limits) -> Incoming {
        Incoming { parser: Parser::new(limits), begun: None, refused: None }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.parser.feed(piece);
    }

    /// No part of a request is here.
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_none() && self.parser.is_empty()
    }

    /// How many bytes have arrived and were not taken.
    pub(super) fn length(&self) -> usize {
        self.parser.unread().len()
    }

    /// Takes what has arrived behind the last request.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        self.parser.take_rest()
    }

    /// Whether the method of the request that is being read, or is being refused, is HEAD, as far as it has arrived.
    pub(super) fn is_head(&self) -> bool {
        let begun = self.begun.as_ref().map(|begun| begun.head.start().as_bytes());
        let start = begun.unwrap_or(self.parser.started());
        self.refused.unwrap_or_else(|| start.starts_with(b"HEAD "))
    }

    /// The next request, once it is complete.
    pub(super) fn next(&mut self) -> Result<Next, Refusal> {
        let begun = match &mut self.begun {
            Some(begun) => begun,
            None => {
                let Parsed::Complete(head) = self.parser.head()? else { return Ok(Next::Partial) };
                let facts = Facts::of(&head).inspect_err(|_| {
                    self.refused = Some(head.start().starts_with("HEAD "));
                })?;
                if facts.length == Length::Counted(0) {
                    let request = Request::new(head, &facts, Vec::new());
                    return Ok(Next::Complete(request, facts.exchange));
                }
                let body = match facts.length {
                    Length::Counted(length) => Body::Counted(length),
                    Length::Chunked => Body::Chunked(Chunked::new(self.parser.limits().body)),
                };
                self.begun.insert(Begun { head, facts, body, continued: false })
            }
        };
        let body = match &mut begun.body {
            Body::Counted(length) => match self.parser.body(*length)? {
                Parsed::Complete(body) => Some(body),
                Parsed::Partial => None,
            },
            Body::Chunked(chunked) => chunked.decode(&mut self.parser)?,
        };
        let Some(body) = body else {
            // A client that sends the body already does not wait.
            let waits = begun.facts.expects_continue && self.parser.unread().is_empty();
            let first = waits && !std::mem::replace(&mut begun.continued, true);
            return Ok(if first { Next::Continue } else { Next::Partial });
        };
        Ok(match self.begun.take() {
            Some(Begun { head, facts, .. }) => {
                Next::Complete(Request::new(head, &facts, body), facts.exchange)
            }
            None => Next::Partial,
        })
    }
}

impl From<BadChunk> for Refusal {
    fn from(bad: BadChunk) -> Self {
        match bad {
            BadChunk::Malformed => refuse(400, "a chunk does not begin or end as it has to"),
            BadChunk::TooLarge => refuse(413, "the body is too large"),
            BadChunk::Trailer(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod cases;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(incoming: &mut Incoming) -> Result<Option<String>, Refusal> {
        loop {
            match incoming.next()? {
                Next::Continue => {}
                Next::Partial => return Ok(None),
                Next::Complete(request, _) => {
                    let query = request.query().unwrap_or("-");
                    let (method, path, text) = (request.method(), request.path(), request.text());
                    return Ok(Some(format!("{method} {path} {query} '{text}'")));
                }
            }
        }
    }

    fn whole(wire: &[u8]) -> Result<Option<String>, Refusal> {
        let mut incoming = Incoming::new(Limits::default());
        incoming.feed(wire);
        read(&mut incoming)
    }

    /// In pieces of that many bytes; with the first answer that is not "more, please".
    fn in_pieces(wire: &[u8], size: usize) -> Result<Option<String>, Refusal> {
        let mut incoming = Incoming::new(Limits::default());
        for piece in wire.chunks(size) {
            incoming.feed(piece);
            match read(&mut incoming) {
                Ok(None) => {}
                result => return result,
            }
        }
        Ok(None)
    }

    #[test]
    fn what_is_refused_however_it_is_cut() {
        for case in cases::refused() {
            let expected = Err(refuse(case.status, case.why));
            assert_eq!(whole(&case.request), expected, "{}", case.name);
            for size in [1, 2, 7] {
                assert_eq!(in_pieces(&case.request, size), expected, "{} by {size}", case.name);
            }
        }
    }

    #[test]
    fn what_is_accepted_however_it_is_cut() {
        for (name, wire, seen) in cases::accepted() {
            let expected = Ok(Some(seen.to_string()));
            assert_eq!(whole(wire), expected, "{name}");
            for size in [1, 2, 7] {
                assert_eq!(in_pieces(wire, size), expected, "{name} by {size}");
            }
            assert_eq!(whole(&wire[..wire.len() - 1]), Ok(None), "{name} is complete too early");
        }
    }

    #[test]
    fn requests_in_one_piece_come_one_by_one() {
        let all: Vec<u8> =
            cases::accepted().iter().flat_map(|(_, wire, _)| wire.to_vec()).collect();
        for size in [1, 3, all.len()] {
            let mut incoming = Incoming::new(Limits::default());
            let mut seen = Vec::new();
            for piece in all.chunks(size) {
                incoming.feed(piece);
                while let Some(request) = read(&mut incoming).unwrap() {
                    seen.push(request);
                }
            }
            let expected: Vec<_> = cases::accepted().iter().map(|(.., seen)| *seen).collect();
            assert_eq!(seen, expected);
            assert!(incoming.is_empty());
        }
    }

    #[test]
    fn leave_to_send_is_given_once_and_only_where_it_is_awaited() {
        let head =
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
        let mut incoming = Incoming::new(Limits::default());
        incoming.feed(head);
        assert!(matches!(incoming.next(), Ok(Next::Continue)));
        assert!(matches!(incoming.next(), Ok(Next::Partial)));
        incoming.feed(b"h");
        assert!(matches!(incoming.next(), Ok(Next::Partial)));
        incoming.feed(b"i");
        assert!(matches!(incoming.next(), Ok(Next::Complete(..))));

        let mut incoming = Incoming::new(Limits::default());
        incoming.feed(head);
        incoming.feed(b"h");
        assert!(matches!(incoming.next(), Ok(Next::Partial)));
    }

    #[test]
    fn a_request_is_known_to_be_a_head_from_its_method_on() {
        // All that may be refused, once as GET or POST, and once as HEAD.
        for case in cases::refused() {
            for (method, size) in [(0, 1), (0, 1000), (1, 1), (1, 1000), (1, 7)] {
                let mut wire = case.request.clone();
                let is_head =
                    method == 1 && (wire.starts_with(b"GET ") || wire.starts_with(b"POST "));
                if is_head {
                    let end = wire.iter().position(|byte| *byte == b' ').unwrap();
                    wire.splice(..end, *b"HEAD");
                }
                // Of a next request, which does not count.
                wire.extend(if is_head { b"GET / HTT" } else { b"HEAD / HT" });
                let mut incoming = Incoming::new(Limits::default());
                let refused = wire.chunks(size).any(|piece| {
                    incoming.feed(piece);
                    loop {
                        match incoming.next() {
                            Ok(Next::Continue) => {}
                            result => break result.is_err(),
                        }
                    }
                });
                assert!(refused, "{}", case.name);
                assert_eq!(incoming.is_head(), is_head, "{}, in pieces of {size}", case.name);
            }
        }
        // And one after another.
        let (first, second) =
            ("\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nA b\r\n\r\n");
        let mut incoming = Incoming::new(Limits::default());
        for (at, byte) in (1..).zip([first, second].concat().bytes()) {
            incoming.feed(&[byte]);
            let complete = matches!(incoming.next(), Ok(Next::Complete(..)));
            assert_eq!(complete, at == first.len(), "{at}");
            let is_head = ("\r\nHEAD ".len()..first.len()).contains(&at);
            assert_eq!(incoming.is_head(), is_head, "{at}");
        }
    }

    #[test]
    fn what_the_last_line_of_connection_says_is_not_all() {
        for (lines, kept) in [
            ("Connection: close\r\nConnection: keep-alive\r\n", false),
            ("Connection: keep-alive\r\nConnection: close\r\n", false),
            ("Connection: upgrade\r\nConnection:\r\n", true),
        ] {
            let mut incoming = Incoming::new(Limits::default());
            incoming.feed(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes());
            let Ok(Next::Complete(_, exchange)) = incoming.next() else { panic!("{lines}") };
            assert_eq!(exchange.keep_alive, kept, "{lines:?}");
        }
    }

    #[test]
    fn keep_alive() {
        for (version, connection, kept) in [
            ("1.1", "", true),
            ("1.1", "close", false),
            ("1.1", "Upgrade, CLOSE", false),
            ("1.1", "keep-alive", true),
            ("1.0", "", false),
            ("1.0", "Keep-Alive", true),
            ("1.0", "keep-alive, close", false),
        ] {
            let mut incoming = Incoming::new(Limits::default());
            let line =
                format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n");
            incoming.feed(line.as_bytes());
            let Ok(Next::Complete(_, exchange)) = incoming.next() else { panic!("{line}") };
            assert_eq!(exchange.keep_alive, kept, "{version} {connection:?}");
        }
    }
}

//! [`RequestReader`]: from pieces of a stream to requests.

use super::chunked::{ChunkError, Chunked};
use super::request::{BodyLength, Exchange, HeadFacts, Request};
use super::status::{Refusal, refuse};
use crate::message::{Head, Limits, Parsed, Parser};

/// The bytes of a client that were not handled yet.
#[derive(Debug)]
pub(super) struct RequestReader {
    parser: Parser,
    /// The head of a request whose body has not arrived.
    partial: Option<PartialRequest>,
    /// A request was refused because of its head; whether its method was HEAD.
    refused: Option<bool>,
}

#[derive(Debug)]
struct PartialRequest {
    head: Head,
    facts: HeadFacts,
    body: BodyReader,
    /// Whether "100 Continue" was sent.
    continued: bool,
}

#[derive(Debug)]
enum BodyReader {
    Counted(usize),
    Chunked(Chunked),
}

/// The result of [`RequestReader::next`].
#[derive(Debug)]
pub(super) enum NextRequest {
    Partial,
    /// The client waits for permission to send the body. Call `next` again after sending it.
    Continue,
    Complete(Request, Exchange),
}

impl RequestReader {
    pub(super) fn new(limits: Limits) -> RequestReader {
        RequestReader { parser: Parser::new(limits), partial: None, refused: None }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.parser.feed(piece);
    }

    /// Whether no part of a request has arrived.
    pub(super) fn is_empty(&self) -> bool {
        self.partial.is_none() && self.parser.is_empty()
    }

    /// The number of bytes that have arrived and were not taken.
    pub(super) fn length(&self) -> usize {
        self.parser.unread().len()
    }

    /// Takes the bytes after the last request.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        self.parser.take_rest()
    }

    /// Whether the method of the request that is being read or refused is HEAD, as far as it has
    /// arrived.
    pub(super) fn is_head(&self) -> bool {
        let partial = self.partial.as_ref().map(|partial| partial.head.start().as_bytes());
        let start = partial.unwrap_or(self.parser.started());
        self.refused.unwrap_or_else(|| start.starts_with(b"HEAD "))
    }

    /// Returns the next request, once it is complete.
    pub(super) fn next(&mut self) -> Result<NextRequest, Refusal> {
        let partial = match &mut self.partial {
            Some(partial) => partial,
            None => {
                let Parsed::Complete(head) = self.parser.head()? else {
                    return Ok(NextRequest::Partial);
                };
                let facts = HeadFacts::of(&head).inspect_err(|_| {
                    self.refused = Some(head.start().starts_with("HEAD "));
                })?;
                if facts.length == BodyLength::Counted(0) {
                    let request = Request::new(head, &facts, Vec::new());
                    return Ok(NextRequest::Complete(request, facts.exchange));
                }
                let body = match facts.length {
                    BodyLength::Counted(length) => BodyReader::Counted(length),
                    BodyLength::Chunked => {
                        BodyReader::Chunked(Chunked::new(self.parser.limits().body))
                    }
                };
                self.partial.insert(PartialRequest { head, facts, body, continued: false })
            }
        };
        let body = match &mut partial.body {
            BodyReader::Counted(length) => match self.parser.body(*length)? {
                Parsed::Complete(body) => Some(body),
                Parsed::Partial => None,
            },
            BodyReader::Chunked(chunked) => chunked.decode(&mut self.parser)?,
        };
        let Some(body) = body else {
            // A client that already sends the body does not wait.
            let waits = partial.facts.expects_continue && self.parser.unread().is_empty();
            let first = waits && !std::mem::replace(&mut partial.continued, true);
            return Ok(if first { NextRequest::Continue } else { NextRequest::Partial });
        };
        Ok(match self.partial.take() {
            Some(PartialRequest { head, facts, .. }) => {
                NextRequest::Complete(Request::new(head, &facts, body), facts.exchange)
            }
            None => NextRequest::Partial,
        })
    }
}

impl From<ChunkError> for Refusal {
    fn from(bad: ChunkError) -> Self {
        match bad {
            ChunkError::Malformed => refuse(400, "a chunk does not begin or end as it has to"),
            ChunkError::TooLarge => refuse(413, "the body is too large"),
            ChunkError::Trailer(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod cases;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: &mut RequestReader) -> Result<Option<String>, Refusal> {
        loop {
            match reader.next()? {
                NextRequest::Continue => {}
                NextRequest::Partial => return Ok(None),
                NextRequest::Complete(request, _) => {
                    let query = request.query().unwrap_or("-");
                    let (method, path, text) = (request.method(), request.path(), request.text());
                    return Ok(Some(format!("{method} {path} {query} '{text}'")));
                }
            }
        }
    }

    fn whole(wire: &[u8]) -> Result<Option<String>, Refusal> {
        let mut reader = RequestReader::new(Limits::default());
        reader.feed(wire);
        read(&mut reader)
    }

    /// Reads in pieces of `size` bytes. Returns the first result that is not `None`.
    fn in_pieces(wire: &[u8], size: usize) -> Result<Option<String>, Refusal> {
        let mut reader = RequestReader::new(Limits::default());
        for piece in wire.chunks(size) {
            reader.feed(piece);
            match read(&mut reader) {
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
            let mut reader = RequestReader::new(Limits::default());
            let mut seen = Vec::new();
            for piece in all.chunks(size) {
                reader.feed(piece);
                while let Some(request) = read(&mut reader).unwrap() {
                    seen.push(request);
                }
            }
            let expected: Vec<_> = cases::accepted().iter().map(|(.., seen)| *seen).collect();
            assert_eq!(seen, expected);
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn leave_to_send_is_given_once_and_only_where_it_is_awaited() {
        let head =
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
        let mut reader = RequestReader::new(Limits::default());
        reader.feed(head);
        assert!(matches!(reader.next(), Ok(NextRequest::Continue)));
        assert!(matches!(reader.next(), Ok(NextRequest::Partial)));
        reader.feed(b"h");
        assert!(matches!(reader.next(), Ok(NextRequest::Partial)));
        reader.feed(b"i");
        assert!(matches!(reader.next(), Ok(NextRequest::Complete(..))));

        let mut reader = RequestReader::new(Limits::default());
        reader.feed(head);
        reader.feed(b"h");
        assert!(matches!(reader.next(), Ok(NextRequest::Partial)));
    }

    #[test]
    fn a_request_is_known_to_be_a_head_from_its_method_on() {
        // All requests that are refused, once with GET or POST, and once with HEAD.
        for case in cases::refused() {
            for (method, size) in [(0, 1), (0, 1000), (1, 1), (1, 1000), (1, 7)] {
                let mut wire = case.request.clone();
                let is_head =
                    method == 1 && (wire.starts_with(b"GET ") || wire.starts_with(b"POST "));
                if is_head {
                    let end = wire.iter().position(|byte| *byte == b' ').unwrap();
                    wire.splice(..end, *b"HEAD");
                }
                // The beginning of the next request, which must not count.
                wire.extend(if is_head { b"GET / HTT" } else { b"HEAD / HT" });
                let mut reader = RequestReader::new(Limits::default());
                let refused = wire.chunks(size).any(|piece| {
                    reader.feed(piece);
                    loop {
                        match reader.next() {
                            Ok(NextRequest::Continue) => {}
                            result => break result.is_err(),
                        }
                    }
                });
                assert!(refused, "{}", case.name);
                assert_eq!(reader.is_head(), is_head, "{}, in pieces of {size}", case.name);
            }
        }
        // Requests one after another.
        let (first, second) =
            ("\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nA b\r\n\r\n");
        let mut reader = RequestReader::new(Limits::default());
        for (at, byte) in (1..).zip([first, second].concat().bytes()) {
            reader.feed(&[byte]);
            let complete = matches!(reader.next(), Ok(NextRequest::Complete(..)));
            assert_eq!(complete, at == first.len(), "{at}");
            let is_head = ("\r\nHEAD ".len()..first.len()).contains(&at);
            assert_eq!(reader.is_head(), is_head, "{at}");
        }
    }

    #[test]
    fn what_the_last_line_of_connection_says_is_not_all() {
        for (lines, kept) in [
            ("Connection: close\r\nConnection: keep-alive\r\n", false),
            ("Connection: keep-alive\r\nConnection: close\r\n", false),
            ("Connection: upgrade\r\nConnection:\r\n", true),
        ] {
            let mut reader = RequestReader::new(Limits::default());
            reader.feed(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes());
            let Ok(NextRequest::Complete(_, exchange)) = reader.next() else { panic!("{lines}") };
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
            let mut reader = RequestReader::new(Limits::default());
            let line =
                format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n");
            reader.feed(line.as_bytes());
            let Ok(NextRequest::Complete(_, exchange)) = reader.next() else { panic!("{line}") };
            assert_eq!(exchange.keep_alive, kept, "{version} {connection:?}");
        }
    }
}

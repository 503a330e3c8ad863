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
        Incoming { parser: Parser::new(limits), begun: None }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.parser.feed(piece);
    }

    /// No part of a request is here.
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_none() && self.parser.is_empty()
    }

    /// The next request, once it is complete.
    pub(super) fn next(&mut self) -> Result<Next, Refusal> {
        let begun = match &mut self.begun {
            Some(begun) => begun,
            None => {
                let Parsed::Complete(head) = self.parser.head()? else { return Ok(Next::Partial) };
                let facts = Facts::of(&head)?;
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

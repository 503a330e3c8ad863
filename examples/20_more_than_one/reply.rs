//! The answer of a copy, piece by piece: its head, and the end of its body. Nothing of the body is
//! kept.

use net::message::{Head, Limits, Parsed, Parser};
use net_notes as net;
use std::io::{Error, Result};

use super::chunks::Chunks;

pub struct Reply {
    /// The status and the head, once they have arrived; the caller takes them.
    pub head: Option<(u16, Head)>,
    parser: Parser,
    to_head: bool,
    body: Option<Body>,
}

/// The end of the body (RFC 9112 6.3).
enum Body {
    Counted(usize),
    Chunked(Chunks),
    UntilEnd,
}

impl Reply {
    /// `to_head`: the request was a HEAD, whose answer has no body.
    pub fn new(to_head: bool) -> Reply {
        Reply { head: None, parser: Parser::new(Limits::default()), to_head, body: None }
    }

    /// Takes a piece, and adds the part of it that belongs to the body to `out`. Returns `true` at
    /// the end of the body.
    pub fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        if let Some(body) = &mut self.body {
            return body.feed(piece, out);
        }
        self.parser.feed(piece);
        loop {
            let Parsed::Complete(head) = self.parser.head()? else { return Ok(false) };
            let status = status(head.start()).ok_or_else(|| Error::other("it is not HTTP/1"))?;
            if status < 200 {
                continue; // "100 Continue" and the like: the answer follows
            }
            let mut body = self.body(status, &head)?;
            let is_whole = body.feed(self.parser.unread(), out)?;
            (self.head, self.body) = (Some((status, head)), Some(body));
            return Ok(is_whole);
        }
    }

    /// Whether the answer is complete if the copy ends now.
    pub fn is_whole_at_the_end(&self) -> bool {
        matches!(self.body, Some(Body::UntilEnd))
    }

    fn body(&self, status: u16, head: &Head) -> Result<Body> {
        let is_chunked = head.header("Transfer-Encoding");
        Ok(match (is_chunked, head.content_length()?) {
            _ if self.to_head || matches!(status, 204 | 304) => Body::Counted(0),
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Body::Chunked(Chunks::default())
            }
            (Some(_), _) => return Err(Error::other("where it ends is not clear")),
            (None, Some(length)) => Body::Counted(length),
            (None, None) => Body::UntilEnd,
        })
    }
}

impl Body {
    fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        match self {
            Body::Counted(left) => {
                let part = &piece[..piece.len().min(*left)];
                out.extend_from_slice(part);
                *left -= part.len();
                Ok(*left == 0)
            }
            Body::Chunked(chunks) => chunks.feed(piece, out),
            Body::UntilEnd => {
                out.extend_from_slice(piece);
                Ok(false)
            }
        }
    }
}

/// Returns the 200 of `HTTP/1.1 200 OK`.
fn status(start: &str) -> Option<u16> {
    let mut words = start.strip_prefix("HTTP/1.")?.split(' ').skip(1);
    words.next()?.parse().ok().filter(|status| (100..600).contains(status))
}

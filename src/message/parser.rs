//! [`Parser`]: from pieces of a stream to messages.

use super::{Error, Head};
use crate::framing::Buffer;

/// How much a [`Parser`] takes. A peer that may send without end would otherwise fill the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the start line: 8 KiB.
    pub start_line: usize,
    /// Bytes of the head, start line included: 16 KiB, as Node's `maxHeaderSize`.
    pub head: usize,
    /// Header lines: 100.
    pub lines: usize,
    /// Bytes of the body: 1 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { start_line: 8 * 1024, head: 16 * 1024, lines: 100, body: 1024 * 1024 }
    }
}

/// What has become of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Good so far, and not the whole.
    Partial,
    /// All of it; what follows is kept for the next.
    Complete(T),
}

/// Takes the pieces of a stream and gives messages; see [the example](crate::message).
///
/// Each byte of a head is looked at once, however small the pieces are. After an error it is of no use any more: nobody
/// knows where the next message begins.
#[derive(Debug)]
pub struct Parser {
    limits: Limits,
    buffer: Buffer,
    /// There is no line end in so many bytes of what is unread.
    seen: usize,
    /// The head so far, once its start line is there.
    head: Option<Head>,
    /// How many bytes of the head are done with, and how many lines.
    head_bytes: usize,
    head_lines: usize,
    /// A blank line was forgiven.
    forgiven: bool,
}

impl Parser {
    /// A parser that has got nothing yet.
    pub fn new(limits: Limits) -> Parser {
        Parser {
            limits,
            buffer: Buffer::default(),
            seen: 0,
            head: None,
            head_bytes: 0,
            head_lines: 0,
            forgiven: false,
        }
    }

    /// How much it takes.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes a piece of the stream.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.feed(piece);
    }

    /// What came and belongs to no message yet.
    pub fn unread(&self) -> &[u8] {
        self.buffer.rest()
    }

    /// The start line of the head that is being read, once it is there.
    pub(crate) fn start(&self) -> Option<&str> {
        self.head.as_ref().map(Head::start)
    }

    /// Takes out what has arrived and belongs to no message yet.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.seen = 0;
        self.buffer.take_rest()
    }

    /// Nothing of a next message has come.
    pub fn is_empty(&self) -> bool {
        self.unread().is_empty() && self.head.is_none()
    }

    /// The next head, once it is complete.
    ///
    /// # Errors
    ///
    /// At the first line that cannot be part of one, before the rest of it has come.
    pub fn head(&mut self) -> Result<Parsed<Head>, Error> {
        loop {
            let left = self.limits.head - self.head_bytes.min(self.limits.head);
            let (most, too_long) = match self.head {
                None if self.limits.start_line < left => {
                    (self.limits.start_line, Error::StartLineTooLong)
                }
                _ => (left, Error::HeadTooLarge),
            };
            let Some(line) = self.line(most, too_long)? else { return Ok(Parsed::Partial) };
            let (unread, size) = (self.buffer.rest(), line.size);
            let bytes = &unread[..line.length];
            match &mut self.head {
                None if bytes.is_empty() && !self.forgiven => self.forgiven = true,
                None if bytes.is_empty() => return Err(Error::NoStartLine),
                None => {
                    let room = unread.len().min(self.limits.head);
                    self.head = Some(Head::parsed(bytes, room));
                }
                Some(_) if bytes.is_empty() => {
                    self.consume(size);
                    self.head_bytes = 0;
                    self.head_lines = 0;
                    self.forgiven = false;
                    return Ok(self.head.take().map_or(Parsed::Partial, Parsed::Complete));
                }
                Some(_) if self.head_lines == self.limits.lines => return Err(Error::TooManyLines),
                Some(head) => {
                    head.parse_line(bytes)?;
                    self.head_lines += 1;
                }
            }
            self.head_bytes += size;
            self.consume(size);
        }
    }

    /// The next `length` bytes, once they are there.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTooLarge`], at once.
    pub fn body(&mut self, length: usize) -> Result<Parsed<Vec<u8>>, Error> {
        if length > self.limits.body {
            return Err(Error::BodyTooLarge);
        }
        let Some(body) = self.buffer.rest().get(..length) else {
            self.buffer.announce(length);
            return Ok(Parsed::Partial);
        };
        let body = body.to_vec();
        self.consume(length);
        Ok(Parsed::Complete(body))
    }

    /// The next line, once its end is there; it stays unread. `too_long`, when it has more than `most` bytes.
    pub(crate) fn line(&mut self, most: usize, too_long: Error) -> Result<Option<Line>, Error> {
        let unread = self.buffer.rest();
        let mut at = self.seen;
        loop {
            let special = unread[at..].iter().position(|byte| *byte < b' ' || *byte == 0x7f);
            at = special.map_or(unread.len(), |skip| at + skip);
            // Before anything else, so that the answer does not depend on how the bytes were cut into pieces.
            if at > most {
                return Err(too_long);
            }
            let end = match unread[at..] {
                [b'\t', ..] => {
                    at += 1;
                    continue;
                }
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                [] | [b'\r'] => {
                    self.seen = at;
                    return Ok(None);
                }
                [b'\r', ..] => return Err(Error::BareCr),
                [0, ..] => return Err(Error::Nul),
                [..] => return Err(Error::Control),
            };
            return Ok(Some(Line { length: at, size: at + end }));
        }
    }

    /// The bytes of a line.
    pub(crate) fn text(&self, line: &Line) -> &[u8] {
        &self.buffer.rest()[..line.length]
    }

    /// Is done with that many bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.buffer.consume(bytes);
        self.seen = 0;
    }
}

/// A line at the beginning of what is unread.
#[derive(Debug)]
pub(crate) struct Line {
    /// Without its end.
    length: usize,
    /// With its end.
    pub(crate) size: usize,
}

impl Line {
    /// Whether it ends in both characters, CR and LF.
    pub(crate) fn ends_in_crlf(&self) -> bool {
        self.size == self.length + 2
    }
}

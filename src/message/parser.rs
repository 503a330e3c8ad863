//! [`Parser`]: from pieces of a stream to messages.

use super::head::is_folded;
use super::{Error, Head};
use crate::framing::Buffer;

/// The limits of a [`Parser`]. Without them, a peer that sends without end would fill the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest start line, in bytes. Default: 8 KiB.
    pub start_line: usize,
    /// The largest head, in bytes, including the start line. Default: 16 KiB, as Node's
    /// `maxHeaderSize`.
    pub head: usize,
    /// The largest number of header lines. Default: 100.
    pub lines: usize,
    /// The largest body, in bytes. Default: 1 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { start_line: 8 * 1024, head: 16 * 1024, lines: 100, body: 1024 * 1024 }
    }
}

/// The result of parsing the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Valid so far, and incomplete.
    Partial,
    /// Complete. The bytes after it are kept for the next call.
    Complete(T),
}

/// Takes the pieces of a stream and returns messages: see [the example](crate::message).
///
/// Each byte of a head is examined once, however small the pieces are. After an error the parser
/// can no longer be used: it is unknown where the next message begins.
#[derive(Debug)]
pub struct Parser {
    limits: Limits,
    /// Whether a folded line is added to the line before it. Otherwise it is an error.
    unfolds: bool,
    buffer: Buffer,
    /// The number of unread bytes that were searched and contain no line end.
    seen: usize,
    progress: HeadProgress,
}

/// The state of the head that is being parsed.
#[derive(Debug, Default)]
struct HeadProgress {
    /// The head so far; `None` before the start line.
    head: Option<Head>,
    /// The number of bytes in the head so far.
    bytes: usize,
    /// The number of header lines so far.
    lines: usize,
    /// Whether a blank line preceded the start line.
    forgiven: bool,
}

impl Parser {
    /// Creates a parser that has received nothing yet.
    pub fn new(limits: Limits) -> Parser {
        Parser {
            limits,
            unfolds: false,
            buffer: Buffer::default(),
            seen: 0,
            progress: HeadProgress::default(),
        }
    }

    /// Creates a parser that reads a folded line as a part of the line before it, as a user agent
    /// must (RFC 9112 5.2).
    pub(crate) fn unfolding(limits: Limits) -> Parser {
        Parser { unfolds: true, ..Parser::new(limits) }
    }

    pub(crate) fn unfolds(&self) -> bool {
        self.unfolds
    }

    /// The limits of this parser.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Appends a piece of the stream.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.feed(piece);
    }

    /// The bytes that have arrived and belong to no message yet.
    pub fn unread(&self) -> &[u8] {
        self.buffer.rest()
    }

    /// Takes out the bytes that have arrived and belong to no message yet.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.seen = 0;
        self.buffer.take_rest()
    }

    /// Whether no byte of a next message has arrived.
    pub fn is_empty(&self) -> bool {
        self.unread().is_empty() && self.progress.head.is_none()
    }

    /// Returns the next head, once it is complete.
    ///
    /// # Errors
    ///
    /// At the first line that is invalid in a head, before the rest has arrived.
    pub fn head(&mut self) -> Result<Parsed<Head>, Error> {
        if self.start_line()?.is_none() {
            return Ok(Parsed::Partial);
        }
        loop {
            let left = self.limits.head.saturating_sub(self.progress.bytes);
            let Some(line) = self.line(left, Error::HeadTooLarge)? else {
                return Ok(Parsed::Partial);
            };
            let bytes = &self.buffer.rest()[..line.length];
            match &mut self.progress.head {
                Some(_) if bytes.is_empty() => {
                    self.consume(line.size);
                    let head = std::mem::take(&mut self.progress).head;
                    return Ok(head.map_or(Parsed::Partial, Parsed::Complete));
                }
                Some(_) if self.progress.lines == self.limits.lines => {
                    return Err(Error::TooManyLines);
                }
                Some(head) if self.unfolds && is_folded(bytes) => head.unfold(bytes)?,
                Some(head) => head.parse_line(bytes)?,
                None => {}
            }
            self.progress.lines += 1;
            self.progress.bytes += line.size;
            self.consume(line.size);
        }
    }

    /// Returns the start line of the next head, once it has arrived. It remains a part of that
    /// head.
    pub(crate) fn start_line(&mut self) -> Result<Option<&str>, Error> {
        while self.progress.head.is_none() {
            let left = self.limits.head.saturating_sub(self.progress.bytes);
            let (max, too_long) = if self.limits.start_line < left {
                (self.limits.start_line, Error::StartLineTooLong)
            } else {
                (left, Error::HeadTooLarge)
            };
            let Some(line) = self.line(max, too_long)? else { return Ok(None) };
            let unread = self.buffer.rest();
            match &unread[..line.length] {
                [] if self.progress.forgiven => return Err(Error::NoStartLine),
                [] => self.progress.forgiven = true,
                bytes => {
                    let capacity = unread.len().min(self.limits.head);
                    self.progress.head = Some(Head::parsed(bytes, capacity));
                }
            }
            self.progress.bytes += line.size;
            self.consume(line.size);
        }
        Ok(self.progress.head.as_ref().map(Head::start))
    }

    /// The start line of the head that is being parsed, as far as it has arrived.
    pub(crate) fn started(&self) -> &[u8] {
        self.progress.head.as_ref().map_or(self.unread(), |head| head.start().as_bytes())
    }

    /// Returns the next `length` bytes, once they have arrived.
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

    /// Returns the next line, once its end has arrived; the line remains unread. Fails with
    /// `too_long` if it has more than `max` bytes.
    pub(crate) fn line(
        &mut self,
        max: usize,
        too_long: Error,
    ) -> Result<Option<UnreadLine>, Error> {
        let unread = self.buffer.rest();
        let mut at = self.seen;
        loop {
            let special = unread[at..].iter().position(|byte| *byte < b' ' || *byte == 0x7f);
            at = special.map_or(unread.len(), |skip| at + skip);
            // Checked first, so that the result does not depend on how the bytes were cut into
            // pieces.
            if at > max {
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
            return Ok(Some(UnreadLine { length: at, size: at + end }));
        }
    }

    /// The bytes of a line.
    pub(crate) fn text(&self, line: &UnreadLine) -> &[u8] {
        &self.buffer.rest()[..line.length]
    }

    /// Removes `bytes` bytes from the beginning of the unread bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.buffer.consume(bytes);
        self.seen = 0;
    }
}

/// A line at the beginning of the unread bytes.
#[derive(Debug)]
pub(crate) struct UnreadLine {
    /// The length without the line end.
    length: usize,
    /// The length with the line end.
    pub(crate) size: usize,
}

impl UnreadLine {
    /// Whether the line ends in CR and LF.
    pub(crate) fn ends_in_crlf(&self) -> bool {
        self.size == self.length + 2
    }
}

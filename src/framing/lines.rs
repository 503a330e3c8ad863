//! [`Lines`]: messages that end in a line feed.

use std::{fmt, io};

use super::{Error, Splitter};

/// Cuts a stream into lines: an iterator of the complete lines so far, without their ends. Node:
/// `readline`, which has no limit.
///
/// A line ends in `\n` or `\r\n`. A carriage return without a line feed after it is a byte like any
/// other; `\r\r\n` is one such byte and a line end.
///
/// ```
/// use net_notes::framing::Lines;
///
/// let mut lines = Lines::new(20);
/// assert!(lines.feed(b"GET / HT").next().is_none()); // no line yet
/// assert_eq!(lines.feed(b"TP/1.1\r\nHost: a\r").next().unwrap()?, b"GET / HTTP/1.1");
///
/// let whole: Vec<Vec<u8>> = lines.feed(b"\n\nthe en").collect::<Result<_, _>>()?;
/// assert_eq!(whole, [&b"Host: a"[..], b""]);
/// assert_eq!(lines.rest(), b"the en");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// `InvalidData`, once, if a line has more bytes than the limit; see the [module](super#errors).
///
/// ```
/// use net_notes::framing::Lines;
///
/// let mut lines = Lines::new(3);
/// lines.feed(b"123\r\n1234");
/// assert_eq!(lines.next().unwrap()?, b"123");
/// assert_eq!(lines.next().unwrap().unwrap_err().to_string(), "a line is longer than 3 bytes");
/// assert!(lines.feed(b"\n123\n").next().is_none()); // it has ended
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lines {
    limit: usize,
    pub(super) splitter: Splitter,
    /// The number of bytes of the rest that contain no line feed: a long line is searched once, not
    /// again with each piece.
    searched: usize,
}

impl Lines {
    /// Creates an iterator of lines of up to `limit` bytes, not counting their ends.
    pub fn new(limit: usize) -> Lines {
        Lines { limit, splitter: Splitter::default(), searched: 0 }
    }

    /// Appends bytes that have arrived, in pieces of any size. Iterate over the result:
    /// `for line in lines.feed(data)`.
    pub fn feed(&mut self, data: &[u8]) -> &mut Lines {
        self.splitter.feed(data);
        self
    }

    /// The bytes that were fed and not returned. After all complete lines were taken, they are the
    /// beginning of an incomplete line; if no more bytes arrive, this is a last line without an
    /// end. Empty after an error.
    pub fn rest(&self) -> &[u8] {
        self.splitter.buffer.rest()
    }

    /// Takes the [`rest`](Self::rest) out, for the bytes that follow the lines: see the
    /// [module](super#from-lines-to-counted-bytes). The next line begins with the bytes that are
    /// fed next.
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.searched = 0;
        self.splitter.buffer.take_rest()
    }
}

impl Iterator for Lines {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Lines { limit, splitter, searched } = self;
        let line = splitter.next(|rest| {
            // At most the longest line with its end: a line feed behind that is too late.
            let window = &rest[..rest.len().min(limit.saturating_add(2))];
            let feed = line_feed(&window[*searched..]).map(|at| *searched + at);
            let line = &window[..feed.unwrap_or(window.len())];
            // A carriage return may be the first half of the line end, even before the second half
            // arrives.
            if line.strip_suffix(b"\r").unwrap_or(line).len() > *limit {
                return Err(Error::LineTooLong { limit: *limit }.into());
            }
            *searched = if feed.is_some() { 0 } else { window.len() };
            Ok(feed.map(|at| at + 1))
        })?;
        Some(line.map(|mut line| {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
            line
        }))
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.rest().len();
        f.debug_struct("Lines").field("limit", &self.limit).field("rest", &rest).finish()
    }
}

fn line_feed(bytes: &[u8]) -> Option<usize> {
    let at = bytes.iter().position(|byte| *byte == b'\n');
    #[cfg(test)]
    super::work::add(at.map_or(bytes.len(), |at| at + 1));
    at
}

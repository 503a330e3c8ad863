//! A body in chunks: each with its size before it, so that its end need not be known at its beginning (RFC 9112 7.1).

use crate::message::{Error, Head, Parser, is_folded, trim};

/// Bytes of a chunk's size line: the size and what extensions there are.
const SIZE_LINE: usize = 1024;

/// Takes a chunked body apart.
#[derive(Debug)]
pub(super) struct Chunked {
    /// The most that is taken.
    limit: usize,
    body: Vec<u8>,
    at: At,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Size,
    /// That much of the chunk is still to come, then a line end.
    Data(usize),
    DataEnd,
    /// Header lines after the body; that many of them were there, with that many bytes. Nobody asks for them.
    Trailer(usize, usize),
}

/// Why it is no chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadChunk {
    /// A size that is no number in base 16, or a chunk that does not end where its size says.
    Malformed,
    TooLarge,
    Trailer(Error),
}

impl Chunked {
    pub(super) fn new(limit: usize) -> Chunked {
        Chunked { limit, body: Vec::new(), at: At::Size }
    }

    /// The whole body, once all of it has come.
    pub(super) fn decode(&mut self, parser: &mut Parser) -> Result<Option<Vec<u8>>, BadChunk> {
        loop {
            match self.at {
                At::Size => {
                    let line = parser.line(SIZE_LINE, Error::StartLineTooLong);
                    let Some(line) = line.map_err(|_| BadChunk::Malformed)? else {
                        return Ok(None);
                    };
                    // A line feed alone will not do: who reads chunks loosely can be made to see another end than others.
                    let size = size(parser.text(&line)).filter(|_| line.ends_in_crlf());
                    let size = size.ok_or(BadChunk::Malformed)?;
                    parser.consume(line.size);
                    if size > self.limit - self.body.len() {
                        return Err(BadChunk::TooLarge);
                    }
                    self.at = if size == 0 { At::Trailer(0, 0) } else { At::Data(size) };
                }
                At::Data(left) => {
                    let unread = parser.unread();
                    let part = &unread[..unread.len().min(left)];
                    if part.is_empty() {
                        return Ok(None);
                    }
                    self.body.extend_from_slice(part);
                    let taken = part.len();
                    parser.consume(taken);
                    self.at = if taken == left { At::DataEnd } else { At::Data(left - taken) };
                }
                At::DataEnd => {
                    match parser.unread() {
                        [b'\r', b'\n', ..] => parser.consume(2),
                        [] | [b'\r'] => return Ok(None),
                        _ => return Err(BadChunk::Malformed),
                    }
                    self.at = At::Size;
                }
                At::Trailer(lines, bytes) => {
                    let limits = *parser.limits();
                    let left = limits.head.saturating_sub(bytes);
                    let line = parser.line(left, Error::HeadTooLarge).map_err(BadChunk::Trailer)?;
                    let Some(line) = line else { return Ok(None) };
                    let text = parser.text(&line);
                    if !line.ends_in_crlf() {
                        return Err(BadChunk::Malformed);
                    }
                    if text.is_empty() {
                        parser.consume(line.size);
                        return Ok(Some(std::mem::take(&mut self.body)));
                    }
                    if lines == limits.lines {
                        return Err(BadChunk::Trailer(Error::TooManyLines));
                    }
                    // A folded line continues the one before it, and both are thrown away.
                    let unfolded = parser.unfolds() && lines > 0 && is_folded(text);
                    if !unfolded {
                        Head::default().parse_line(text).map_err(BadChunk::Trailer)?;
                    }
                    parser.consume(line.size);
                    self.at = At::Trailer(lines + 1, bytes + line.size);
                }
            }
        }
    }
}

/// The number in base 16 that a size line begins with. A `;` and extensions, which nobody uses, may follow.
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = trim(&line[digits..]);
    if digits == 0 || !(rest.is_empty() || rest[0] == b';') {
        return None;
    }
    let digits = std::str::from_utf8(&line[..digits]).ok()?;
    // What no computer can hold is too large, and not malformed.
    Some(usize::from_str_radix(digits, 16).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Limits;

    /// In one piece, and byte by byte.
    fn decode(wire: &[u8]) -> Result<Option<Vec<u8>>, BadChunk> {
        let limits = Limits { head: 40, lines: 2, ..Limits::default() };
        let mut whole = Parser::new(limits);
        whole.feed(wire);
        let result = Chunked::new(20).decode(&mut whole);

        let mut parser = Parser::new(limits);
        let mut chunked = Chunked::new(20);
        let mut bytewise = Ok(None);
        for byte in wire {
            assert_eq!(bytewise, Ok(None), "complete before the last byte");
            parser.feed(&[*byte]);
            bytewise = chunked.decode(&mut parser);
            if bytewise.is_err() {
                break;
            }
        }
        assert_eq!(bytewise, result);
        result
    }

    #[test]
    fn bodies() {
        type Result = std::result::Result<Option<Vec<u8>>, BadChunk>;
        let some = |body: &[u8]| Ok(Some(body.to_vec()));
        let malformed = Err(BadChunk::Malformed);
        let cases: &[(&[u8], Result)] = &[
            (b"0\r\n\r\n", some(b"")),
            (b"5\r\nhello\r\n0\r\n\r\n", some(b"hello")),
            (b"2\r\nhe\r\n003\r\nllo\r\n000\r\n\r\n", some(b"hello")),
            (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", some(b"01234567890123456789")),
            (b"2;name=value\r\n\r\n\r\n0 ; x\r\n\r\n", some(b"\r\n")),
            (b"0\r\nA: b\r\nC: d\r\n\r\n", some(b"")),
            (b"5\r\nhell", Ok(None)),
            (b"5\r\nhello\r\n0\r\n", Ok(None)),
            (b"15\r\n", Err(BadChunk::TooLarge)),
            (b"A\r\n0123456789\r\nb\r\n", Err(BadChunk::TooLarge)),
            (b"ffffffffffffffffffffff\r\n", Err(BadChunk::TooLarge)),
            (b"\r\n", malformed.clone()),
            (b"x\r\n", malformed.clone()),
            (b"-1\r\n", malformed.clone()),
            (b"+1\r\n", malformed.clone()),
            (b"0x1\r\n", malformed.clone()),
            (b" 1\r\n", malformed.clone()),
            (b"1 1\r\n", malformed.clone()),
            (b"1\n", malformed.clone()),
            (b"1\r\nab", malformed.clone()),
            (b"1\r\na\rb", malformed.clone()),
            (b"0\r\n\n", malformed.clone()),
            (b"0\r\nA b\r\n", Err(BadChunk::Trailer(Error::NoColon))),
            (b"0\r\nA: b\r\nC: d\r\nE: f\r\n", Err(BadChunk::Trailer(Error::TooManyLines))),
            (
                b"0\r\nA: 34567890123456789012345678901234567890",
                Err(BadChunk::Trailer(Error::HeadTooLarge)),
            ),
        ];
        for (wire, expected) in cases {
            let found = decode(wire);
            assert_eq!(&found, expected, "{:?}", String::from_utf8_lossy(wire));
        }
        let long = [&b"1;"[..], &[b'x'; SIZE_LINE]].concat();
        assert_eq!(decode(&long), malformed);
    }
}

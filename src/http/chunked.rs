//! A body in chunks: each chunk begins with its size, so the length of the body need not be known
//! at its beginning (RFC 9112 7.1).

use crate::message::{Error, Head, Parser, is_folded, trim};

/// The largest size line of a chunk, in bytes: the size and the extensions.
const SIZE_LINE_BYTES_MAX: usize = 1024;

/// Decodes a chunked body.
#[derive(Debug)]
pub(super) struct Chunked {
    /// The largest body, in bytes.
    limit: usize,
    body: Vec<u8>,
    position: Position,
}

#[derive(Debug, Clone, Copy)]
enum Position {
    Size,
    /// This number of bytes of the chunk is still to arrive, then a line end.
    Data(usize),
    DataEnd,
    /// Header lines after the body, which are dropped: the number of lines so far, and of their
    /// bytes.
    Trailer(usize, usize),
}

/// The reason why bytes are not a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkError {
    /// A size that is not a hexadecimal number, or a chunk that does not end where its size says.
    Malformed,
    TooLarge,
    Trailer(Error),
}

impl Chunked {
    pub(super) fn new(limit: usize) -> Chunked {
        Chunked { limit, body: Vec::new(), position: Position::Size }
    }

    /// Returns the whole body, once it has arrived.
    pub(super) fn decode(&mut self, parser: &mut Parser) -> Result<Option<Vec<u8>>, ChunkError> {
        loop {
            match self.position {
                Position::Size => {
                    let line = parser.line(SIZE_LINE_BYTES_MAX, Error::StartLineTooLong);
                    let Some(line) = line.map_err(|_| ChunkError::Malformed)? else {
                        return Ok(None);
                    };
                    // A line feed alone is refused: parsers that accept it may see another end of
                    // the body than others.
                    let size = parse_size(parser.text(&line)).filter(|_| line.ends_in_crlf());
                    let size = size.ok_or(ChunkError::Malformed)?;
                    parser.consume(line.size);
                    if size > self.limit - self.body.len() {
                        return Err(ChunkError::TooLarge);
                    }
                    self.position =
                        if size == 0 { Position::Trailer(0, 0) } else { Position::Data(size) };
                }
                Position::Data(left) => {
                    let unread = parser.unread();
                    let part = &unread[..unread.len().min(left)];
                    if part.is_empty() {
                        return Ok(None);
                    }
                    self.body.extend_from_slice(part);
                    let taken = part.len();
                    parser.consume(taken);
                    self.position = if taken == left {
                        Position::DataEnd
                    } else {
                        Position::Data(left - taken)
                    };
                }
                Position::DataEnd => {
                    match parser.unread() {
                        [b'\r', b'\n', ..] => parser.consume(2),
                        [] | [b'\r'] => return Ok(None),
                        _ => return Err(ChunkError::Malformed),
                    }
                    self.position = Position::Size;
                }
                Position::Trailer(lines, bytes) => {
                    let limits = *parser.limits();
                    let left = limits.head.saturating_sub(bytes);
                    let line =
                        parser.line(left, Error::HeadTooLarge).map_err(ChunkError::Trailer)?;
                    let Some(line) = line else { return Ok(None) };
                    let text = parser.text(&line);
                    if !line.ends_in_crlf() {
                        return Err(ChunkError::Malformed);
                    }
                    if text.is_empty() {
                        parser.consume(line.size);
                        return Ok(Some(std::mem::take(&mut self.body)));
                    }
                    if lines == limits.lines {
                        return Err(ChunkError::Trailer(Error::TooManyLines));
                    }
                    // A folded line continues the line before it; both are dropped.
                    let unfolded = parser.unfolds() && lines > 0 && is_folded(text);
                    if !unfolded {
                        Head::default().parse_line(text).map_err(ChunkError::Trailer)?;
                    }
                    parser.consume(line.size);
                    self.position = Position::Trailer(lines + 1, bytes + line.size);
                }
            }
        }
    }
}

/// Parses the hexadecimal number at the beginning of a size line. A `;` and extensions may follow;
/// they are ignored.
fn parse_size(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = trim(&line[digits..]);
    if digits == 0 || !(rest.is_empty() || rest[0] == b';') {
        return None;
    }
    let digits = std::str::from_utf8(&line[..digits]).ok()?;
    // A number that does not fit in memory is too large, and not malformed.
    Some(usize::from_str_radix(digits, 16).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Limits;

    /// Decodes in one piece, and byte by byte.
    fn decode(wire: &[u8]) -> Result<Option<Vec<u8>>, ChunkError> {
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
        type Result = std::result::Result<Option<Vec<u8>>, ChunkError>;
        let some = |body: &[u8]| Ok(Some(body.to_vec()));
        let malformed = Err(ChunkError::Malformed);
        let cases: &[(&[u8], Result)] = &[
            (b"0\r\n\r\n", some(b"")),
            (b"5\r\nhello\r\n0\r\n\r\n", some(b"hello")),
            (b"2\r\nhe\r\n003\r\nllo\r\n000\r\n\r\n", some(b"hello")),
            (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", some(b"01234567890123456789")),
            (b"2;name=value\r\n\r\n\r\n0 ; x\r\n\r\n", some(b"\r\n")),
            (b"0\r\nA: b\r\nC: d\r\n\r\n", some(b"")),
            (b"5\r\nhell", Ok(None)),
            (b"5\r\nhello\r\n0\r\n", Ok(None)),
            (b"15\r\n", Err(ChunkError::TooLarge)),
            (b"A\r\n0123456789\r\nb\r\n", Err(ChunkError::TooLarge)),
            (b"ffffffffffffffffffffff\r\n", Err(ChunkError::TooLarge)),
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
            (b"0\r\nA b\r\n", Err(ChunkError::Trailer(Error::NoColon))),
            (b"0\r\nA: b\r\nC: d\r\nE: f\r\n", Err(ChunkError::Trailer(Error::TooManyLines))),
            (
                b"0\r\nA: 34567890123456789012345678901234567890",
                Err(ChunkError::Trailer(Error::HeadTooLarge)),
            ),
        ];
        for (wire, expected) in cases {
            let found = decode(wire);
            assert_eq!(&found, expected, "{:?}", String::from_utf8_lossy(wire));
        }
        let long = [&b"1;"[..], &[b'x'; SIZE_LINE_BYTES_MAX]].concat();
        assert_eq!(decode(&long), malformed);
    }
}

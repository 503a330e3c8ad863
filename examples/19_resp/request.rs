//! Requests as bytes: the length of the next one, and its words.
//!
//! ```text
//! *2\r\n $4\r\n ECHO\r\n $5\r\n hello\r\n     counted: the number of words, and the length of each
//! ECHO hello\r\n                              inline: a line, as a person types it
//! ```

use net::framing::Frames;
use net_notes as net;
use std::io::{Error, Result};

/// The limit of one request in bytes. (In Redis, 512 MiB for each word.)
const REQUEST_MAX: usize = 16 << 20;
/// The limit of a line in bytes: of an inline request, or of a count.
const LINE_MAX: usize = 64 << 10;
/// The limit of words in one request.
const WORDS_MAX: i64 = 1 << 20;

/// Cuts the bytes of one connection into requests.
pub fn frames() -> Frames<impl FnMut(&[u8]) -> Result<Option<usize>> + Send> {
    let mut scan = Scan::default();
    Frames::new(REQUEST_MAX, move |bytes| {
        let length = scan.length(bytes)?;
        if length.is_some() {
            scan = Scan::default(); // for the next request
        }
        Ok(length)
    })
}

/// The part of the next request that was scanned. It is kept until more arrives: beginning again at
/// the first byte each time would take quadratic time for a long request in small pieces.
#[derive(Default)]
struct Scan {
    /// The position of the next count.
    at: usize,
    /// The number of words that follow. `None`: this count itself has not arrived.
    words: Option<i64>,
}

impl Scan {
    /// Returns the length of the request at the beginning, once all its counts have arrived.
    fn length(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        if bytes[0] != b'*' {
            return inline_length(bytes);
        }
        while self.words != Some(0) {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let mark = if self.words.is_none() { b'*' } else { b'$' };
            let Some((count, line)) = count(rest, mark)? else { return Ok(None) };
            self.at += line;
            self.words = match (self.words, count) {
                (None, Some(words @ ..=WORDS_MAX)) => Some(words.max(0)),
                (None, _) => return Err(Error::other("invalid multibulk length")),
                (Some(words), Some(bytes)) if (0..REQUEST_MAX as i64).contains(&bytes) => {
                    self.at += bytes as usize + 2;
                    Some(words - 1)
                }
                (Some(_), _) => return Err(Error::other("invalid bulk length")),
            };
        }
        Ok(Some(self.at))
    }
}

/// Returns the number after a mark, if it is one, and the length of its line. `None`: the line has
/// not arrived.
fn count(bytes: &[u8], mark: u8) -> Result<Option<(Option<i64>, usize)>> {
    let Some(first) = bytes.first() else { return Ok(None) };
    if *first != mark {
        let [expected, got] = [mark, *first].map(char::from);
        return Err(Error::other(format!("expected '{expected}', got '{got}'")));
    }
    match bytes.iter().take(LINE_MAX).position(|byte| *byte == b'\r') {
        Some(end) if bytes.len() == end + 1 => Ok(None),
        Some(end) if bytes[end + 1] == b'\n' => Ok(Some((integer(&bytes[1..end]), end + 2))),
        None if bytes.len() < LINE_MAX => Ok(None),
        _ => Err(Error::other("a count without its line end")),
    }
}

fn inline_length(bytes: &[u8]) -> Result<Option<usize>> {
    // A page in a browser may send any data to 127.0.0.1, and one of its lines could be a command.
    // But the lines of HTTP precede it.
    let http = |word: &[u8]| bytes.get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
    if http(b"POST ") || http(b"Host:") {
        return Err(Error::other("this is HTTP"));
    }
    match bytes.iter().take(LINE_MAX).position(|byte| *byte == b'\n') {
        None if bytes.len() >= LINE_MAX => Err(Error::other("too big inline request")),
        end => Ok(end.map(|end| end + 1)),
    }
}

/// Returns the words of a complete request.
pub fn words(request: &[u8]) -> Result<Vec<&[u8]>> {
    if request[0] != b'*' {
        let words = request.split(u8::is_ascii_whitespace);
        return Ok(words.filter(|word| !word.is_empty()).collect());
    }
    let mut words = Vec::new();
    let (_, line) = count(request, b'*')?.unwrap_or_default();
    let mut rest = &request[line..];
    while let Some((Some(bytes), line)) = count(rest, b'$')? {
        let (word, end) = rest[line..].split_at(bytes as usize);
        // Redis skips these two bytes, whatever they are. A wrong length is then found later, or
        // never.
        rest = end
            .strip_prefix(b"\r\n")
            .ok_or_else(|| Error::other("a word is not as long as it says"))?;
        words.push(word);
    }
    Ok(words)
}

/// Parses a number in its only valid form: `+1` and `01` are refused, unlike in `parse`.
pub fn integer(text: &[u8]) -> Option<i64> {
    match text {
        b"0" => Some(0),
        [b'+' | b'0', ..] | [b'-', b'0', ..] => None,
        _ => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

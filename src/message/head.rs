//! [`Head`]: a start line and header lines.

use std::ops::Range;
use std::sync::OnceLock;
use std::{fmt, iter};

use super::Error;

/// The number of header lines that a new head has room for.
const LINES_EXPECTED: usize = 12;

/// The head of a message: its start line and its header lines. Node: `request.headers`, and the
/// headers of `setHeader`.
///
/// ```
/// use net_notes::message::Head;
///
/// let mut head = Head::new("STS/1.1 200 OK")?;
/// head.set("Content-Length", "5")?;
/// assert_eq!(head.to_string(), "STS/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
/// assert!(head.set("Sneaky", "a\r\nContent-Length: 0").is_err());
/// # Ok::<(), net_notes::message::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Head {
    /// The start line, then the header lines one after another, in one allocation.
    text: String,
    /// The length of the start line, in bytes.
    start: usize,
    lines: Vec<Line>,
}

/// The position of a header line in the text.
#[derive(Debug, Clone)]
struct Line {
    name: Range<usize>,
    value: Range<usize>,
    /// The values of all lines of this name, if there are several. Built at the first request, and
    /// stored with the first of these lines. So they take no more memory than the lines themselves,
    /// however many there are.
    joined: OnceLock<Box<str>>,
}

impl Head {
    /// Creates a head without header lines.
    ///
    /// # Errors
    ///
    /// [`Error::BadValue`]: the start line contains a line end or another control character.
    pub fn new(start: &str) -> Result<Head, Error> {
        if start.bytes().any(is_control) {
            return Err(Error::BadValue);
        }
        Ok(Head::parsed(start.as_bytes(), start.len()))
    }

    /// Creates a head with a start line from the wire. `capacity` is the expected length of the
    /// text, in bytes.
    pub(super) fn parsed(start: &[u8], capacity: usize) -> Head {
        let mut head = Head {
            text: String::with_capacity(capacity),
            start: 0,
            lines: Vec::with_capacity(LINES_EXPECTED),
        };
        head.start = head.push_text(start).end;
        head
    }

    /// The start line.
    pub fn start(&self) -> &str {
        &self.text[..self.start]
    }

    /// The value of a header; the name is case-insensitive. The values of several lines of one name
    /// are joined by `", "`, which means the same (RFC 9110 5.3). Empty values are left out.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.lines_named(name);
        let first = lines.next()?;
        let values = iter::once(first).chain(lines).map(|line| self.value(line));
        let mut values = values.filter(|value| !value.is_empty());
        match (values.next(), values.next()) {
            (None, _) => Some(""),
            (Some(only), None) => Some(only),
            (Some(one), Some(two)) => Some(first.joined.get_or_init(|| {
                let mut joined = String::from(one);
                for value in iter::once(two).chain(values) {
                    joined.push_str(", ");
                    joined.push_str(value);
                }
                joined.into()
            })),
        }
    }

    /// All header lines, as written and in their order: two lines of one name are two items.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|line| (self.name(line), self.value(line)))
    }

    /// The values of all lines of a name.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.lines_named(name).map(|line| self.value(line))
    }

    /// The number of header lines with this name.
    pub fn count(&self, name: &str) -> usize {
        self.lines_named(name).count()
    }

    /// Sets a header, in place of all lines with this name. Spaces around the value are removed, as
    /// a parser would do. Node: `setHeader`.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`], [`Error::BadValue`]: the header would not be exactly one line of the
    /// head.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let value = valid_value(name, value)?;
        if self.count(name) == 0 {
            self.push(name, value);
        } else {
            self.replace(name, Some(value));
        }
        Ok(())
    }

    /// Adds a header line. Lines with the same name are kept, as `Set-Cookie` needs. Node:
    /// `appendHeader`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn append(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let value = valid_value(name, value)?;
        self.push(name, value);
        Ok(())
    }

    /// Removes all lines with this name. Node: `removeHeader`.
    pub fn remove(&mut self, name: &str) {
        if self.count(name) > 0 {
            self.replace(name, None);
        }
    }

    /// Removes everything, and keeps the memory for the next head.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.start = 0;
        self.lines.clear();
    }

    /// The length of the body, in bytes; `None` if the head does not contain it. The same number
    /// twice is valid (RFC 9110 8.6).
    ///
    /// # Errors
    ///
    /// [`Error::BadLength`], [`Error::LengthsDiffer`], and [`Error::BodyTooLarge`] for a number
    /// that does not fit in `usize`.
    pub fn content_length(&self) -> Result<Option<usize>, Error> {
        let mut length = None;
        // Line by line: `header` leaves empty values out, but an empty length is invalid.
        for value in self.values("content-length") {
            let number = content_length(value)?;
            if length.replace(number).is_some_and(|before| before != number) {
                return Err(Error::LengthsDiffer);
            }
        }
        Ok(length)
    }

    /// Adds a header line from the wire.
    pub(crate) fn parse_line(&mut self, line: &[u8]) -> Result<(), Error> {
        if is_folded(line) {
            return Err(Error::Folded);
        }
        let line = line.trim_ascii_end();
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Error::NoColon)?;
        let name = &line[..colon];
        if matches!(name, [.., b' ' | b'\t']) {
            return Err(Error::SpaceBeforeColon);
        }
        if !is_token(name) {
            return Err(Error::BadName);
        }
        // One copy of the whole line is faster than two copies of its parts.
        let value_at = line.len() - line[colon + 1..].trim_ascii_start().len();
        let kept = self.push_text(line);
        let (name, value) = (kept.start..kept.start + colon, kept.start + value_at..kept.end);
        self.lines.push(Line { name, value, joined: OnceLock::new() });
        Ok(())
    }

    /// Appends a folded line from the wire to the value of the line before it. A space replaces the
    /// fold (RFC 9112 5.2).
    pub(super) fn unfold(&mut self, line: &[u8]) -> Result<(), Error> {
        let Some(mut last) = self.lines.pop() else { return Err(Error::Folded) };
        let more = line.trim_ascii();
        if !more.is_empty() && !last.value.is_empty() {
            self.text.push(' ');
        }
        // The last value is at the end of the text.
        last.value.end = self.push_text(more).end;
        self.lines.push(last);
        Ok(())
    }

    fn push(&mut self, name: &str, value: &str) {
        let name = self.push_text(name.as_bytes());
        let value = self.push_text(value.as_bytes());
        self.lines.push(Line { name, value, joined: OnceLock::new() });
    }

    /// Appends to the text, and returns the range.
    fn push_text(&mut self, bytes: &[u8]) -> Range<usize> {
        let begin = self.text.len();
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.push_str(text),
            // Bytes that are not UTF-8 are decoded as Latin-1, as Node decodes all of them.
            Err(_) => self.text.extend(bytes.iter().map(|byte| char::from(*byte))),
        }
        begin..self.text.len()
    }

    /// Replaces all lines with a name by one line, or by none. The text is rewritten: otherwise
    /// replaced values would take memory each time a header is set.
    fn replace(&mut self, name: &str, mut value: Option<&str>) {
        let old = std::mem::take(self);
        *self = Head::parsed(old.start().as_bytes(), old.text.len());
        for (other, kept) in old.headers() {
            if !other.eq_ignore_ascii_case(name) {
                self.push(other, kept);
            } else if let Some(value) = value.take() {
                self.push(name, value);
            }
        }
    }

    fn lines_named(&self, name: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| self.name(line).eq_ignore_ascii_case(name))
    }

    fn name(&self, line: &Line) -> &str {
        &self.text[line.name.clone()]
    }

    fn value(&self, line: &Line) -> &str {
        &self.text[line.value.clone()]
    }
}

/// Compares the start lines, and the header lines in their order.
impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.start() == other.start() && self.headers().eq(other.headers())
    }
}

impl Eq for Head {}

/// Formats the head as sent, with the blank line.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.start())?;
        self.headers().try_for_each(|(name, value)| write!(f, "{name}: {value}\r\n"))?;
        f.write_str("\r\n")
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entry(&self.start()).entries(self.headers()).finish()
    }
}

/// Parses the value of a `Content-Length`: one number, or a list of the same number.
pub(crate) fn content_length(value: &str) -> Result<usize, Error> {
    let mut length = None;
    for part in value.split(',') {
        let digits = trim(part.as_bytes());
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Error::BadLength);
        }
        let number = digits.iter().try_fold(0usize, |number, digit| {
            number.checked_mul(10)?.checked_add(usize::from(digit - b'0'))
        });
        let number = number.ok_or(Error::BodyTooLarge)?;
        if length.replace(number).is_some_and(|before| before != number) {
            return Err(Error::LengthsDiffer);
        }
    }
    length.ok_or(Error::BadLength)
}

/// Returns the value without the spaces around it, if name and value are valid.
fn valid_value<'v>(name: &str, value: &'v str) -> Result<&'v str, Error> {
    if !is_token(name.as_bytes()) {
        return Err(Error::BadName);
    }
    if value.bytes().any(is_control) {
        return Err(Error::BadValue);
    }
    Ok(value.trim_matches([' ', '\t']))
}

/// Whether this is a folded line: the obsolete way to continue the line before it.
pub(crate) fn is_folded(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
}

/// Whether a byte is not allowed in a line. A tab is allowed.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// Whether these bytes are a token: a method, or the name of a header (RFC 9110 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}

/// The bytes without the spaces and tabs at both ends (RFC 9110 5.5).
pub fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let Some(begin) = bytes.iter().position(is_text) else { return &[] };
    let end = bytes.iter().rposition(is_text).map_or(begin, |last| last + 1);
    &bytes[begin..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(head: &Head) -> usize {
        let joined = head.lines.iter().filter_map(|line| line.joined.get());
        head.text.capacity() + joined.map(|joined| joined.len()).sum::<usize>()
    }

    #[test]
    fn joined_values_take_no_more_memory_than_the_lines() {
        let value = "v".repeat(150);
        let mut head = Head::parsed(b"", 0);
        for line in 0..100 {
            head.parse_line(format!("{}: {value}", ["A", "B"][line % 2]).as_bytes()).unwrap();
        }
        assert!(head.lines.iter().all(|line| line.joined.get().is_none()), "joined too early");
        let joined = vec![value.as_str(); 50].join(", ");
        for name in ["a", "b", "A", "B"] {
            assert_eq!(head.header(name), Some(&*joined));
        }
        assert!(memory(&head) < 50_000, "{} bytes", memory(&head));
    }

    #[test]
    fn a_header_that_is_set_again_and_again_takes_no_more_memory() {
        let mut head = Head::new("start").unwrap();
        head.set("Other", "line").unwrap();
        for n in 0..10_000 {
            head.set("A", &n.to_string()).unwrap();
            head.remove("B");
            head.append("B", &n.to_string()).unwrap();
        }
        assert_eq!(head.to_string(), "start\r\nOther: line\r\nA: 9999\r\nB: 9999\r\n\r\n");
        assert!(memory(&head) < 1_000, "{} bytes", memory(&head));
    }

    #[test]
    fn a_folded_line_continues_the_one_before_it() {
        for (lines, value) in [
            (&["A: b", " c"][..], "b c"),
            (&["A: b  ", "\t \tc \t", "  d"], "b c d"),
            (&["A:", " c"], "c"),
            (&["A: b", " \t", " c"], "b c"),
            (&["A: b", " "], "b"),
            (&["A: b", " c: d"], "b c: d"),
            (&["A: \u{e9}", " \u{e9}"], "\u{e9} \u{e9}"),
        ] {
            let mut head = Head::parsed(b"start", 0);
            assert_eq!(head.unfold(b" a"), Err(Error::Folded), "there is no line to continue");
            head.parse_line(b"Before: 1").unwrap();
            head.parse_line(lines[0].as_bytes()).unwrap();
            lines[1..].iter().for_each(|line| head.unfold(line.as_bytes()).unwrap());
            head.parse_line(b"After: 2").unwrap();
            let expected = [("Before", "1"), ("A", value), ("After", "2")];
            assert_eq!(head.headers().collect::<Vec<_>>(), expected, "{lines:?}");
        }
    }
}

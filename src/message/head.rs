//! [`Head`]: a start line and header lines.

use std::fmt;
use std::ops::Range;

use super::Error;

/// The head of a message: its start line and its header lines. Node: `request.headers` and what `setHeader` fills.
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
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The start line, then names and values one after another: one piece of memory for all of them.
    text: String,
    start: Range<usize>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: Range<usize>,
    value: Range<usize>,
    /// How many lines of this name there were on the wire.
    times: usize,
    /// The values of all of them, if there were several. Not in the text, where each line would leave another copy of those
    /// before it behind: a head of 16 KiB could fill 800.
    joined: String,
}

impl Head {
    /// A head without header lines yet.
    ///
    /// # Errors
    ///
    /// [`Error::BadValue`] when the line has a line end or another control character in it.
    pub fn new(start: &str) -> Result<Head, Error> {
        if start.bytes().any(is_control) {
            return Err(Error::BadValue);
        }
        Ok(Head::parsed(start.as_bytes(), start.len()))
    }

    /// From a line on the wire; `room` is how much text is to be expected.
    pub(super) fn parsed(start: &[u8], room: usize) -> Head {
        let mut head =
            Head { text: String::with_capacity(room), start: 0..0, lines: Vec::with_capacity(8) };
        head.start = head.keep(start);
        head
    }

    /// The start line.
    pub fn start(&self) -> &str {
        &self.text[self.start.clone()]
    }

    /// The value of a header, whatever the case of its name. Several lines of one name are one value, joined by `", "`,
    /// which is what they mean (RFC 9110 5.3).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.find(name).map(|line| self.value(line))
    }

    /// All headers, names as they were written, in the order of their first lines.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|line| (&self.text[line.name.clone()], self.value(line)))
    }

    /// How many lines of this name came on the wire.
    pub fn count(&self, name: &str) -> usize {
        self.find(name).map_or(0, |line| line.times)
    }

    /// Sets a header, in place of one of the same name. Node: `setHeader`.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`], [`Error::BadValue`]: it would not be one line of the head any more, but several, or none.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        check(name, value)?;
        self.remove(name);
        self.push(name.as_bytes(), value.as_bytes());
        Ok(())
    }

    /// Adds another line, also beside one of the same name, as `Set-Cookie` needs it. Node: `appendHeader`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn append(&mut self, name: &str, value: &str) -> Result<(), Error> {
        check(name, value)?;
        self.push(name.as_bytes(), value.as_bytes());
        Ok(())
    }

    /// Takes all lines of a name out. Node: `removeHeader`.
    pub fn remove(&mut self, name: &str) {
        let text = &self.text;
        self.lines.retain(|line| !text[line.name.clone()].eq_ignore_ascii_case(name));
    }

    /// As new, with the memory of before.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.start = 0..0;
        self.lines.clear();
    }

    /// The length that the head promises for the body, if it does. The same number twice is that number (RFC 9110 8.6).
    ///
    /// # Errors
    ///
    /// [`Error::BadLength`], [`Error::LengthsDiffer`], and [`Error::BodyTooLarge`] for what no computer can hold.
    pub fn content_length(&self) -> Result<Option<usize>, Error> {
        self.header("content-length").map(content_length).transpose()
    }

    /// A header line from the wire.
    pub(crate) fn parse_line(&mut self, line: &[u8]) -> Result<(), Error> {
        if matches!(line, [b' ' | b'\t', ..]) {
            return Err(Error::Folded);
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Error::NoColon)?;
        let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
        if matches!(name, [.., b' ' | b'\t']) {
            return Err(Error::SpaceBeforeColon);
        }
        if !is_token(name) {
            return Err(Error::BadName);
        }
        let text = &self.text;
        let same = |line: &Line| text[line.name.clone()].as_bytes().eq_ignore_ascii_case(name);
        if let Some(at) = self.lines.iter().position(same) {
            self.join(at, value);
        } else if line.is_ascii() {
            // As nearly all are: the line is kept as it is, in one go.
            let begin = self.keep(line).start;
            let value_at = begin + line.len() - line[colon + 1..].trim_ascii_start().len();
            self.lines.push(Line {
                name: begin..begin + colon,
                value: value_at..value_at + value.len(),
                times: 1,
                joined: String::new(),
            });
        } else {
            self.push(name, value);
        }
        Ok(())
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        let name = self.keep(name);
        let value = self.keep(value);
        self.lines.push(Line { name, value, times: 1, joined: String::new() });
    }

    fn join(&mut self, at: usize, value: &[u8]) {
        let line = &mut self.lines[at];
        if line.times == 1 {
            line.joined.push_str(&self.text[line.value.clone()]);
        }
        line.joined.push_str(", ");
        push_text(&mut line.joined, value);
        line.times += 1;
    }

    fn value<'h>(&'h self, line: &'h Line) -> &'h str {
        if line.times == 1 { &self.text[line.value.clone()] } else { &line.joined }
    }

    /// Appends to the text.
    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let begin = self.text.len();
        push_text(&mut self.text, bytes);
        begin..self.text.len()
    }

    fn find(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| self.text[line.name.clone()].eq_ignore_ascii_case(name))
    }
}

/// As it goes on the wire, the blank line included.
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

/// Bytes that are not UTF-8 are read as Latin-1, as Node reads all of them.
fn push_text(to: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => to.push_str(text),
        Err(_) => to.extend(bytes.iter().map(|byte| char::from(*byte))),
    }
}

/// The one number that a `Content-Length` says.
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

fn check(name: &str, value: &str) -> Result<(), Error> {
    if !is_token(name.as_bytes()) {
        return Err(Error::BadName);
    }
    if value.bytes().any(is_control) || trim(value.as_bytes()).len() != value.len() {
        return Err(Error::BadValue);
    }
    Ok(())
}

/// What can never be part of a line: a tab can.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// RFC 9110 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}

/// Without the spaces and tabs at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let Some(begin) = bytes.iter().position(is_text) else { return &[] };
    let end = bytes.iter().rposition(is_text).map_or(begin, |last| last + 1);
    &bytes[begin..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_few_names_take_no_more_memory_than_they_have() {
        let value = "v".repeat(150);
        let mut head = Head::parsed(b"", 0);
        for line in 0..100 {
            head.parse_line(format!("{}: {value}", ["A", "B"][line % 2]).as_bytes()).unwrap();
        }
        let joined = vec![value.as_str(); 50].join(", ");
        assert_eq!(head.headers().collect::<Vec<_>>(), [("A", &*joined), ("B", &*joined)]);
        assert_eq!((head.count("a"), head.count("b")), (50, 50));
        let memory = head.text.capacity()
            + head.lines.iter().map(|line| line.joined.capacity()).sum::<usize>();
        assert!(memory < 40_000, "{memory} bytes");
    }
}

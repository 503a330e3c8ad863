//! The head of a message, read as strictly as the standard is with who sends it (RFC 9112 2.1, 2.2, 4 and 5). A browser and
//! `curl` forgive more; a check forgives nothing.

use net_notes::message::{is_token, trim};

/// A head, and what stands behind its blank line.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// The first line, without its end.
    pub(super) start: &'a [u8],
    /// Names, in lower case, and values.
    fields: Vec<(String, String)>,
    pub(super) body: &'a [u8],
}

/// A mistake in a head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not begin as it must.
    Start,
    /// A line ends in `\n` alone; this is how the head should have been up to there.
    LineEnd(Vec<u8>),
    /// At this byte neither a header line begins nor the blank line.
    Field(usize),
}

impl Head<'_> {
    /// Takes a whole message apart.
    pub(super) fn parse(
        message: &[u8],
        is_start: impl Fn(&[u8]) -> bool,
    ) -> Result<Head<'_>, Fault> {
        let (mut start, mut fields) = (None, Vec::new());
        let mut at = 0;
        loop {
            let rest = &message[at..];
            let feed = rest.iter().position(|byte| *byte == b'\n');
            let line = &rest[..feed.unwrap_or(rest.len())];
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            let field = field(text);
            if start.is_none() && (text.contains(&b'\r') || !is_start(text)) {
                return Err(Fault::Start);
            }
            let known = start.is_none() || text.is_empty() || field.is_some();
            let Some(feed) = feed.filter(|_| known) else { return Err(Fault::Field(at)) };
            if line.len() == text.len() {
                return Err(Fault::LineEnd([&message[..at], text, b"\r\n"].concat()));
            }
            at += feed + 1;
            match start {
                None => start = Some(text),
                Some(start) if text.is_empty() => {
                    return Ok(Head { start, fields, body: &message[at..] });
                }
                Some(_) => fields.extend(field),
            }
        }
    }

    /// The values of all header lines with this name, which is in lower case.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(one, _)| one == name);
        named.map(|(_, value)| &**value).collect()
    }

    /// The value of the one header line with this name; `None` if there is none, or more than one.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The length of the body according to the head: in one header line, in digits, and in no other way at the same time.
    pub(super) fn length(&self) -> Option<usize> {
        let digits = |value: &&str| value.bytes().all(|byte| byte.is_ascii_digit());
        let chunked = !self.all("transfer-encoding").is_empty();
        self.only("content-length").filter(digits).filter(|_| !chunked)?.parse().ok()
    }
}

/// Name and value of a header line, the name in lower case.
fn field(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let printable = |byte: &u8| !byte.is_ascii_control() || *byte == b'\t';
    (is_token(name) && value.iter().all(printable))
        .then(|| (text(name).to_lowercase(), text(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(message: &str) -> Result<Head<'_>, Fault> {
        Head::parse(message.as_bytes(), |start| start.starts_with(b"OK"))
    }

    #[test]
    fn a_head_is_read_to_its_blank_line() {
        let head = parse("OK then\r\nA: 1\r\nb:\t2 \r\na: 3\r\n\r\nbody\r\n\r\n").expect("right");
        assert_eq!((head.start, head.body), (&b"OK then"[..], &b"body\r\n\r\n"[..]));
        assert_eq!(
            (head.all("a"), head.only("a"), head.only("b")),
            (vec!["1", "3"], None, Some("2"))
        );
    }

    #[test]
    fn nothing_is_forgiven() {
        let line_end = |right: &str| Fault::LineEnd(right.as_bytes().to_vec());
        for (message, fault) in [
            ("", Fault::Start),
            ("\r\nOK\r\n\r\n", Fault::Start),
            ("OK\r\r\n\r\n", Fault::Start),
            ("OK\n\n", line_end("OK\r\n")),
            ("OK\r\nA: 1\n\r\n", line_end("OK\r\nA: 1\r\n")),
            ("OK\r\nA: 1\r\n\n", line_end("OK\r\nA: 1\r\n\r\n")),
            ("OK\r\n A: 1\r\n\r\n", Fault::Field(4)),
            ("OK\r\nA : 1\r\n\r\n", Fault::Field(4)),
            ("OK\r\nA: 1\r2\r\n\r\n", Fault::Field(4)),
            ("OK\r\nA\r\n\r\n", Fault::Field(4)),
            ("OK\r\nA: 1\r\n", Fault::Field(10)),
        ] {
            assert_eq!(parse(message).expect_err(message), fault, "{message:?}");
        }
    }

    #[test]
    fn a_length_is_one_plain_number() {
        let length = |lines: &str| parse(&format!("OK\r\n{lines}\r\n")).expect("right").length();
        assert_eq!(length("content-length: 54\r\n"), Some(54));
        for lines in [
            "",
            "Content-Length: +54\r\n",
            "Content-Length: 54\r\nContent-Length: 54\r\n",
            "Content-Length: 54\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5 4\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
        ] {
            assert_eq!(length(lines), None, "{lines}");
        }
    }
}

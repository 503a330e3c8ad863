//! An HTTP answer, parsed by hand. It may arrive in pieces of any size.

use std::io::{Error, Result};

/// The largest head that we keep, in bytes. A server may send without end, but memory is limited.
const HEAD_MAX: usize = 16 * 1024;

/// The part of an answer that has arrived.
#[derive(Default)]
pub struct Answer {
    /// The status line, the headers, and the blank line.
    head: Vec<String>,
    /// The number of bytes of the head.
    head_bytes: usize,
    /// The end of the body. Known at the blank line.
    end: Option<End>,
    /// Before the blank line: an incomplete line. After it: the body.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum End {
    /// After this number of bytes.
    Length(usize),
    /// With the connection.
    Connection,
}

impl Answer {
    /// Takes the next piece. Returns `true` once the answer is complete.
    pub fn take(&mut self, piece: &[u8]) -> Result<bool> {
        self.bytes.extend_from_slice(piece);
        while self.end.is_none() {
            let at = self.bytes.iter().position(|byte| *byte == b'\n');
            if self.head_bytes + at.unwrap_or(self.bytes.len()) > HEAD_MAX {
                return Err(Error::other(format!("the head has more than {HEAD_MAX} bytes")));
            }
            let Some(at) = at else { break };
            self.head_bytes += at + 1;
            let line: Vec<u8> = self.bytes.drain(..=at).collect();
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_string();
            if self.head.is_empty() && !line.starts_with("HTTP/1.") {
                return Err(Error::other(format!("this is no HTTP: {line:?}")));
            }
            let blank = line.is_empty();
            self.head.push(line);
            if blank && self.status().starts_with('1') {
                self.head.clear(); // as in "100 Continue": the answer is still to follow
            } else if blank {
                self.end = Some(self.find_end()?);
            }
        }
        Ok(matches!(self.end, Some(End::Length(length)) if self.bytes.len() >= length))
    }

    fn find_end(&self) -> Result<End> {
        if ["204", "304"].contains(&self.status()) {
            return Ok(End::Length(0)); // these two never have a body
        }
        match (self.header("Transfer-Encoding"), self.header("Content-Length")) {
            (Some(coding), _) => Err(Error::other(format!(
                "the body is {coding}: its length is not in the head, and this client knows no other place"
            ))),
            (None, None) => Ok(End::Connection),
            (None, Some(text)) => self.length(text).map(End::Length),
        }
    }

    /// Parses a length: digits only, and no second line with another length. An attacker uses
    /// whatever two programs read in two ways.
    fn length(&self, text: &str) -> Result<usize> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = text.parse().ok().filter(|_| digits);
        let length = length.ok_or_else(|| Error::other(format!("{text:?} is no length")))?;
        match self.headers("Content-Length").all(|other| other == text) {
            true => Ok(length),
            false => Err(Error::other("there are two lengths, and they differ")),
        }
    }

    /// Returns the 200 of `HTTP/1.1 200 OK`.
    fn status(&self) -> &str {
        self.head[0].split(' ').nth(1).unwrap_or_default()
    }

    /// Returns the value of a header. Capitals in its name make no difference.
    fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// Returns all values: a name may occur in several lines.
    fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.head.iter().filter_map(|line| line.split_once(':'));
        let of_this = headers.filter(move |(this, _)| this.eq_ignore_ascii_case(name));
        of_this.map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    /// Prints what has arrived. Returns an error if the answer is incomplete.
    pub fn show(&self) -> Result<()> {
        show("status line", self.head.iter().map(String::as_str));
        let got = self.bytes.len();
        let length = match self.end {
            Some(End::Length(length)) => length,
            Some(End::Connection) => got,
            None => return Err(Error::other("the connection ended before the head did")),
        };
        let body = &self.bytes[..got.min(length)];
        match self.end {
            Some(End::Length(_)) => println!("body          {} of {length} bytes", body.len()),
            _ => println!("body          {got} bytes, and no length: was that all?"),
        }
        println!("{}", harmless(String::from_utf8_lossy(body).trim_end_matches('\n')));
        match length - body.len() {
            0 => Ok(()),
            missing => Err(Error::other(format!("cut short: {missing} bytes are missing"))),
        }
    }
}

/// Prints the head of a message, line by line.
pub fn show<'a>(first: &str, lines: impl Iterator<Item = &'a str>) {
    for (number, line) in lines.enumerate() {
        match (number, line) {
            (_, "") => println!("blank line"),
            (0, _) => println!("{first:<14}{}", harmless(line)),
            _ => println!("{:<14}{}", "header", harmless(line)),
        }
    }
}

/// Makes text from a stranger safe for a terminal. Characters that a terminal obeys (ESC, U+009B, a
/// carriage return in a line) are shown and not sent to it.
fn harmless(text: &str) -> String {
    let mut shown = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_line = c == '\n' || (c == '\r' && chars.peek() == Some(&'\n'));
        match c.is_control() && !ends_line && c != '\t' {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

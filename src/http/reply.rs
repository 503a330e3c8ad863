//! [`Reply`], and [`ReplyParser`]: from the pieces of a stream to a reply.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};

use super::chunked::{ChunkError, Chunked};
use crate::message::{Error, Head, Limits, Parsed, Parser};

/// The largest head of a reply, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The largest number of header lines of a reply. Node: `request.maxHeadersCount`.
const HEADER_LINES_MAX: usize = 2000;

/// The largest body of a reply, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The complete answer of a server. Node: `http.IncomingMessage`, whose body is a stream.
#[derive(Clone)]
pub struct Reply {
    head: Head,
    status: u16,
    body: Vec<u8>,
}

impl Reply {
    /// The status, such as 200 or 404. Node: `statusCode`.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase after the status; may be empty. Node: `statusMessage`.
    pub fn reason(&self) -> &str {
        self.head.start().splitn(3, ' ').nth(2).unwrap_or_default()
    }

    /// The value of a header; the name is case-insensitive. The values of several lines are joined
    /// by `", "`; empty values are left out. Node: `response.headers[name]`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// All header lines, as written and in their order: two lines of one name, as of `Set-Cookie`,
    /// are two items. Node: `response.rawHeaders`.
    ///
    /// ```
    /// # use net_notes::http;
    /// let server = http::create_server(|_, response| {
    ///     response.header("Set-Cookie", "a=1").header("Set-Cookie", "b=2").end();
    /// });
    /// # server.listen(0, |_| {})?;
    /// # let running = server.spawn();
    /// let reply = http::get(&format!("http://{}/", server.address().unwrap()))?;
    /// let cookies = reply.headers().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    /// assert!(cookies.map(|(_, value)| value).eq(["a=1", "b=2"]));
    /// # server.close()?;
    /// # running.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.headers()
    }

    /// The body; chunks are joined.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text. Bytes that are not UTF-8 become `�`.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("head", &self.head).field("body", &self.body.len()).finish()
    }
}

/// Takes the pieces of a stream and returns the reply.
#[derive(Debug)]
pub(super) struct ReplyParser {
    parser: Parser,
    body_limit: usize,
    /// Whether the request was a HEAD: then the reply has no body.
    answers_head: bool,
    partial: Option<PartialReply>,
}

/// A reply whose body has not arrived.
#[derive(Debug)]
struct PartialReply {
    head: Head,
    status: u16,
    body: ReplyBody,
}

/// How the body is delimited (RFC 9112 6.3).
#[derive(Debug)]
enum ReplyBody {
    Counted(usize),
    Chunked(Chunked),
    UntilEnd,
}

impl ReplyParser {
    pub(super) fn new(answers_head: bool, body_limit: usize) -> ReplyParser {
        let limits = Limits {
            head: HEAD_BYTES_MAX,
            lines: HEADER_LINES_MAX,
            body: body_limit,
            ..Limits::default()
        };
        ReplyParser { parser: Parser::unfolding(limits), body_limit, answers_head, partial: None }
    }

    /// Takes a piece. Returns the reply, once it is complete; bytes after it are ignored.
    pub(super) fn feed(&mut self, piece: &[u8]) -> io::Result<Option<Reply>> {
        self.parser.feed(piece);
        while self.partial.is_none() {
            let not_http = || invalid("the answer is not HTTP/1");
            if !may_be_http(self.parser.started()) {
                return Err(not_http());
            }
            let Some(start) = self.parser.start_line()? else { return Ok(None) };
            let status = parse_status(start).ok_or_else(not_http)?;
            let Parsed::Complete(head) = self.parser.head()? else { return Ok(None) };
            if !is_interim(status) {
                let body = self.body(&head, status)?;
                self.partial = Some(PartialReply { head, status, body });
            }
        }
        let Some(partial) = &mut self.partial else { return Ok(None) };
        let body = match &mut partial.body {
            ReplyBody::Counted(length) => match self.parser.body(*length)? {
                Parsed::Complete(body) => Some(body),
                Parsed::Partial => None,
            },
            ReplyBody::Chunked(chunked) => chunked.decode(&mut self.parser)?,
            ReplyBody::UntilEnd if self.parser.unread().len() > self.body_limit => {
                return Err(Error::BodyTooLarge.into());
            }
            ReplyBody::UntilEnd => None,
        };
        Ok(body.and_then(|body| self.complete(body)))
    }

    /// Ends the stream of the server. Returns the reply, if this was the end of its body.
    pub(super) fn end(&mut self) -> Option<Reply> {
        match &self.partial {
            Some(PartialReply { body: ReplyBody::UntilEnd, .. }) => {
                let body = self.parser.unread().to_vec();
                self.complete(body)
            }
            _ => None,
        }
    }

    fn complete(&mut self, body: Vec<u8>) -> Option<Reply> {
        self.partial.take().map(|PartialReply { head, status, .. }| Reply { head, status, body })
    }

    fn body(&self, head: &Head, status: u16) -> io::Result<ReplyBody> {
        // After 101 the connection carries another protocol.
        if self.answers_head || matches!(status, 101 | 204 | 304) {
            return Ok(ReplyBody::Counted(0));
        }
        // "identity" means no coding (RFC 2616 3.6).
        let is_coded = |coding: &&str| !coding.eq_ignore_ascii_case("identity");
        let coding = head.header("transfer-encoding").filter(is_coded);
        match (coding, head.content_length()?) {
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Ok(ReplyBody::Chunked(Chunked::new(self.body_limit)))
            }
            (Some(_), None) => Err(invalid("the answer has a transfer coding other than chunked")),
            (Some(_), Some(_)) => Err(invalid("both Content-Length and Transfer-Encoding")),
            (None, Some(length)) => Ok(ReplyBody::Counted(length)),
            (None, None) => Ok(ReplyBody::UntilEnd),
        }
    }
}

/// Whether this can be the beginning of a status line, or of the blank line that may precede it.
fn may_be_http(started: &[u8]) -> bool {
    let line = match started {
        [b'\r', b'\n', line @ ..] | [b'\n', line @ ..] => line,
        line => line,
    };
    // The parser itself reports a second blank line, and a carriage return without a line feed.
    matches!(line, [b'\r' | b'\n', ..])
        || line.iter().zip(b"HTTP/1.").all(|(byte, expected)| byte == expected)
}

/// The status in a status line such as `HTTP/1.1 200 OK`.
fn parse_status(start: &str) -> Option<u16> {
    let mut parts = start.splitn(3, ' ');
    let version = parts.next()?.strip_prefix("HTTP/1.")?;
    let status = parts.next()?;
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let status = (digits(version, 1) && digits(status, 3)).then(|| status.parse().ok())?;
    status.filter(|status| *status >= 100)
}

/// Whether another reply follows (RFC 9110 15.2). Not after 101, which ends HTTP on this
/// connection.
fn is_interim(status: u16) -> bool {
    status < 200 && status != 101
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

impl From<ChunkError> for io::Error {
    fn from(bad: ChunkError) -> Self {
        match bad {
            ChunkError::Malformed => invalid("a chunk does not begin or end as it has to"),
            ChunkError::TooLarge => Error::BodyTooLarge.into(),
            ChunkError::Trailer(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod answers;

#[cfg(test)]
mod tests {
    use super::answers::Seen;
    use super::*;

    /// Reads an answer in pieces of this size. The second value: whether the result was known at
    /// the last byte and not before.
    fn read(method: &str, wire: &[u8], size: usize) -> (io::Result<Option<Reply>>, bool) {
        let mut parser = ReplyParser::new(method == "HEAD", BODY_BYTES_MAX);
        let mut pieces = wire.chunks(size);
        while let Some(piece) = pieces.next() {
            match parser.feed(piece) {
                Ok(None) => {}
                result => return (result, pieces.next().is_none()),
            }
        }
        (Ok(None), true)
    }

    fn shown(reply: &Reply) -> String {
        format!("{} {:?} {:?} {:?}", reply.status(), reply.reason(), reply.head, reply.text())
    }

    #[test]
    fn answers_however_they_are_cut() {
        for answers::Answer { name, method, wire, seen } in answers::all() {
            for size in [1, 2, 7, wire.len().max(1)] {
                let name = format!("{name} by {size}");
                let (result, _) = read(method, &wire, size);
                match &seen {
                    Seen::Bad(why) => {
                        let error = result.expect_err(&name);
                        assert_eq!(error.kind(), ErrorKind::InvalidData, "{name}");
                        assert_eq!(error.to_string(), *why, "{name}");
                    }
                    Seen::CutShort | Seen::AtEnd(..) => {
                        assert!(result.unwrap().is_none(), "{name}")
                    }
                    Seen::Reply(status, reason, lines, body) => {
                        let reply = result.unwrap().expect(&name);
                        assert_eq!((reply.status(), reply.reason()), (*status, *reason), "{name}");
                        assert_eq!(reply.headers().collect::<Vec<_>>(), *lines, "{name}");
                        assert_eq!(reply.text(), *body, "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_http_is_known_at_its_first_wrong_byte() {
        let wires: [&[u8]; 8] = [
            b"h",
            b"\0",
            b"HTTP/2",
            b"HTTP/1,",
            b"\r\nx",
            b"HTTP/1.1 yes\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\0",
            b"HTTP/1.1 100 Continue\r\n\r\nHx",
        ];
        for wire in wires {
            let (result, at_last) = read("GET", wire, 1);
            assert!(result.is_err() && at_last, "{:?}", String::from_utf8_lossy(wire));
        }
    }

    #[test]
    fn a_body_has_a_limit_however_it_is_delimited() {
        for (head, body) in [
            ("Content-Length: 6", "hello!"),
            ("Transfer-Encoding: chunked", "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n"),
            ("Connection: close", "hello!"),
        ] {
            let wire = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
            let mut parser = ReplyParser::new(false, 6);
            let reply = parser.feed(wire.as_bytes()).unwrap().or_else(|| parser.end());
            assert_eq!(reply.unwrap().text(), "hello!", "{head}");
            let error = ReplyParser::new(false, 5).feed(wire.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{head}");
            assert_eq!(error.to_string(), "the body is too large", "{head}");
        }
    }

    #[test]
    fn ten_thousand_broken_answers_are_read_the_same_however_they_are_cut() {
        // xorshift64*: the same numbers in every run.
        let mut state = 1u64;
        let mut below = |limit: usize| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
        };
        let answers = answers::all();
        let short: Vec<_> = answers.iter().filter(|a| (1..200).contains(&a.wire.len())).collect();
        let (mut replies, mut errors) = (0, 0);
        for n in 0..10_000 {
            let answer = short[below(short.len())];
            let mut wire = answer.wire.clone();
            for _ in 0..=below(3) {
                let at = below(wire.len());
                match below(4) {
                    0 => wire[at] = below(256) as u8,
                    1 => wire.insert(at, b"\r\n: ,\t\0\xffHa1"[below(11)]),
                    2 if wire.len() > 1 => drop(wire.remove(at)),
                    _ => wire.extend_from_slice(&short[below(short.len())].wire),
                }
            }
            let of = |size| match read(answer.method, &wire, size).0 {
                Ok(Some(reply)) => shown(&reply),
                Ok(None) => "more".to_string(),
                Err(error) => format!("{:?} {error}", error.kind()),
            };
            let (whole, bytewise) = (of(wire.len()), of(1));
            assert_eq!(whole, bytewise, "{n}: {:?}", String::from_utf8_lossy(&wire));
            replies += usize::from(whole.starts_with(char::is_numeric));
            errors += usize::from(whole.starts_with("InvalidData"));
        }
        assert!(replies > 1000 && errors > 1000, "{replies} replies, {errors} errors: too tame");
    }
}

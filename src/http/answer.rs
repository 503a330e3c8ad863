//! The answer that is being made: gathers what the handler says, and tells what has to go on the wire. Knows no socket.

use super::head::{Framing, Persistence, push_chunk, push_head};
use super::request::{Exchange, has};
use super::status::{Refusal, reason};
use crate::message::{Head, content_length};

/// How many bytes of a body wait for its end: an answer that ends before goes out with its length, in one system call.
pub(super) const GATHER_MAX: usize = 16 * 1024;

/// A buffer that grew larger is freed.
const BUFFER_KEEP_MAX: usize = 4 * GATHER_MAX;

/// One answer after another of a connection; the memory stays.
#[derive(Debug)]
pub(super) struct Answer {
    exchange: Exchange,
    status: u16,
    head: Head,
    /// What is gathered of the body.
    body: Vec<u8>,
    stage: Stage,
    /// What has to go on the wire now.
    pub(super) out: Vec<u8>,
    keep_alive: bool,
    /// How long the server keeps an idle connection, in seconds, for the client to know. `None`: less than one, or for ever.
    keep_alive_seconds: Option<u64>,
    /// The handler asked for something that must not go on the wire; the answer will be a 500.
    mistake: bool,
    /// What the handler did wrong, and has to be told of.
    pub(super) complaint: Option<String>,
}

/// How far it has come, and how the body is delimited (RFC 9112 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has gone out.
    Gathering,
    Chunked,
    /// The handler has promised a length, and that much of it is left.
    Counted(usize),
    /// HTTP/1.0: the end of the connection is the end of the body.
    UntilClose,
    /// There is a head only: HEAD, 204, 205, 304.
    Bodiless,
    Ended,
}

impl Answer {
    pub(super) fn new(keep_alive_seconds: Option<u64>) -> Answer {
        let exchange = Exchange { head_only: false, old: false, keep_alive: false };
        Answer {
            exchange,
            status: 200,
            head: Head::default(),
            body: Vec::new(),
            stage: Stage::Ended,
            out: Vec::new(),
            keep_alive: false,
            keep_alive_seconds,
            mistake: false,
            complaint: None,
        }
    }

    /// Begins the next one.
    pub(super) fn begin(&mut self, exchange: Exchange) {
        self.exchange = exchange;
        self.status = 200;
        self.head.clear();
        self.body.clear();
        self.stage = Stage::Gathering;
        self.keep_alive = exchange.keep_alive;
        self.mistake = false;
    }

    /// Whether another request may follow. Final when the answer has ended.
    pub(super) fn keeps_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the end of the connection is needed to tell the end of the body.
    pub(super) fn is_until_close(&self) -> bool {
        self.stage == Stage::UntilClose
    }

    /// Whether nothing of it has gone out.
    pub(super) fn is_unsent(&self) -> bool {
        self.stage == Stage::Gathering
    }

    /// Whether so many more bytes of the body can be gathered, and need not go out yet.
    pub(super) fn has_room_for(&self, length: usize) -> bool {
        self.is_unsent() && self.body.len() + length <= GATHER_MAX
    }

    /// Whether something of the body waits to go out.
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    pub(super) fn status(&mut self, status: u16) {
        match (200..=599).contains(&status) && self.may_change("status") {
            true => self.status = status,
            false if self.is_unsent() => self.mistaken(&format!("{status} is no final status")),
            false => {}
        }
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        if !self.may_change("header") {
            return;
        }
        if name.eq_ignore_ascii_case("connection") {
            // Ours to say; the handler may only ask for the end.
            self.keep_alive &= !has(value, "close");
            return;
        }
        let result = match () {
            () if name.eq_ignore_ascii_case("transfer-encoding") => {
                return self.mistaken("Transfer-Encoding is not the handler's to set");
            }
            () if name.eq_ignore_ascii_case("content-length") => {
                // One number, though `9, 9` would mean the same.
                content_length(value).and_then(|length| self.head.set(name, &length.to_string()))
            }
            // The one header of which several lines are not one list (RFC 9110 5.3).
            () if name.eq_ignore_ascii_case("set-cookie") => self.head.append(name, value),
            () => self.head.set(name, value),
        };
        if let Err(why) = result {
            self.mistaken(&format!("the header {name:?} was given {value:?}: {why}"));
        }
    }

    fn may_change(&mut self, what: &str) -> bool {
        if !self.is_unsent() {
            self.complain(format!("http: a {what} was set after the head had been sent"));
        }
        self.is_unsent()
    }

    fn mistaken(&mut self, what: &str) {
        self.complain(format!("http: answered 500, as {what}"));
        self.mistake = true;
    }

    /// The first of several is the cause of the others.
    fn complain(&mut self, what: impl Into<String>) {
        self.complaint.get_or_insert_with(|| what.into());
    }

    /// More of the body. What is gathered goes out when it is much; see [`flush`](Self::flush).
    pub(super) fn write(&mut self, data: &[u8]) {
        match self.stage {
            Stage::Gathering if self.body.len() + data.len() <= GATHER_MAX => {
                self.body.extend_from_slice(data);
            }
            Stage::Gathering => {
                self.flush();
                self.write(data);
            }
            Stage::Chunked if !data.is_empty() => push_chunk(&mut self.out, data),
            Stage::Counted(left) => {
                let fits = &data[..data.len().min(left)];
                if fits.len() < data.len() {
                    self.complain("http: a body was cut to the Content-Length that was set");
                }
                self.out.extend_from_slice(fits);
                self.stage = Stage::Counted(left - fits.len());
            }
            Stage::UntilClose => self.out.extend_from_slice(data),
            Stage::Chunked | Stage::Bodiless | Stage::Ended => {}
        }
    }

    /// Lets out what is gathered; the length is not known, so it has to be told in another way.
    pub(super) fn flush(&mut self) {
        if self.stage != Stage::Gathering {
            return;
        }
        if self.mistake {
            return self.fail();
        }
        self.unpromise();
        let promised = self.head.header("content-length").map(content_length);
        let (stage, framing) = match promised {
            _ if matches!(self.status, 204 | 304) => (Stage::Bodiless, Framing::None),
            _ if self.status == 205 => (Stage::Bodiless, Framing::Length(0)),
            Some(Ok(length)) => (Stage::Counted(length), Framing::None),
            _ if self.exchange.old => (Stage::UntilClose, Framing::None),
            _ => (Stage::Chunked, Framing::Chunked),
        };
        self.keep_alive &= stage != Stage::UntilClose;
        self.push_head(framing);
        self.stage = if self.exchange.head_only { Stage::Bodiless } else { stage };
        let body = std::mem::take(&mut self.body);
        self.write(&body);
        self.body = body;
        self.body.clear();
    }

    /// These have no length of the handler's: 204 none at all (RFC 9110 8.6), 205 zero (15.3.6).
    fn unpromise(&mut self) {
        if matches!(self.status, 204 | 205) {
            self.head.remove("content-length");
        }
    }

    /// The last of the body. Returns the part of it that has to go out after [`out`](Self::out): a long one is not copied.
    pub(super) fn end<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        if self.stage == Stage::Gathering && self.mistake {
            self.fail();
            return &[];
        }
        if self.stage == Stage::Gathering {
            return self.end_gathered(data);
        }
        self.write(data);
        match self.stage {
            Stage::Chunked => self.out.extend_from_slice(b"0\r\n\r\n"),
            Stage::Counted(1..) => {
                self.complain("http: a body is shorter than the Content-Length that was set");
                self.keep_alive = false; // the client learns it from the end of the connection
            }
            _ => {}
        }
        if self.stage != Stage::UntilClose {
            self.stage = Stage::Ended;
        }
        &[]
    }

    /// Nothing has gone out yet and nothing more will come: the length is known.
    fn end_gathered<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        let length = self.body.len() + data.len();
        let with_body = !matches!(self.status, 204 | 205 | 304);
        self.unpromise();
        let promised = self.head.header("content-length").is_some();
        // To HEAD, the length that GET would get (RFC 9110 9.3.2), if the handler has said so in any way.
        let keeps_promise = promised && (self.exchange.head_only || self.status == 304);
        if !keeps_promise {
            self.head.remove("content-length");
        }
        let framing = match self.status {
            _ if keeps_promise => Framing::None,
            204 | 304 => Framing::None,
            205 => Framing::Length(0),
            _ if self.exchange.head_only && length == 0 => Framing::None,
            _ => Framing::Length(length),
        };
        self.push_head(framing);
        self.stage = Stage::Ended;
        if self.exchange.head_only || !with_body {
            return &[];
        }
        self.out.extend_from_slice(&self.body);
        let (first, rest) = data.split_at(data.len().min(GATHER_MAX));
        self.out.extend_from_slice(first);
        rest
    }

    /// The handler has failed before anything went out.
    pub(super) fn fail(&mut self) {
        self.mistake = false;
        self.status = 500;
        self.head.clear();
        self.body.clear();
        self.body.extend_from_slice(b"500 Internal Server Error\n");
        self.end_gathered(&[]);
    }

    /// What had to go out has gone.
    pub(super) fn sent(&mut self) {
        self.out.clear();
        if self.out.capacity() > BUFFER_KEEP_MAX {
            self.out = Vec::new(); // a long part of a body went through it
        }
    }

    /// No more requests after this one.
    pub(super) fn close(&mut self) {
        self.keep_alive = false;
    }

    /// The head of a 101, with the headers that the handler has set.
    pub(super) fn switch_to(&mut self, protocol: &str) {
        self.status = 101;
        self.body.clear();
        self.head.remove("content-length");
        let line = self.head.set("Upgrade", protocol);
        debug_assert_eq!(line, Ok(()), "the client has offered it, in a header");
        self.push_head(Framing::Switch);
        self.stage = Stage::Ended;
    }

    /// The answer to a client that did not ask for the protocol which the handler speaks (RFC 9110 15.5.22).
    pub(super) fn refuse_upgrade(&mut self, protocol: &str) {
        if !self.is_unsent() {
            return self.complain("http: an upgrade was asked for after the head had been sent");
        }
        self.status = 426;
        self.body.clear();
        self.header("Upgrade", protocol);
        self.body.extend_from_slice(format!("426 Upgrade Required: {protocol}\n").as_bytes());
    }

    /// A whole answer to what is not a request.
    pub(super) fn refuse(&mut self, refusal: Refusal, head_only: bool) {
        let Refusal { status, why } = refusal;
        self.begin(Exchange { head_only, old: false, keep_alive: false });
        self.status = status;
        self.header("Content-Type", "text/plain; charset=utf-8");
        self.end(format!("{status} {}: {why}\n", reason(status)).as_bytes());
    }

    fn push_head(&mut self, framing: Framing) {
        let connection = match (framing, self.keep_alive) {
            (Framing::Switch, _) => Persistence::Upgrade,
            (_, false) => Persistence::Close,
            (_, true) => Persistence::KeepAlive { seconds: self.keep_alive_seconds },
        };
        push_head(&mut self.out, self.status, &self.head, framing, connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_part_of_a_body_leaves_no_memory_behind() {
        let mut answer = Answer::new(None);
        answer.begin(Exchange { head_only: false, old: false, keep_alive: true });
        answer.write(&[b'a'; GATHER_MAX]);
        answer.write(&vec![b'a'; 1 << 20]);
        assert!(answer.out.len() > 1 << 20);
        answer.sent();
        assert!(answer.out.is_empty() && answer.out.capacity() <= BUFFER_KEEP_MAX);
        assert!(answer.body.capacity() <= BUFFER_KEEP_MAX);
    }
}

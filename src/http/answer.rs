//! [`Answer`]: gathers what the handler sets and writes, and produces the bytes to send. Uses no
//! socket.

use super::head::{Framing, Persistence, push_chunk, push_head};
use super::request::{Exchange, has};
use super::status::{Refusal, reason};
use crate::message::{Head, content_length};

/// The largest body that is gathered until its end, in bytes: an answer that ends before is sent
/// with its length, in one system call.
pub(super) const GATHER_BYTES_MAX: usize = 16 * 1024;

/// A buffer that grew larger is freed.
const BUFFER_KEEP_BYTES: usize = 4 * GATHER_BYTES_MAX;

/// The current answer of a connection. The memory is kept for the next one.
#[derive(Debug)]
pub(super) struct Answer {
    exchange: Exchange,
    status: u16,
    head: Head,
    /// The gathered part of the body.
    body: Vec<u8>,
    stage: AnswerStage,
    /// The bytes to send now.
    pub(super) out: Vec<u8>,
    keep_alive: bool,
    /// How long the server keeps an idle connection, in seconds, for the `Keep-Alive` header.
    /// `None`: less than a second, or without a limit.
    keep_alive_seconds: Option<u64>,
    /// Whether the handler asked for something that must not be sent. The answer will be a 500.
    has_mistake: bool,
    /// A mistake of the handler, to be reported on standard error.
    pub(super) complaint: Option<String>,
}

/// The progress of the answer, and how its body is delimited (RFC 9112 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerStage {
    /// Nothing was sent.
    Gathering,
    Chunked,
    /// The handler has set a length; this number of bytes is left.
    Counted(usize),
    /// HTTP/1.0: the end of the connection ends the body.
    UntilClose,
    /// There is only a head: HEAD, 204, 205, 304.
    Bodiless,
    Ended,
}

impl Answer {
    pub(super) fn new(keep_alive_seconds: Option<u64>) -> Answer {
        let exchange = Exchange { head_only: false, is_http_1_0: false, keep_alive: false };
        Answer {
            exchange,
            status: 200,
            head: Head::default(),
            body: Vec::new(),
            stage: AnswerStage::Ended,
            out: Vec::new(),
            keep_alive: false,
            keep_alive_seconds,
            has_mistake: false,
            complaint: None,
        }
    }

    /// Begins the next answer.
    pub(super) fn begin(&mut self, exchange: Exchange) {
        self.exchange = exchange;
        self.status = 200;
        self.head.clear();
        self.body.clear();
        self.stage = AnswerStage::Gathering;
        self.keep_alive = exchange.keep_alive;
        self.has_mistake = false;
    }

    /// Whether another request may follow. Final once the answer has ended.
    pub(super) fn keeps_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the end of the connection marks the end of the body.
    pub(super) fn is_until_close(&self) -> bool {
        self.stage == AnswerStage::UntilClose
    }

    /// Whether nothing of the answer was sent.
    pub(super) fn is_unsent(&self) -> bool {
        self.stage == AnswerStage::Gathering
    }

    /// Whether `length` more bytes of the body can be gathered.
    pub(super) fn has_room_for(&self, length: usize) -> bool {
        self.is_unsent() && self.body.len() + length <= GATHER_BYTES_MAX
    }

    /// Whether gathered bytes of the body wait to be sent.
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    pub(super) fn status(&mut self, status: u16) {
        if !(200..=599).contains(&status) {
            if self.is_unsent() {
                self.record_mistake(&format!("{status} is no final status"));
            }
        } else if self.may_change("status") {
            self.status = status;
        }
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        if !self.may_change("header") {
            return;
        }
        if name.eq_ignore_ascii_case("connection") {
            // Set by the server; the handler may only ask for the end.
            self.keep_alive &= !has(value, "close");
            return;
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return self.record_mistake("Transfer-Encoding is not the handler's to set");
        }
        let result = if name.eq_ignore_ascii_case("content-length") {
            // Normalized to one number: `9, 9` would mean the same.
            content_length(value).and_then(|length| self.head.set(name, &length.to_string()))
        } else if name.eq_ignore_ascii_case("set-cookie") {
            // The only header whose lines must not be joined to a list (RFC 9110 5.3).
            self.head.append(name, value)
        } else {
            self.head.set(name, value)
        };
        if let Err(why) = result {
            self.record_mistake(&format!("the header {name:?} was given {value:?}: {why}"));
        }
    }

    fn may_change(&mut self, what: &str) -> bool {
        if !self.is_unsent() {
            self.record_complaint(format!("http: a {what} was set after the head had been sent"));
        }
        self.is_unsent()
    }

    /// Whether the answer will be a 500.
    pub(super) fn has_mistake(&self) -> bool {
        self.has_mistake
    }

    fn record_mistake(&mut self, what: &str) {
        self.record_complaint(format!("http: answered 500, as {what}"));
        self.has_mistake = true;
    }

    /// Keeps the first complaint only: it is the cause of the others.
    fn record_complaint(&mut self, what: impl Into<String>) {
        self.complaint.get_or_insert_with(|| what.into());
    }

    /// Appends to the body. Large bodies are sent before their end: see [`flush`](Self::flush).
    pub(super) fn write(&mut self, data: &[u8]) {
        match self.stage {
            AnswerStage::Gathering if self.body.len() + data.len() <= GATHER_BYTES_MAX => {
                self.body.extend_from_slice(data);
            }
            AnswerStage::Gathering => {
                self.flush();
                self.write(data);
            }
            AnswerStage::Chunked if !data.is_empty() => push_chunk(&mut self.out, data),
            AnswerStage::Counted(left) => {
                let fits = &data[..data.len().min(left)];
                if fits.len() < data.len() {
                    self.record_complaint(
                        "http: a body was cut to the Content-Length that was set",
                    );
                }
                self.out.extend_from_slice(fits);
                self.stage = AnswerStage::Counted(left - fits.len());
            }
            AnswerStage::UntilClose => self.out.extend_from_slice(data),
            AnswerStage::Chunked | AnswerStage::Bodiless | AnswerStage::Ended => {}
        }
    }

    /// Sends the gathered part. The length is not known yet, so the body is delimited in another
    /// way.
    pub(super) fn flush(&mut self) {
        if self.stage != AnswerStage::Gathering {
            return;
        }
        if self.has_mistake {
            return self.fail();
        }
        self.remove_forbidden_length();
        let given_length = self.head.header("content-length").map(content_length);
        let (stage, framing) = match given_length {
            _ if matches!(self.status, 204 | 304) => (AnswerStage::Bodiless, Framing::None),
            _ if self.status == 205 => (AnswerStage::Bodiless, Framing::Length(0)),
            Some(Ok(length)) => (AnswerStage::Counted(length), Framing::None),
            _ if self.exchange.is_http_1_0 => (AnswerStage::UntilClose, Framing::None),
            _ => (AnswerStage::Chunked, Framing::Chunked),
        };
        self.keep_alive &= stage != AnswerStage::UntilClose;
        self.push_head(framing);
        self.stage = if self.exchange.head_only { AnswerStage::Bodiless } else { stage };
        let body = std::mem::take(&mut self.body);
        self.write(&body);
        self.body = body;
        self.body.clear();
    }

    /// Removes a length that the handler has set, if the status does not allow it: 204 has none
    /// (RFC 9110 8.6), 205 has zero (15.3.6).
    fn remove_forbidden_length(&mut self) {
        if matches!(self.status, 204 | 205) {
            self.head.remove("content-length");
        }
    }

    /// Ends the body. Returns the part of `data` that must be sent after [`out`](Self::out): a long
    /// one is not copied.
    pub(super) fn end<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        if self.stage == AnswerStage::Gathering && self.has_mistake {
            self.fail();
            return &[];
        }
        if self.stage == AnswerStage::Gathering {
            return self.end_gathered(data);
        }
        self.write(data);
        match self.stage {
            AnswerStage::Chunked => self.out.extend_from_slice(b"0\r\n\r\n"),
            AnswerStage::Counted(1..) => {
                self.record_complaint(
                    "http: a body is shorter than the Content-Length that was set",
                );
                self.keep_alive = false; // the end of the connection tells the client
            }
            _ => {}
        }
        if self.stage != AnswerStage::UntilClose {
            self.stage = AnswerStage::Ended;
        }
        &[]
    }

    /// Ends an answer of which nothing was sent: the length is known.
    fn end_gathered<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        let length = self.body.len() + data.len();
        let with_body = !matches!(self.status, 204 | 205 | 304);
        self.remove_forbidden_length();
        let given_length = self.head.header("content-length").is_some();
        // For HEAD: the length that GET would get (RFC 9110 9.3.2), if the handler has set it or
        // written a body.
        let keeps_length = given_length && (self.exchange.head_only || self.status == 304);
        if !keeps_length {
            self.head.remove("content-length");
        }
        let framing = match self.status {
            _ if keeps_length => Framing::None,
            204 | 304 => Framing::None,
            205 => Framing::Length(0),
            _ if self.exchange.head_only && length == 0 => Framing::None,
            _ => Framing::Length(length),
        };
        self.push_head(framing);
        self.stage = AnswerStage::Ended;
        if self.exchange.head_only || !with_body {
            return &[];
        }
        self.out.extend_from_slice(&self.body);
        let (first, rest) = data.split_at(data.len().min(GATHER_BYTES_MAX));
        self.out.extend_from_slice(first);
        rest
    }

    /// Replaces an answer of which nothing was sent by a 500.
    pub(super) fn fail(&mut self) {
        self.has_mistake = false;
        self.status = 500;
        self.head.clear();
        self.body.clear();
        self.body.extend_from_slice(b"500 Internal Server Error\n");
        self.end_gathered(&[]);
    }

    /// Clears the bytes to send, after they were sent.
    pub(super) fn clear_sent(&mut self) {
        self.out.clear();
        if self.out.capacity() > BUFFER_KEEP_BYTES {
            self.out = Vec::new(); // it held a long part of a body
        }
    }

    /// Refuses requests after this one.
    pub(super) fn refuse_more_requests(&mut self) {
        self.keep_alive = false;
    }

    /// Produces the head of a 101, with the headers that the handler has set.
    pub(super) fn switch_protocol(&mut self, protocol: &str) {
        self.status = 101;
        self.body.clear();
        self.head.remove("content-length");
        let line = self.head.set("Upgrade", protocol);
        debug_assert_eq!(line, Ok(()), "the client has offered it, in a header");
        self.push_head(Framing::Switch);
        self.stage = AnswerStage::Ended;
    }

    /// Answers a client that did not offer the protocol of the handler (RFC 9110 15.5.22).
    pub(super) fn refuse_upgrade(&mut self, protocol: &str) {
        if !self.is_unsent() {
            return self
                .record_complaint("http: an upgrade was asked for after the head had been sent");
        }
        self.status = 426;
        self.body.clear();
        self.header("Upgrade", protocol);
        self.body.extend_from_slice(format!("426 Upgrade Required: {protocol}\n").as_bytes());
    }

    /// Produces the complete answer to an invalid request.
    pub(super) fn refuse(&mut self, refusal: Refusal, head_only: bool) {
        let Refusal { status, why } = refusal;
        self.begin(Exchange { head_only, is_http_1_0: false, keep_alive: false });
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
        answer.begin(Exchange { head_only: false, is_http_1_0: false, keep_alive: true });
        answer.write(&[b'a'; GATHER_BYTES_MAX]);
        answer.write(&vec![b'a'; 1 << 20]);
        assert!(answer.out.len() > 1 << 20);
        answer.clear_sent();
        assert!(answer.out.is_empty() && answer.out.capacity() <= BUFFER_KEEP_BYTES);
        assert!(answer.body.capacity() <= BUFFER_KEEP_BYTES);
    }
}

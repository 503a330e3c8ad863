//! [`Peer`]: the other end of one of the program's connections. Sends with chosen boundaries, and
//! compares what it receives.

mod expect;

use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Verdict;
use super::observed::Observed;
use super::rule::{Localized, Rule};
use super::run::Run;
use super::transcript::{Participant, TranscriptEvent};
use crate::endpoint::{Address, Endpoint};
use crate::stream::{self, Stream};
use crate::sync::lock;

/// The time between two pieces, so that the program reads them one by one. A machine under load may
/// still join two: that is easier for the program, so no correct program fails because of it.
const PIECE_GAP: Duration = Duration::from_millis(10);
/// The largest number of unexpected bytes that are held: a program that sends without end must not
/// fill the memory.
const HELD_BYTES_MAX: usize = 64 << 20;
/// The largest number of bytes for one system call.
const WRITE_CALL_BYTES_MAX: usize = 64 << 10;

/// One connection to the program. Dropping it closes the connection. Each expectation accepts up to
/// 64 MiB, and fails beyond that.
#[derive(Debug)]
pub struct Peer {
    id: u64,
    name: String,
    stream: Arc<Stream>,
    /// Bytes that were read and not matched by an expectation yet.
    held: Vec<u8>,
    /// The event that ended the incoming direction.
    over: Option<Observed>,
    /// Whether a write has reported a reset. The system reports a reset to one call only: to the
    /// next read it looks like an end.
    cut_off: bool,
    /// The reason of the first failed send.
    unsent: Option<Localized>,
    run: Arc<Run>,
}

impl Peer {
    pub(super) fn connect(run: &Arc<Run>, name: &str, to: &Endpoint, rule: &Rule) -> Verdict<Peer> {
        let id = Participant::next_id();
        let connecting = TranscriptEvent::other(format!("connects to {to}"), format!("连接 {to}"));
        run.transcript.add(Participant::new(id, name), connecting);
        let addresses: Vec<Address> = match to {
            Endpoint::Tcp { host, port } => stream::addresses(host, *port)
                .map(|all| all.into_iter().map(Address::Tcp).collect()),
            #[cfg(unix)]
            Endpoint::Unix(path) => Ok(vec![Address::Unix(path.clone())]),
        }
        .unwrap_or_default();
        let mut actual = Observed::text("no such host", "没有这个主机");
        for address in addresses {
            match Stream::connect(&address, Some(run.time_limit)) {
                Ok(stream) => return Ok(Peer::with_id(run, id, name, stream)),
                Err(error) => actual = Observed::Text((&error).into()),
            }
        }
        let connected = Observed::text("a connection", "连接成功");
        Err(run.failed(rule, vec![connected], vec![actual]))
    }

    pub(super) fn new(run: &Arc<Run>, name: &str, stream: Stream) -> Peer {
        Peer::with_id(run, Participant::next_id(), name, stream)
    }

    fn with_id(run: &Arc<Run>, id: u64, name: &str, stream: Stream) -> Peer {
        stream.set_no_delay(true); // each piece is sent at once
        stream.set_write_timeout(Some(run.time_limit));
        Peer {
            id,
            name: name.to_string(),
            stream: Arc::new(stream),
            held: Vec::new(),
            over: None,
            cut_off: false,
            unsent: None,
            run: run.clone(),
        }
    }

    /// Sends these bytes. If the program does not take them, or is gone, the transcript says so, and
    /// [`expect_all_taken`](Self::expect_all_taken) fails.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.write_all(bytes.as_ref());
    }

    /// Sends each piece separately, with a short pause in between.
    pub fn send_pieces<B: AsRef<[u8]>>(&mut self, pieces: impl IntoIterator<Item = B>) {
        for (n, piece) in pieces.into_iter().enumerate() {
            if n > 0 {
                thread::sleep(PIECE_GAP);
            }
            self.write_all(piece.as_ref());
        }
    }

    /// Sends nothing for a while.
    pub fn pause(&mut self, time: Duration) {
        let _waits = self.run.waits_on_purpose();
        self.log(TranscriptEvent::other(format!("pauses {time:?}"), format!("停顿 {time:?}")));
        thread::sleep(time);
    }

    /// Sends while the program takes bytes, up to this number of bytes, and reads nothing. Returns
    /// how many bytes were taken.
    pub fn flood(&mut self, bytes: usize) -> usize {
        self.write_all(&vec![b'~'; bytes])
    }

    /// Sends as many of these bytes as the program takes, and stops when it has taken nothing for
    /// `time`: a program that cannot write may rightly stop reading. Returns how many bytes were
    /// taken.
    pub fn send_until_stuck(&mut self, bytes: impl AsRef<[u8]>, time: Duration) -> usize {
        self.stream.set_write_timeout(Some(time));
        let (began_at, mut taken) = (self.run.transcript.now(), 0);
        while let Some(rest @ [_, ..]) = bytes.as_ref().get(taken..) {
            match self.stream.write(&rest[..rest.len().min(WRITE_CALL_BYTES_MAX)]) {
                Ok(size) => taken += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.stream.set_write_timeout(Some(self.run.time_limit));
        self.run.transcript.add_at(
            began_at,
            self.participant(),
            TranscriptEvent::sent(&bytes.as_ref()[..taken]),
        );
        taken
    }

    fn write_all(&mut self, bytes: &[u8]) -> usize {
        let began_at = self.run.transcript.now();
        let mut taken = 0;
        let refused = loop {
            if taken == bytes.len() {
                break None;
            }
            // In slices, as a call that reaches its time limit reports only its progress: with such
            // a small slice, a program that takes only a part of it in this time is stuck.
            let slice = &bytes[taken..bytes.len().min(taken + WRITE_CALL_BYTES_MAX)];
            let began = Instant::now();
            match self.stream.write(slice) {
                Ok(size) => {
                    taken += size;
                    if size < slice.len() && began.elapsed() >= self.run.time_limit {
                        break Some(ErrorKind::TimedOut.into());
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
        };
        if taken > 0 || refused.is_none() {
            self.run.transcript.add_at(
                began_at,
                self.participant(),
                TranscriptEvent::sent(&bytes[..taken]),
            );
        }
        if let Some(error) = refused {
            self.cut_off |= error.kind() == ErrorKind::ConnectionReset;
            let more = bytes.len() - taken;
            let why = match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Localized::new(
                    format!("{more} B more are not taken in {:?}", self.run.time_limit),
                    format!("另外 {more} B，对方 {:?} 内没有收下", self.run.time_limit),
                ),
                _ => Localized::from(&error).behind(
                    format!("{more} B more cannot be sent"),
                    format!("另外 {more} B 发不出去"),
                ),
            };
            self.unsent.get_or_insert_with(|| why.clone());
            self.log(TranscriptEvent::Other(why));
        }
        taken
    }

    /// Ends this direction (FIN), and continues to read.
    pub fn half_close(&mut self) {
        self.log(TranscriptEvent::SentFin);
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Waits until the program has sent something, or ended, and reads nothing. Returns `true` if
    /// there are bytes to read; on a Unix socket always `false`, at once.
    pub fn wait_unread(&self) -> bool {
        self.stream.set_read_timeout(Some(self.run.time_limit));
        matches!(self.stream.peek(), Some(Ok(1..)))
    }

    /// Closes with unread bytes of the program, which resets the connection (RFC 9293 3.10.4).
    /// First waits until the program has sent something. Returns `false` if nothing arrived and the
    /// connection was only closed, or on a Unix socket.
    pub fn reset(self) -> bool {
        let unread = self.wait_unread();
        self.log(if unread { TranscriptEvent::SentReset } else { TranscriptEvent::SentFin });
        unread
    }

    /// Adds a remark to the transcript, for facts that are not visible there.
    pub fn remark(&self, en: impl Into<String>, zh: impl Into<String>) {
        self.log(TranscriptEvent::other(en, zh));
    }

    /// Never reads again, and stays connected until the check is over.
    pub fn stall(self) {
        self.log(TranscriptEvent::other("stops reading", "不再读取"));
        lock(&self.run.stalled).push(self.stream.clone());
    }

    pub(super) fn log(&self, event: TranscriptEvent) {
        self.run.transcript.add(self.participant(), event);
    }

    fn participant(&self) -> Participant<'_> {
        Participant::new(self.id, &self.name)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.log(TranscriptEvent::Closes);
        if self.over.is_none() {
            self.run.mark_disturbed(); // the program may still write
        }
    }
}

/// The single bytes, for [`Peer::send_pieces`].
pub fn byte_by_byte(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}

/// The bytes in pieces that end before each of these positions: for example in the middle of a
/// header, or of a character.
pub fn cut<'a>(bytes: &'a [u8], at: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for &to in at.iter().chain([&bytes.len()]) {
        let to = to.clamp(from, bytes.len());
        if to > from {
            pieces.push(&bytes[from..to]);
        }
        from = to;
    }
    pieces
}

#[cfg(test)]
#[cfg(target_os = "linux")] // on other systems the write may report another error
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::check::{Check, Subject};

    const RULE: Rule = Rule { name: "x", en: "Cut it off.", zh: "断开。", see: "" };

    #[test]
    fn a_reset_that_a_write_was_told_of_is_no_end() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let mut peer = Check::new(Subject::new("")).connect("peer", port).expect("it listens");
        let (stream, _) = listener.accept().expect("a peer");
        peer.send("request");
        peer.expect_all_taken(&RULE).expect("as far as one can know");
        stream.peek(&mut [0]).expect("the request");
        drop(stream); // with the request unread
        let deadline = peer.run.deadline();
        while !peer.cut_off {
            assert!(Instant::now() < deadline, "no write was told");
            peer.send("more");
        }
        peer.expect_reset(&RULE).expect("a reset");
        peer.expect_all_taken(&RULE).expect_err("some was not taken");
    }
}

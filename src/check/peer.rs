//! The other end of one of the program's connections: sends at chosen boundaries, and expects.

use std::io::ErrorKind;
use std::net::{Shutdown, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Seen;
use super::rule::{Rule, Words};
use super::transcript::What;
use super::{Run, Verdict};
use crate::endpoint::{Address, Endpoint};
use crate::stream::Stream;
use crate::sync::lock;

/// Between two pieces, so that the program's reads find them one by one. A machine under load may still join two: then the
/// program has it easier, and none that is right is ever failed by it.
const GAP: Duration = Duration::from_millis(10);
/// How long more of a wrong answer is waited for, so that it is shown whole.
const REST: Duration = Duration::from_millis(50);

const ACCEPTS: Rule = Rule {
    name: "accepts",
    en: "Whoever connects to the port is let in.",
    zh: "谁来连这个端口，都要让他连上。",
    see: "Exercise",
};

/// One connection to the program. Closed when it is dropped.
#[derive(Debug)]
pub struct Peer {
    name: String,
    stream: Stream,
    /// Read and not yet expected by anybody.
    held: Vec<u8>,
    /// What ended the incoming direction.
    over: Option<Seen>,
    /// A write was told of a reset. The system tells one call only: to the next read it looks like an end.
    cut_off: bool,
    run: Arc<Run>,
}

impl Peer {
    pub(super) fn connect(run: &Arc<Run>, name: &str, to: &Endpoint) -> Verdict<Peer> {
        let connecting = Words::new(format!("connects to {to}"), format!("连接 {to}"));
        run.transcript.add(name, What::Other(connecting));
        let addresses: Vec<Address> = match to {
            Endpoint::Tcp { host, port } => {
                let found = (host.as_str(), *port).to_socket_addrs().map(Iterator::collect);
                found.map(|all: Vec<_>| all.into_iter().map(Address::Tcp).collect())
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => Ok(vec![Address::Unix(path.clone())]),
        }
        .unwrap_or_default();
        let mut came = Seen::words("no such host", "没有这个主机");
        for address in addresses {
            match Stream::connect(&address, Some(run.patience)) {
                Ok(stream) => return Ok(Peer::new(run, name, stream)),
                Err(error) => came = Seen::words(error.to_string(), error.to_string()),
            }
        }
        let connected = Seen::words("a connection", "连接成功");
        Err(run.failed(&ACCEPTS, vec![connected], vec![came]))
    }

    pub(super) fn new(run: &Arc<Run>, name: &str, stream: Stream) -> Peer {
        stream.set_no_delay(true); // each piece leaves at once
        stream.set_write_timeout(run.patience);
        Peer {
            name: name.to_string(),
            stream,
            held: Vec::new(),
            over: None,
            cut_off: false,
            run: run.clone(),
        }
    }

    /// Sends these bytes. A program that does not take them, or is gone, shows in what is expected next.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.write_all(bytes.as_ref());
    }

    /// Sends each of these by itself, with a little time in between.
    pub fn send_pieces<B: AsRef<[u8]>>(&mut self, pieces: impl IntoIterator<Item = B>) {
        for (n, piece) in pieces.into_iter().enumerate() {
            if n > 0 {
                thread::sleep(GAP);
            }
            self.write_all(piece.as_ref());
        }
    }

    /// Sends for as long as the program takes it, up to this many bytes, and reads nothing. How many it took.
    pub fn flood(&mut self, bytes: usize) -> usize {
        self.write_all(&vec![b'~'; bytes])
    }

    fn write_all(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        let refused = loop {
            if taken == bytes.len() {
                break None;
            }
            match self.stream.write(&bytes[taken..]) {
                Ok(size) => taken += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
        };
        self.log(What::sent(&bytes[..taken]));
        if let Some(error) = refused {
            self.cut_off |= error.kind() == ErrorKind::ConnectionReset;
            let more = bytes.len() - taken;
            let why = match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Words::new(
                    format!("{more} B more are not taken in {:?}", self.run.patience),
                    format!("另外 {more} B 在 {:?} 内没有被收下", self.run.patience),
                ),
                _ => Words::new(
                    format!("{more} B more cannot be sent: {error}"),
                    format!("另外 {more} B 发不出去：{error}"),
                ),
            };
            self.log(What::Other(why));
        }
        taken
    }

    /// Ends this direction (FIN), and goes on reading.
    pub fn half_close(&mut self) {
        self.log(What::SentFin);
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes with bytes of the program unread, which resets the connection (RFC 9293 3.10.4). So the program must have sent
    /// something, which is waited for; `false` if nothing came and the connection was only closed, or on a Unix socket.
    pub fn reset(self) -> bool {
        let Stream::Tcp(stream) = &self.stream else { return false };
        let _ = stream.set_read_timeout(Some(self.run.patience));
        let unread = matches!(stream.peek(&mut [0]), Ok(1..));
        self.log(if unread { What::SentReset } else { What::SentFin });
        unread
    }

    /// Never reads again, and stays connected until the check is over.
    pub fn stall(self) {
        self.log(What::Other(Words::new("stops reading", "不再读取")));
        lock(&self.run.stalled).push(self.stream);
    }

    /// The next bytes have to be these. More may follow: that is for the next expectation.
    pub fn expect_exactly(&mut self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        let bytes = bytes.as_ref();
        let deadline = self.run.deadline();
        while bytes.starts_with(&self.held) && self.held.len() < bytes.len() {
            if let Err(stopped) = self.read(deadline) {
                return Err(self.came_short(Seen::bytes(bytes), stopped, rule));
            }
        }
        if !self.held.starts_with(bytes) {
            return Err(self.came_wrong(vec![Seen::bytes(bytes)], rule));
        }
        self.held.drain(..bytes.len());
        Ok(())
    }

    /// All that the program still sends has to be these bytes, and then the end.
    pub fn expect_until_fin(&mut self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        let bytes = bytes.as_ref();
        let deadline = self.run.deadline();
        let stopped = loop {
            if !bytes.starts_with(&self.held) {
                return Err(self.came_wrong(vec![Seen::bytes(bytes), Seen::Fin], rule));
            }
            if let Err(stopped) = self.read(deadline) {
                break stopped;
            }
        };
        if stopped == Seen::Fin && self.held == bytes {
            self.held.clear();
            return Ok(());
        }
        let came = self.with_held(stopped);
        Err(self.run.failed(rule, vec![Seen::bytes(bytes), Seen::Fin], came))
    }

    /// The next bytes up to and with this mark: `b"\n"` for a line, `b"\r\n\r\n"` for a head.
    pub fn until(&mut self, mark: &[u8], rule: &Rule) -> Verdict<Vec<u8>> {
        let deadline = self.run.deadline();
        let mut looked = 0;
        loop {
            let from = looked.min(self.held.len());
            if let Some(at) = self.held[from..].windows(mark.len()).position(|w| w == mark) {
                return Ok(self.held.drain(..from + at + mark.len()).collect());
            }
            looked = self.held.len().saturating_sub(mark.len() - 1);
            if let Err(stopped) = self.read(deadline) {
                let end = String::from_utf8_lossy(mark);
                let expected =
                    Seen::words(format!("bytes up to {end:?}"), format!("直到 {end:?} 的内容"));
                return Err(self.came_short(expected, stopped, rule));
            }
        }
    }

    /// The next line, without its `\n` or `\r\n`.
    pub fn line(&mut self, rule: &Rule) -> Verdict<String> {
        let line = self.until(b"\n", rule)?;
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_string())
    }

    /// The next bytes, exactly so many.
    pub fn take(&mut self, count: usize, rule: &Rule) -> Verdict<Vec<u8>> {
        let deadline = self.run.deadline();
        while self.held.len() < count {
            if let Err(stopped) = self.read(deadline) {
                let expected = Seen::words(format!("{count} bytes"), format!("{count} 个字节"));
                return Err(self.came_short(expected, stopped, rule));
            }
        }
        Ok(self.held.drain(..count).collect())
    }

    /// All that the program still sends, until its end (FIN), which has to come.
    pub fn read_to_fin(&mut self, rule: &Rule) -> Verdict<Vec<u8>> {
        let deadline = self.run.deadline();
        loop {
            match self.read(deadline) {
                Ok(()) => {}
                Err(Seen::Fin) => return Ok(std::mem::take(&mut self.held)),
                Err(stopped) => return Err(self.came_short(Seen::Fin, stopped, rule)),
            }
        }
    }

    /// The connection has to be reset. What comes before that does not count.
    pub fn expect_reset(&mut self, rule: &Rule) -> Verdict {
        let deadline = self.run.deadline();
        loop {
            match self.read(deadline) {
                Ok(()) => {}
                Err(Seen::Reset) => return Ok(()),
                Err(stopped) => return Err(self.came_short(Seen::Reset, stopped, rule)),
            }
        }
    }

    /// Nothing may come in this time, neither bytes nor an end.
    pub fn expect_silence(&mut self, time: Duration, rule: &Rule) -> Verdict {
        let deadline = Instant::now() + time;
        let came = if self.held.is_empty() { self.read(deadline) } else { Ok(()) };
        match came {
            Err(Seen::Nothing(_)) => Ok(()),
            Ok(()) => Err(self.came_wrong(vec![Seen::Nothing(time)], rule)),
            Err(stopped) => Err(self.run.failed(rule, vec![Seen::Nothing(time)], vec![stopped])),
        }
    }

    /// Reads once and holds it; or what there was in place of bytes.
    fn read(&mut self, deadline: Instant) -> Result<(), Seen> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        let mut chunk = [0; 16 << 10];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Seen::Nothing(self.run.patience));
            }
            self.stream.set_read_timeout(Some(left));
            let (what, over) = match self.stream.read(&mut chunk) {
                Ok(size @ 1..) => {
                    self.held.extend_from_slice(&chunk[..size]);
                    self.log(What::received(&chunk[..size]));
                    return Ok(());
                }
                Ok(0) if !self.cut_off => (What::ReceivedFin, Seen::Fin),
                Ok(0) => (What::ReceivedReset, Seen::Reset),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        continue;
                    }
                    _ => (What::ReceivedReset, Seen::Reset),
                },
            };
            self.log(what);
            self.over = Some(over.clone());
            return Err(over);
        }
    }

    /// Too little came: what did, and what stopped it.
    fn came_short(&mut self, expected: Seen, stopped: Seen, rule: &Rule) -> super::Failure {
        let came = self.with_held(stopped);
        self.run.failed(rule, vec![expected], came)
    }

    /// Something else came: it and what follows at once.
    fn came_wrong(&mut self, expected: Vec<Seen>, rule: &Rule) -> super::Failure {
        let deadline = Instant::now() + REST;
        let stopped = loop {
            match self.read(deadline) {
                Ok(()) if self.held.len() < 1 << 16 => {}
                Ok(()) => break None,
                Err(Seen::Nothing(_)) => break None,
                Err(stopped) => break Some(stopped),
            }
        };
        let came =
            [Seen::Bytes(std::mem::take(&mut self.held))].into_iter().chain(stopped).collect();
        self.run.failed(rule, expected, came)
    }

    fn with_held(&mut self, stopped: Seen) -> Vec<Seen> {
        let held = std::mem::take(&mut self.held);
        let bytes = (!held.is_empty()).then_some(Seen::Bytes(held));
        bytes.into_iter().chain([stopped]).collect()
    }

    fn log(&self, what: What) {
        self.run.transcript.add(&self.name, what);
    }
}

/// The bytes one by one, for [`Peer::send_pieces`].
pub fn byte_by_byte(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}

/// The bytes in pieces that end before each of these positions: in the middle of a header, say, or of a character.
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

//! What a peer expects of the program: bytes, an end, a reset, silence.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use super::{HELD, Peer};
use crate::check::Verdict;
use crate::check::failure::{Failure, Seen};
use crate::check::rule::Rule;
use crate::check::transcript::What;

/// So many bytes are kept to be shown of those that do not count.
const SHOWN: usize = 1 << 16;
/// How long more of a wrong answer is waited for, so that it is shown whole.
const REST: Duration = Duration::from_millis(50);

impl Peer {
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
        let mut same = 0; // megabytes need not be compared anew with each piece
        let stopped = loop {
            if bytes.get(same..self.held.len()) != self.held.get(same..) {
                return Err(self.came_wrong(vec![Seen::bytes(bytes), Seen::Fin], rule));
            }
            same = self.held.len();
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
                    Seen::words(format!("bytes up to {end:?}"), format!("到 {end:?} 为止的内容"));
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
                Ok(()) => self.held.truncate(SHOWN),
                Err(Seen::Reset) => return Ok(()),
                Err(stopped) => return Err(self.came_short(Seen::Reset, stopped, rule)),
            }
        }
    }

    /// The program has to be done with the connection: by a FIN, or by an RST, as when it closes with bytes unread. What comes
    /// before that does not count.
    pub fn expect_end(&mut self, rule: &Rule) -> Verdict {
        let deadline = self.run.deadline();
        loop {
            match self.read(deadline) {
                Ok(()) => self.held.truncate(SHOWN),
                Err(Seen::Fin | Seen::Reset) => return Ok(()),
                Err(stopped) => {
                    let end = Seen::words("the program ends the connection", "程序结束连接");
                    return Err(self.came_short(end, stopped, rule));
                }
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
        if self.held.len() >= HELD {
            let mib = HELD >> 20;
            return Err(Seen::words(
                format!("more than {mib} MiB"),
                format!("超过 {mib} MiB，还在来"),
            ));
        }
        let mut chunk = [0; 16 << 10];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Seen::Nothing(self.run.patience));
            }
            self.stream.set_read_timeout(Some(left));
            let (what, over) = match (&self.stream).read(&mut chunk) {
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
    fn came_short(&mut self, expected: Seen, stopped: Seen, rule: &Rule) -> Failure {
        let came = self.with_held(stopped);
        self.run.failed(rule, vec![expected], came)
    }

    /// Something else came: it and what follows at once.
    fn came_wrong(&mut self, expected: Vec<Seen>, rule: &Rule) -> Failure {
        let deadline = Instant::now() + REST;
        let stopped = loop {
            match self.read(deadline) {
                Ok(()) if self.held.len() < SHOWN => {}
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
}

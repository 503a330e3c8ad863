//! The expectations of a peer: bytes, an end, a reset, silence.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use super::{HELD_BYTES_MAX, Peer};
use crate::check::Verdict;
use crate::check::failure::Failure;
use crate::check::observed::Observed;
use crate::check::pause::Pause;
use crate::check::rule::Rule;
use crate::check::run::LONGEST;
use crate::check::transcript::TranscriptEvent;

/// The largest number of bytes that are kept to be shown, if the bytes themselves do not matter.
const KEPT_BYTES_MAX: usize = 1 << 16;
/// How long to wait for the rest of a wrong answer, so that it is shown completely.
const REMAINDER_WAIT: Duration = Duration::from_millis(50);

/// What ends a connection, in words.
fn end_of_connection() -> Observed {
    Observed::text("the program ends the connection", "程序结束这条连接")
}

fn is_end(stopped: &Observed) -> bool {
    matches!(stopped, Observed::Fin | Observed::Reset)
}

impl Peer {
    /// The next bytes must be these. More may follow; the next expectation gets them.
    pub fn expect_exactly(&mut self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.expect_any(&[bytes], rule).map(drop)
    }

    /// The next bytes must be one of these choices. Returns the index of the choice.
    pub fn expect_any<B: AsRef<[u8]>>(&mut self, choices: &[B], rule: &Rule) -> Verdict<usize> {
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        let expected = || Observed::bytes(choices.first().map_or(&[][..], AsRef::as_ref));
        loop {
            let mut choices = choices.iter().map(AsRef::as_ref);
            if let Some(chosen) = choices.clone().position(|bytes| self.held.starts_with(bytes)) {
                let size = choices.nth(chosen).map_or(0, <[u8]>::len);
                self.held.drain(..size);
                return Ok(chosen);
            }
            if !choices.any(|bytes| bytes.starts_with(&self.held)) {
                return Err(self.fail_on_difference(vec![expected()], rule));
            }
            if let Err(stopped) = self.read(deadline) {
                return Err(self.fail_on_missing_bytes(expected(), stopped, rule));
            }
        }
    }

    /// The next line must be this one. It may end in `\n` or in `\r\n`.
    pub fn expect_line(&mut self, line: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.expect_lines([line.as_ref(), b"\n"].concat(), rule)
    }

    /// The next lines must be these, with `\n` at their ends. They may all end in `\r\n` instead.
    pub fn expect_lines(&mut self, lines: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.expect_any(&either_end(lines.as_ref()), rule).map(drop)
    }

    /// All remaining bytes of the program must be these lines, and then the end.
    pub fn expect_lines_until_fin(&mut self, lines: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.expect_any_until_fin(&either_end(lines.as_ref()), rule)
    }

    /// All remaining bytes of the program must be these, and then the end.
    pub fn expect_until_fin(&mut self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.expect_any_until_fin(&[bytes], rule)
    }

    fn expect_any_until_fin<B: AsRef<[u8]>>(&mut self, choices: &[B], rule: &Rule) -> Verdict {
        let mut choices: Vec<&[u8]> = choices.iter().map(AsRef::as_ref).collect();
        let first = choices.first().copied().unwrap_or_default();
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        let mut same = 0; // megabytes need not be compared again with each piece
        let stopped = loop {
            choices.retain(|bytes| bytes.get(same..self.held.len()) == self.held.get(same..));
            if choices.is_empty() {
                return Err(
                    self.fail_on_difference(vec![Observed::bytes(first), Observed::Fin], rule)
                );
            }
            same = self.held.len();
            if let Err(stopped) = self.read(deadline) {
                break stopped;
            }
        };
        if stopped == Observed::Fin && choices.contains(&&*self.held) {
            self.held.clear();
            return Ok(());
        }
        let actual = self.with_held(stopped);
        Err(self.run.failed(rule, vec![Observed::bytes(first), Observed::Fin], actual))
    }

    /// Returns the next bytes up to and including this mark: `b"\n"` for a line, `b"\r\n\r\n"` for a
    /// head. `awaited` describes them.
    pub fn until(&mut self, mark: &[u8], awaited: Observed, rule: &Rule) -> Verdict<Vec<u8>> {
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        let mut looked = 0;
        loop {
            let from = looked.min(self.held.len());
            let mut windows = self.held[from..].windows(mark.len().max(1));
            if let Some(at) = windows.position(|window| window.starts_with(mark)) {
                return Ok(self.held.drain(..from + at + mark.len()).collect());
            }
            looked = self.held.len().saturating_sub(mark.len().saturating_sub(1));
            if let Err(stopped) = self.read(deadline) {
                return Err(self.fail_on_missing_bytes(awaited, stopped, rule));
            }
        }
    }

    /// Returns the next line, without its `\n` or `\r\n`. `awaited` describes the line.
    pub fn line(&mut self, awaited: Observed, rule: &Rule) -> Verdict<String> {
        let line = self.until(b"\n", awaited, rule)?;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    /// Returns the next message that contains its length: `length` gets the bytes so far, and
    /// returns the length of the message once it is known. `awaited` describes the message.
    pub fn message(
        &mut self,
        length: impl Fn(&[u8]) -> Option<usize>,
        awaited: Observed,
        rule: &Rule,
    ) -> Verdict<Vec<u8>> {
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        loop {
            match length(&self.held) {
                Some(length) if length <= self.held.len() => {
                    return Ok(self.held.drain(..length).collect());
                }
                _ => {}
            }
            if let Err(stopped) = self.read(deadline) {
                return Err(self.fail_on_missing_bytes(awaited, stopped, rule));
            }
        }
    }

    /// Returns the next `count` bytes.
    pub fn take(&mut self, count: usize, rule: &Rule) -> Verdict<Vec<u8>> {
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        while self.held.len() < count {
            if let Err(stopped) = self.read(deadline) {
                let have = self.held.len();
                let expected = Observed::text(
                    format!("{count} bytes, of which {} are missing", count - have),
                    format!("{count} 个字节，还缺 {} 个", count - have),
                );
                return Err(self.fail_on_missing_bytes(expected, stopped, rule));
            }
        }
        Ok(self.held.drain(..count).collect())
    }

    /// Returns all remaining bytes of the program, until its end (FIN), which must arrive.
    pub fn read_to_fin(&mut self, rule: &Rule) -> Verdict<Vec<u8>> {
        let ended = |stopped: &Observed| *stopped == Observed::Fin;
        self.read_until_over(Observed::Fin, ended, usize::MAX, rule)?;
        Ok(std::mem::take(&mut self.held))
    }

    /// Returns all remaining bytes of the program, until it ends the connection: by a FIN, or by an
    /// RST.
    pub fn read_to_end(&mut self, rule: &Rule) -> Verdict<Vec<u8>> {
        self.read_until_over(end_of_connection(), is_end, usize::MAX, rule)?;
        Ok(std::mem::take(&mut self.held))
    }

    /// The connection must be reset. Bytes before that are ignored.
    pub fn expect_reset(&mut self, rule: &Rule) -> Verdict {
        let ended = |stopped: &Observed| *stopped == Observed::Reset;
        self.read_until_over(Observed::Reset, ended, KEPT_BYTES_MAX, rule)
    }

    /// The program must end the connection: by a FIN, or by an RST, as it sends when it closes with
    /// unread bytes. Bytes before that are ignored.
    pub fn expect_end(&mut self, rule: &Rule) -> Verdict {
        self.read_until_over(end_of_connection(), is_end, KEPT_BYTES_MAX, rule)
    }

    /// Reads until the connection has `ended`, and holds the first `kept` bytes.
    fn read_until_over(
        &mut self,
        expected: Observed,
        ended: impl Fn(&Observed) -> bool,
        kept: usize,
        rule: &Rule,
    ) -> Verdict {
        let run = self.run.clone();
        let _waits = run.waits_for(rule);
        let deadline = run.deadline();
        loop {
            match self.read(deadline) {
                Ok(()) => self.held.truncate(kept),
                Err(stopped) if ended(&stopped) => return Ok(()),
                Err(stopped) => return Err(self.fail_on_missing_bytes(expected, stopped, rule)),
            }
        }
    }

    /// Nothing may arrive in this time, neither bytes nor an end.
    pub fn expect_silence(&mut self, time: Duration, rule: &Rule) -> Verdict {
        let deadline = Instant::now() + time.min(LONGEST);
        let seen = if self.held.is_empty() { self.read(deadline) } else { Ok(()) };
        match seen {
            Err(Observed::Nothing(_)) => Ok(()),
            Ok(()) => Err(self.fail_on_difference(vec![Observed::Nothing(time)], rule)),
            Err(stopped) => {
                Err(self.run.failed(rule, vec![Observed::Nothing(time)], vec![stopped]))
            }
        }
    }

    /// No bytes may arrive in this time. The program may end its direction.
    pub fn expect_no_bytes(&mut self, time: Duration, rule: &Rule) -> Verdict {
        let deadline = Instant::now() + time.min(LONGEST);
        match if self.held.is_empty() { self.read(deadline) } else { Ok(()) } {
            Err(Observed::Fin) => {
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                Ok(())
            }
            Err(Observed::Nothing(_)) => Ok(()),
            Ok(()) => Err(self.fail_on_difference(vec![Observed::Nothing(time)], rule)),
            Err(stopped) => {
                Err(self.run.failed(rule, vec![Observed::Nothing(time)], vec![stopped]))
            }
        }
    }

    /// Sends nothing until the long pause is over. Neither bytes nor an end may arrive in it.
    pub fn wait_out(&mut self, pause: &Pause, rule: &Rule) -> Verdict {
        let run = self.run.clone();
        let _waits = run.waits_on_purpose();
        let (en, zh) = pause.describe();
        self.log(TranscriptEvent::other(en, zh));
        self.expect_silence(pause.left(), rule)
    }

    /// Sends nothing until the long pause is over. The program must not end in it; bytes are
    /// ignored.
    pub fn expect_open(&mut self, pause: &Pause, rule: &Rule) -> Verdict {
        let run = self.run.clone();
        let _waits = run.waits_on_purpose();
        let (en, zh) = pause.describe();
        self.log(TranscriptEvent::other(en, zh));
        let deadline = Instant::now() + pause.left();
        loop {
            match self.read(deadline) {
                Ok(()) => self.held.truncate(KEPT_BYTES_MAX),
                Err(Observed::Nothing(_)) => return Ok(()),
                Err(stopped) => {
                    let open = Observed::text("the connection stays open", "连接一直开着");
                    return Err(self.run.failed(rule, vec![open], vec![stopped]));
                }
            }
        }
    }

    /// Whether the program has already ended the connection. Bytes are held for the next
    /// expectation.
    pub fn has_ended(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_millis(1);
        loop {
            if let Err(stopped) = self.read(deadline) {
                return matches!(stopped, Observed::Fin | Observed::Reset);
            }
        }
    }

    /// All bytes sent so far must have been taken: the program has not closed the connection
    /// before.
    pub fn expect_all_taken(&self, rule: &Rule) -> Verdict {
        let Some(why) = &self.unsent else { return Ok(()) };
        let all = Observed::text("all that the client sends is read", "客户端发来的全部读走");
        Err(self.run.failed(rule, vec![all], vec![Observed::Text(why.clone())]))
    }

    /// Reads once and holds the bytes. `Err`: there were none, and why.
    fn read(&mut self, deadline: Instant) -> Result<(), Observed> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        if self.held.len() >= HELD_BYTES_MAX {
            let mib = HELD_BYTES_MAX >> 20;
            return Err(Observed::text(
                format!("more than {mib} MiB"),
                format!("超过 {mib} MiB，还没有完"),
            ));
        }
        let mut chunk = [0; 64 << 10];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Observed::Nothing(self.run.time_limit));
            }
            self.stream.set_read_timeout(Some(left));
            let (event, over) = match (&*self.stream).read(&mut chunk) {
                Ok(size @ 1..) => {
                    self.held.extend_from_slice(&chunk[..size]);
                    self.log(TranscriptEvent::received(&chunk[..size]));
                    return Ok(());
                }
                Ok(0) if !self.cut_off => (TranscriptEvent::ReceivedFin, Observed::Fin),
                Ok(0) => (TranscriptEvent::ReceivedReset, Observed::Reset),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        continue;
                    }
                    _ => (TranscriptEvent::ReceivedReset, Observed::Reset),
                },
            };
            self.log(event);
            self.over = Some(over.clone());
            return Err(over);
        }
    }

    /// A failure for missing bytes: the bytes that arrived, and what ended them.
    fn fail_on_missing_bytes(
        &mut self,
        expected: Observed,
        stopped: Observed,
        rule: &Rule,
    ) -> Failure {
        let actual = self.with_held(stopped);
        self.run.failed(rule, vec![expected], actual)
    }

    /// A failure for wrong bytes: these bytes, and those that follow at once.
    fn fail_on_difference(&mut self, expected: Vec<Observed>, rule: &Rule) -> Failure {
        let deadline = Instant::now() + REMAINDER_WAIT;
        let stopped = loop {
            match self.read(deadline) {
                Ok(()) if self.held.len() < KEPT_BYTES_MAX => {}
                Ok(()) | Err(Observed::Nothing(_)) => break None,
                Err(stopped) => break Some(stopped),
            }
        };
        let held = Observed::Bytes(std::mem::take(&mut self.held));
        self.run.failed(rule, expected, [held].into_iter().chain(stopped).collect())
    }

    fn with_held(&mut self, stopped: Observed) -> Vec<Observed> {
        let held = std::mem::take(&mut self.held);
        let bytes = (!held.is_empty()).then_some(Observed::Bytes(held));
        bytes.into_iter().chain([stopped]).collect()
    }
}

/// These lines with `\n` at their ends, and with `\r\n`.
pub(crate) fn either_end(lines: &[u8]) -> [Vec<u8>; 2] {
    let mut with_cr = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n");
        with_cr.extend_from_slice(text.unwrap_or(line));
        with_cr.extend_from_slice(if text.is_some() { b"\r\n" } else { b"" });
    }
    [lines.to_vec(), with_cr]
}

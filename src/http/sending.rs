//! What a connection does to its socket: sends, speeds up, slows down, and closes so that nothing is lost.

use std::time::{Duration, Instant};

use super::connection::{Connection, Inner, Phase};
use super::incoming::Incoming;

/// How long a connection that is over goes on reading what the client still sends, and throws it away: to close with bytes
/// unread would reset it, and a reset destroys an answer that is still on its way (RFC 9112 9.6).
const LINGER: Duration = Duration::from_secs(2);

impl Connection {
    /// Writes what the answer has to say, then `rest`. `false`: the client does not keep up.
    pub(super) fn send(&self, inner: &mut Inner, rest: &[u8]) -> bool {
        let mut clear = true;
        if !inner.answer.out.is_empty() {
            clear = self.socket.write(&inner.answer.out);
            inner.answer.sent();
        }
        if !rest.is_empty() {
            self.hurry(inner);
            clear = self.socket.write(rest);
        }
        if clear {
            inner.stalled = None;
        } else if self.patience(inner).is_zero() {
            self.socket.destroy();
        }
        clear
    }

    /// How long a client that takes nothing of what is queued may go on so. Asked for at every write, and where the client
    /// itself goes on sending, as either starts the socket's own idle time anew.
    pub(super) fn patience(&self, inner: &mut Inner) -> Duration {
        let idle = self.options.idle_timeout;
        let taken = self.socket.bytes_written() - self.socket.writable_length() as u64;
        match inner.stalled {
            Some((since, before)) if before == taken => idle.saturating_sub(since.elapsed()),
            _ => {
                inner.stalled = Some((Instant::now(), taken));
                idle
            }
        }
    }

    /// Nothing has moved for a while, and there is something to move; but it may be there only just now.
    pub(super) fn wait_for_client(&self, inner: &mut Inner) {
        let left = self.patience(inner);
        match left.is_zero() {
            true => self.socket.destroy(),
            false => {
                inner.hurried = true;
                self.socket.set_timeout(Some(left));
            }
        }
    }

    /// From here on small writes are not held back for an acknowledgement.
    pub(super) fn hurry(&self, inner: &mut Inner) {
        if !std::mem::replace(&mut inner.no_delay, true) {
            self.socket.set_no_delay(true);
        }
    }

    pub(super) fn pause(&self, inner: &mut Inner) {
        inner.paused = true;
        self.socket.pause();
    }

    /// The last answer is given: ends our side, and reads on until the client has ended its own.
    pub(super) fn close(&self, inner: &mut Inner) {
        inner.phase = Phase::Closing;
        inner.began = None;
        inner.incoming = Incoming::new(self.options.limits);
        self.socket.end();
        self.socket.resume();
        self.linger(inner);
    }

    /// After the last answer: waits until the client has taken it, and then for its end, and not for ever.
    pub(super) fn linger(&self, inner: &mut Inner) {
        let left = if self.socket.writable_length() > 0 {
            self.patience(inner)
        } else {
            let limit = LINGER.min(self.options.idle_timeout);
            limit.saturating_sub(inner.began.get_or_insert_with(Instant::now).elapsed())
        };
        match left.is_zero() {
            true => self.socket.destroy(),
            false => self.socket.set_timeout(Some(left)),
        }
    }
}

//! What a connection does to its socket: sends, speeds up, slows down, and closes so that nothing is lost.

use std::time::{Duration, Instant};

use super::connection::{Connection, Inner, Phase};
use super::incoming::Incoming;

/// How long a connection that is over goes on reading what the client still sends, and throws it away: to close with bytes
/// unread would reset it, and a reset destroys an answer that is still on its way (RFC 9112 9.6).
pub(super) const LINGER: Duration = Duration::from_secs(2);

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

    /// How long a client that takes nothing of what is queued may go on so. Asked by the clock, and at every write, as the
    /// handler may never stop writing.
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
        self.linger(inner); // the time for it begins
    }

    /// How long a client may still take to read the last answer and, once it has that, to end its side.
    pub(super) fn linger(&self, inner: &mut Inner) -> Duration {
        if self.socket.writable_length() > 0 {
            return self.patience(inner);
        }
        let limit = LINGER.min(self.options.idle_timeout);
        limit.saturating_sub(inner.began.get_or_insert_with(Instant::now).elapsed())
    }
}

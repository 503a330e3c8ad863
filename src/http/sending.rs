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
            inner.answer.out.clear();
        }
        if !rest.is_empty() {
            self.hurry(inner);
            clear = self.socket.write(rest);
        }
        if clear {
            inner.stalled = None;
        } else {
            self.give_up_if_stalled(inner);
        }
        clear
    }

    /// Every write starts the socket's idle time anew, so that of a client that reads nothing is kept here.
    fn give_up_if_stalled(&self, inner: &mut Inner) {
        let taken = self.socket.bytes_written() - self.socket.writable_length() as u64;
        match inner.stalled {
            Some((since, before)) if before == taken => {
                if since.elapsed() > self.options.idle_timeout {
                    self.socket.destroy();
                }
            }
            _ => inner.stalled = Some((Instant::now(), taken)),
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
        let idle = self.options.idle_timeout;
        let queued = self.socket.writable_length() > 0;
        self.socket.set_timeout(Some(if queued { idle } else { LINGER.min(idle) }));
    }

    /// The client goes on sending after the last answer: not for ever.
    pub(super) fn linger(&self, inner: &mut Inner) {
        if self.socket.writable_length() > 0 {
            return;
        }
        let left = LINGER.saturating_sub(inner.began.get_or_insert_with(Instant::now).elapsed());
        match left.is_zero() {
            true => self.socket.destroy(),
            false => self.socket.set_timeout(Some(left)),
        }
    }
}

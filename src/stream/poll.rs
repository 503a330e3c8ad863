//! Waiting for a socket that never blocks.
//!
//! std has no call that waits for a socket and for something else, so this waits in short sleeps. A sleep is a quarter of the
//! wait so far: by so much a wait may become longer, and by 20 ms at most. A connection on which nothing happens costs 50
//! calls a second, which is 0.05 % of a processor.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::sync::lock;

/// The first sleep of a wait.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);

/// How late a wait may end, whatever it waits for: bytes, room, a client, `shut`.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// One direction of a socket: how long its calls wait, and whether they still may.
#[derive(Debug, Default)]
pub(super) struct Poll {
    shut: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How long a call waits; `None`: as long as it takes.
    limit: Option<Duration>,
    /// The next sleep. It outlives the call: many short waits in vain are a long one.
    sleep: Duration,
    /// What a call ran into after it had sent something: for the next one to report.
    failure: Option<io::Error>,
}

impl Default for State {
    fn default() -> State {
        State { limit: None, sleep: SHORTEST_SLEEP, failure: None }
    }
}

impl Poll {
    pub(super) fn set_limit(&self, limit: Option<Duration>) {
        lock(&self.state).limit = limit;
    }

    /// Ends the waits, now and from now on.
    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    /// The result of `call` when that has one; `None` when the direction was shut. `WouldBlock`: the limit was reached.
    pub(super) fn until_ready<T>(
        &self,
        call: impl FnMut() -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        self.wait_for(&mut Wait::default(), call)
    }

    /// Reads; 0 when the direction was shut.
    pub(super) fn read(&self, read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        Ok(self.until_ready(read)?.unwrap_or(0))
    }

    /// Writes until all is written or the limit is reached, as a call that blocks does.
    pub(super) fn write(
        &self,
        data: &[IoSlice<'_>],
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if let Some(failure) = lock(&self.state).failure.take() {
            return Err(failure);
        }
        let mut copy = data.to_vec();
        let mut rest = &mut copy[..];
        IoSlice::advance_slices(&mut rest, 0); // passes over empty ones
        let mut sent = 0;
        let mut wait = Wait::default();
        while !rest.is_empty() {
            let failure = match self.wait_for(&mut wait, || write(rest)) {
                Ok(Some(size)) => {
                    sent += size;
                    IoSlice::advance_slices(&mut rest, size);
                    continue;
                }
                Ok(None) => ErrorKind::BrokenPipe.into(),
                Err(error) => error,
            };
            if sent == 0 {
                return Err(failure);
            }
            if failure.kind() != ErrorKind::WouldBlock {
                lock(&self.state).failure = Some(failure);
            }
            break;
        }
        Ok(sent)
    }

    fn wait_for<T>(
        &self,
        wait: &mut Wait,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        loop {
            match call() {
                Ok(result) => {
                    lock(&self.state).sleep = SHORTEST_SLEEP;
                    return Ok(Some(result));
                }
                // Whatever the system calls it.
                Err(_) if self.shut.load(Ordering::SeqCst) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.sleep(wait)?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Sleeps a little; `WouldBlock` when the limit is reached.
    fn sleep(&self, wait: &mut Wait) -> io::Result<()> {
        let mut state = lock(&self.state);
        let mut sleep = state.sleep;
        let now = Instant::now();
        wait.until = wait.until.or_else(|| now.checked_add(state.limit?));
        if let Some(until) = wait.until {
            sleep = sleep.min(until.saturating_duration_since(now));
            if sleep.is_zero() {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        state.sleep = (state.sleep * 5 / 4).min(LONGEST_SLEEP);
        drop(state);
        thread::sleep(sleep);
        Ok(())
    }

    /// As after a long wait.
    #[cfg(test)]
    pub(super) fn tire(&self) {
        lock(&self.state).sleep = LONGEST_SLEEP;
    }
}

/// The wait of one call, which may be for several things.
#[derive(Default)]
struct Wait {
    /// The limit, from when the wait has begun.
    until: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_after_shutdown_is_what_unix_says() {
        let poll = Poll::default();
        poll.shut();
        let not_connected = || Err(ErrorKind::NotConnected.into());
        assert_eq!(poll.read(not_connected).unwrap(), 0);
        let result = poll.write(&[IoSlice::new(b"x")], |_| not_connected());
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    /// A system tells one call only that a connection was reset.
    #[test]
    fn a_failure_behind_sent_bytes_is_kept_for_the_next_write() {
        let poll = Poll::default();
        let mut results = vec![Err(ErrorKind::ConnectionReset.into()), Ok(3)];
        let mut write = |data| poll.write(&[IoSlice::new(data)], |_| results.pop().unwrap());
        assert_eq!(write(b"12345").unwrap(), 3);
        assert_eq!(write(b"45").unwrap_err().kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn sleeps_grow_while_nothing_happens_and_begin_anew_after_it() {
        let poll = Poll::default();
        let mut silent = 40;
        let began = Instant::now();
        let read = || {
            silent -= 1;
            if silent == 0 { Ok(1) } else { Err(ErrorKind::WouldBlock.into()) }
        };
        assert_eq!(poll.read(read).unwrap(), 1);
        assert!(began.elapsed() > 10 * LONGEST_SLEEP, "the last 15 are as long as can be");
        assert_eq!(lock(&poll.state).sleep, SHORTEST_SLEEP);
    }
}

//! [`Poll`]: waits for a socket that never blocks.
//!
//! std has no call that waits for a socket and for something else, so this module waits in short
//! sleeps. Each sleep is a quarter of the wait so far: so a wait becomes at most a quarter longer,
//! and at most 20 ms longer while no more than 100 calls wait. An idle connection costs 50 calls a
//! second, or 0.07 % of a processor. The more calls wait, the less often each one polls: 4,000 cost
//! no more than 100, and the first message after a silence arrives up to 800 ms late.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::sync::Monitor;

/// The first sleep of a wait.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);

/// The longest sleep while few calls wait: so late may a wait end.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// The number of calls that wait at the moment, in the whole process.
static WAITING: AtomicU32 = AtomicU32::new(0);

/// The longest sleep. All waiting calls together poll at most 5,000 times a second.
fn longest_sleep(waiting: u32) -> Duration {
    LONGEST_SLEEP.max(waiting * Duration::from_micros(200))
}

/// The shortest sleep from which `shut_down` wakes. On Windows, whose clock ticks every 16 ms, such
/// a sleep takes at least one tick; a shorter sleep is not interrupted.
const WAKEABLE_SLEEP: Duration = Duration::from_millis(10);

/// One direction of a socket: the time limit of its calls, and whether it was shut down.
#[derive(Debug)]
pub(super) struct Poll(Monitor<PollState>);

#[derive(Debug)]
struct PollState {
    is_shut_down: bool,
    /// The time limit of a call. `None`: no limit.
    limit: Option<Duration>,
    /// The next sleep. Kept between calls: many short waits without a result count as one long
    /// wait.
    sleep: Duration,
    /// The error of a call that had already sent some bytes: the next call reports it.
    failure: Option<io::Error>,
}

impl Default for Poll {
    fn default() -> Poll {
        let state =
            PollState { is_shut_down: false, limit: None, sleep: SHORTEST_SLEEP, failure: None };
        Poll(Monitor::new(state))
    }
}

impl Poll {
    pub(super) fn set_limit(&self, limit: Option<Duration>) {
        self.0.lock().limit = limit;
    }

    /// Ends all waits, and all later ones at once.
    pub(super) fn shut_down(&self) {
        let mut state = self.0.lock();
        state.is_shut_down = true;
        self.0.notify(&state);
    }

    /// Waits until `call` has a result. `None`: the direction was shut down. `WouldBlock`: the time
    /// limit was reached.
    pub(super) fn until_ready<T>(
        &self,
        call: impl FnMut() -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        self.wait_for(&mut Wait::default(), call)
    }

    /// Reads; returns 0 if the direction was shut down.
    pub(super) fn read(&self, read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        Ok(self.until_ready(read)?.unwrap_or(0))
    }

    /// Writes until everything is written or the time limit is reached, as a blocking call does.
    pub(super) fn write(
        &self,
        data: &[IoSlice<'_>],
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if let Some(failure) = self.0.lock().failure.take() {
            return Err(failure);
        }
        let mut copy = data.to_vec();
        let mut rest = &mut copy[..];
        IoSlice::advance_slices(&mut rest, 0); // skips empty slices
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
                self.0.lock().failure = Some(failure);
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
        while !self.0.lock().is_shut_down {
            match call() {
                Ok(result) => {
                    self.0.lock().sleep = SHORTEST_SLEEP;
                    return Ok(Some(result));
                }
                Err(error) if is_not_ready(&error) => self.sleep(wait)?,
                // the system's error for a socket that was shut down
                Err(_) if self.0.lock().is_shut_down => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Sleeps for a while; `WouldBlock` if the time limit is reached.
    fn sleep(&self, wait: &mut Wait) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.is_shut_down {
            return Ok(());
        }
        let mut sleep = state.sleep;
        let now = Instant::now();
        wait.until = wait.until.or_else(|| now.checked_add(state.limit?));
        if let Some(until) = wait.until {
            sleep = sleep.min(until.saturating_duration_since(now));
            if sleep.is_zero() {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        let waiting = WAITING.fetch_add(1, Ordering::Relaxed);
        state.sleep = (state.sleep * 5 / 4).min(longest_sleep(waiting));
        if sleep < WAKEABLE_SLEEP {
            drop(state);
            thread::sleep(sleep);
        } else {
            drop(self.0.wait(state, Some(now + sleep)));
        }
        WAITING.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether the call must wait. Also true for the errors of a Winsock that is no longer usable: when
/// `main` has returned, std shuts Winsock down, and a thread that still waits would report a
/// failure of its socket in the last moment of the process.
fn is_not_ready(error: &io::Error) -> bool {
    const WSAENOTSOCK: i32 = 10038;
    const WSANOTINITIALISED: i32 = 10093;
    let ending = matches!(error.raw_os_error(), Some(WSAENOTSOCK | WSANOTINITIALISED));
    error.kind() == ErrorKind::WouldBlock || (cfg!(windows) && ending)
}

/// The wait of one `read` or `write`, which may poll several calls.
#[derive(Default)]
struct Wait {
    /// The end of the time limit, set when the wait begins.
    until: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_after_shutdown_is_what_unix_says() {
        let (reading, writing) = (Poll::default(), Poll::default());
        let shut = |poll: &Poll| {
            poll.shut_down();
            Err(ErrorKind::NotConnected.into())
        };
        let result = writing.write(&[IoSlice::new(b"x")], |_| shut(&writing));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(reading.read(|| shut(&reading)).unwrap(), 0);
        assert_eq!(reading.read(|| unreachable!("it was shut")).unwrap(), 0);
    }

    /// A system reports a reset to one call only.
    #[test]
    fn a_failure_behind_sent_bytes_is_kept_for_the_next_write() {
        let poll = Poll::default();
        let mut results = vec![Err(ErrorKind::ConnectionReset.into()), Ok(3)];
        let mut write = |data| poll.write(&[IoSlice::new(data)], |_| results.pop().unwrap());
        assert_eq!(write(b"12345").unwrap(), 3);
        assert_eq!(write(b"45").unwrap_err().kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn the_end_of_winsock_at_the_end_of_the_process_is_no_failure() {
        for code in [10038, 10093] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(is_not_ready(&error), cfg!(windows), "{code}");
        }
        assert!(is_not_ready(&ErrorKind::WouldBlock.into()));
        assert!(!is_not_ready(&ErrorKind::ConnectionReset.into()));
    }

    /// Here the system reports nothing, as on Windows, where a shutdown alone wakes no thread.
    #[test]
    fn shut_wakes_a_wait_at_once() {
        let woken = (0..5).map(|_| {
            let poll = Poll::default();
            thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let size = poll.read(|| Err(ErrorKind::WouldBlock.into()));
                    (size.unwrap(), Instant::now())
                });
                while poll.0.lock().sleep < LONGEST_SLEEP {
                    thread::yield_now(); // until it has waited for a while
                }
                let began = Instant::now();
                poll.shut_down();
                let (size, ended) = reader.join().unwrap();
                assert_eq!(size, 0);
                ended - began
            })
        });
        let fastest = woken.min().unwrap(); // the other load of this machine adds to it
        assert!(fastest < LONGEST_SLEEP / 2, "{fastest:?}");
    }

    #[test]
    fn many_that_wait_cost_no_more_than_a_hundred() {
        let calls = |waiting| f64::from(waiting) / longest_sleep(waiting).as_secs_f64();
        assert_eq!((calls(1), calls(100)), (50.0, 5000.0));
        assert_eq!((calls(1000), calls(4000)), (5000.0, 5000.0));
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
        assert_eq!(poll.0.lock().sleep, SHORTEST_SLEEP);
    }
}

//! The time limits of all connections of the process, kept by one thread.
//!
//! The kernel could keep them, as a socket's idle time is kept: a limit for each read. But then every read that has to wait
//! sets a timer and takes it back, which is a tenth of all that a short request costs a server. Here nothing is done for a
//! request: the thread looks at each connection now and then, and at the latest when its time may be over.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::panics;
use crate::sync::Monitor;
use crate::threads;

/// How long the thread stays when there is nothing to look at.
const PATIENCE: Duration = Duration::from_secs(1);

static CLOCK: Monitor<Clock> =
    Monitor::new(Clock { due: BTreeMap::new(), running: false, wakes: None });

struct Clock {
    /// What to look at, and when. Weak: a connection lives as long as its socket, and not as long as its time limits.
    due: BTreeMap<Alarm, Weak<Connection>>,
    running: bool,
    /// While the thread sleeps: until when.
    wakes: Option<Instant>,
}

/// When to look at a connection, and its address, which tells it from others.
pub(super) type Alarm = (Instant, usize);

/// Has [`Connection::look`] called after that time, once.
pub(super) fn set(connection: Weak<Connection>, after: Duration) -> Alarm {
    let alarm = (Instant::now() + after, connection.as_ptr().addr());
    let mut clock = CLOCK.lock();
    clock.due.insert(alarm, connection);
    if !clock.running {
        // If there is no thread to be had now, the next connection tries again.
        clock.running = threads::start(Box::new(run)).is_ok();
    } else if clock.wakes.is_some_and(|wakes| alarm.0 < wakes) {
        CLOCK.notify(&clock);
    }
    alarm
}

/// There is nothing to look at any more.
pub(super) fn unset(alarm: Alarm) {
    CLOCK.lock().due.remove(&alarm);
}

fn run() {
    let mut clock = CLOCK.lock();
    loop {
        let now = Instant::now();
        let next = clock.due.first_key_value().map(|((when, _), _)| *when);
        if next.is_some_and(|next| next <= now) {
            let due = clock.due.pop_first();
            drop(clock);
            // Also what goes with the last handle to a connection, and may be the user's.
            let look = |connection: Weak<Connection>| {
                if let Some(connection) = connection.upgrade() {
                    connection.look();
                }
            };
            let _ = panics::catch(|| due.into_iter().for_each(|(_, connection)| look(connection)));
            clock = CLOCK.lock();
        } else {
            let until = next.unwrap_or(now + PATIENCE);
            clock.wakes = Some(until);
            clock = CLOCK.wait(clock, Some(until));
            clock.wakes = None;
            if next.is_none() && clock.due.is_empty() {
                clock.running = false;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    /// The only test of this process that has a server of HTTP.
    #[test]
    fn the_thread_comes_and_goes_and_nothing_is_left_behind() {
        for _ in 0..2 {
            let server = http::create_server(|_, response| response.end_with("hello"));
            server.listen(("127.0.0.1", 0), |_| {}).unwrap();
            let url = format!("http://{}/", server.address().unwrap());
            let running = server.spawn();
            let silent = std::net::TcpStream::connect(&url[7..url.len() - 1]).unwrap();
            for _ in 0..20 {
                assert_eq!(http::get(&url).unwrap().text(), "hello");
            }
            assert!(CLOCK.lock().running);
            drop(silent);
            server.close().unwrap();
            running.join().unwrap().unwrap();
            assert_eq!(CLOCK.lock().due.len(), 0);
            let deadline = Instant::now() + Duration::from_secs(30);
            while CLOCK.lock().running {
                assert!(Instant::now() < deadline, "it stays though there is nothing to do");
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
    }
}

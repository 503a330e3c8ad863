//! Lines on standard error, for which nobody has to wait.
//!
//! `io::stderr()` has a lock. A program that holds it, as `eprintln!` does, and asks a socket something would wait for us, and
//! we for it. So lines are written to a descriptor of our own. Not to a console of Windows: it takes bytes for its own
//! character set, and std alone makes characters of them. There a thread of ours waits for the lock.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use crate::threads;

/// How long a line is waited for: as a rule it is written in a fraction of that, and stands where it belongs.
const WRITE_TIMEOUT: Duration = Duration::from_millis(10);

/// How many lines may wait for the lock. More are lost.
const QUEUE_MAX: usize = 1000;

/// Writes a line in one call, so that the lines of two threads do not mix. A closed standard error is not worth a panic.
pub(crate) fn write_line(line: String) {
    if let Some(out) = out() {
        out.write(line + "\n");
    }
}

/// Opens the descriptor. A server asks once before it needs it: that no descriptor is left is to be reported, too.
pub(crate) fn prepare() {
    let _ = out();
}

/// `None`: there is no standard error, or no descriptor is left.
fn out() -> Option<&'static Out> {
    static OUT: OnceLock<Out> = OnceLock::new();
    if let Some(out) = OUT.get() {
        return Some(out);
    }
    let new = Out::new()?; // and another time, if it fails this time
    Some(OUT.get_or_init(|| new))
}

enum Out {
    Own(File),
    Scribe(Scribe),
}

impl Out {
    fn new() -> Option<Out> {
        if cfg!(windows) && io::stderr().is_terminal() {
            let write = |line: &str| _ = io::stderr().write_all(line.as_bytes());
            return Some(Out::Scribe(Scribe::new(write)));
        }
        #[cfg(unix)]
        let own = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned();
        #[cfg(windows)]
        let own = std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned();
        Some(Out::Own(own.ok()?.into()))
    }

    fn write(&self, line: String) {
        match self {
            Out::Own(file) => {
                let mut file = file; // `Write` is implemented for `&File`, too
                let _ = file.write_all(line.as_bytes());
            }
            Out::Scribe(scribe) => scribe.write(line),
        }
    }
}

/// A thread that writes what it is given, one line after another.
struct Scribe(SyncSender<(String, SyncSender<()>)>);

impl Scribe {
    fn new(write: impl Fn(&str) + Send + 'static) -> Scribe {
        let (lines, work) = sync_channel::<(String, SyncSender<()>)>(QUEUE_MAX);
        // Without a thread the lines are lost.
        let _ = threads::start_new(Box::new(move || {
            for (line, done) in work {
                write(&line);
                let _ = done.try_send(());
            }
        }));
        Scribe(lines)
    }

    fn write(&self, line: String) {
        let (done, written) = sync_channel(1);
        if self.0.try_send((line, done)).is_ok() {
            let _ = written.recv_timeout(WRITE_TIMEOUT);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use super::*;
    use crate::sync::lock;

    /// A scribe, and the lines that it writes under a lock.
    fn scribe() -> (Scribe, Arc<Mutex<Vec<String>>>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let lines = written.clone();
        (Scribe::new(move |line| lock(&lines).push(line.to_string())), written)
    }

    #[test]
    fn a_line_is_written_when_the_call_is_over() {
        let (scribe, written) = scribe();
        let in_time = (0..100).filter(|n| {
            scribe.write(n.to_string());
            lock(&written).last() == Some(&n.to_string())
        });
        assert!(in_time.count() > 50); // or the machine is busy
    }

    #[test]
    fn a_lock_that_is_held_delays_no_line_for_long_and_loses_none() {
        let (scribe, written) = scribe();
        let held = lock(&written);
        let began = Instant::now();
        scribe.write("one".to_string());
        scribe.write("two".to_string());
        assert!(began.elapsed() < Duration::from_secs(5)); // for ever, if it waited for the lock
        drop(held);
        while lock(&written).len() < 2 {
            assert!(began.elapsed() < Duration::from_secs(30), "the lines are lost");
            std::thread::yield_now();
        }
        assert_eq!(*lock(&written), ["one", "two"]);
    }
}

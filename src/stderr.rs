//! Lines on standard error, written without the lock of `io::stderr()`.
//!
//! A program that holds this lock, as `eprintln!` does, and calls a method of a socket would wait
//! for us, and we for it. So lines are written to a duplicate of the descriptor. Not to a console
//! of Windows: its character set is not UTF-8, and only `io::stderr()` converts. There, a writer
//! thread waits for the lock.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use crate::threads;

/// How long a caller waits for its line: usually it is written in a fraction of this time, and so
/// appears in the right place.
const WRITE_TIMEOUT: Duration = Duration::from_millis(10);

/// The number of lines that may wait for the lock. More are lost.
const QUEUE_MAX: usize = 1000;

/// Writes a line in one call, so that the lines of two threads do not mix. If standard error is
/// closed, the line is lost: that is not worth a panic.
pub(crate) fn write_line(line: String) {
    if let Some(output) = output() {
        output.write(line + "\n");
    }
}

/// Opens the descriptor. A server calls this early, because later no descriptor may be left, and
/// that must be reported, too.
pub(crate) fn open() {
    let _ = output();
}

/// The output. `None` if there is no standard error, or no descriptor is left.
fn output() -> Option<&'static StderrOutput> {
    static OUTPUT: OnceLock<StderrOutput> = OnceLock::new();
    if let Some(output) = OUTPUT.get() {
        return Some(output);
    }
    let new = StderrOutput::new()?; // a later call tries again if this fails
    Some(OUTPUT.get_or_init(|| new))
}

enum StderrOutput {
    Descriptor(File),
    Thread(WriterThread),
}

impl StderrOutput {
    fn new() -> Option<StderrOutput> {
        if cfg!(windows) && io::stderr().is_terminal() {
            let write = |line: &str| _ = io::stderr().write_all(line.as_bytes());
            return Some(StderrOutput::Thread(WriterThread::new(write)));
        }
        #[cfg(unix)]
        let own = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned();
        #[cfg(windows)]
        let own = std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned();
        Some(StderrOutput::Descriptor(own.ok()?.into()))
    }

    fn write(&self, line: String) {
        match self {
            StderrOutput::Descriptor(file) => {
                let mut file = file; // `Write` is implemented for `&File`, too
                let _ = file.write_all(line.as_bytes());
            }
            StderrOutput::Thread(writer) => writer.write(line),
        }
    }
}

/// A thread that writes the lines that it is sent, one after another.
struct WriterThread(SyncSender<(String, SyncSender<()>)>);

impl WriterThread {
    fn new(write: impl Fn(&str) + Send + 'static) -> WriterThread {
        let (lines, work) = sync_channel::<(String, SyncSender<()>)>(QUEUE_MAX);
        // If no thread can be started, the lines are lost.
        let _ = threads::start_new(Box::new(move || {
            for (line, done) in work {
                write(&line);
                let _ = done.try_send(());
            }
        }));
        WriterThread(lines)
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

    /// A writer, and the lines that it writes under a lock.
    fn writer() -> (WriterThread, Arc<Mutex<Vec<String>>>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let lines = written.clone();
        (WriterThread::new(move |line| lock(&lines).push(line.to_string())), written)
    }

    #[test]
    fn a_line_is_written_when_the_call_is_over() {
        let (writer, written) = writer();
        let in_time = (0..100).filter(|n| {
            writer.write(n.to_string());
            lock(&written).last() == Some(&n.to_string())
        });
        assert!(in_time.count() > 50); // unless the machine is busy
    }

    #[test]
    fn a_lock_that_is_held_delays_no_line_for_long_and_loses_none() {
        let (writer, written) = writer();
        let held = lock(&written);
        let began = Instant::now();
        writer.write("one".to_string());
        writer.write("two".to_string());
        // it would be for ever, if it waited for the lock
        assert!(began.elapsed() < Duration::from_secs(5));
        drop(held);
        while lock(&written).len() < 2 {
            assert!(began.elapsed() < Duration::from_secs(30), "the lines are lost");
            std::thread::yield_now();
        }
        assert_eq!(*lock(&written), ["one", "two"]);
    }
}

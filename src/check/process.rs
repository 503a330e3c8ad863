//! A running program and its output, which separate threads read, so that the program never waits
//! for the check.

use std::io::{self, Read};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::group::ProcessGroup;
use super::observed::Observed;
use super::transcript::{OutputStream, TranscriptEvent};
use super::usage::Usage;
use crate::sync::{Monitor, lock};

/// The largest output that is kept, in bytes. Output beyond it is read and dropped.
const KEPT_OUTPUT_BYTES_MAX: usize = 1 << 20;
/// How long to wait for the end of a program that has just closed its connections: it may be about
/// to end.
const EXIT_WAIT: Duration = Duration::from_millis(300);

/// How long to watch whether a program is busy that does not do what it should.
const BUSY_CHECK_TIME: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// Whether the check has waited for its end, so the end is no longer worth reporting.
    awaited: AtomicBool,
    /// How long to wait for its streams after it has ended.
    time_limit: Duration,
    child: Mutex<Child>,
    /// `None` once everything was killed.
    group: Mutex<Option<ProcessGroup>>,
    pub(super) printed: Monitor<Printed>,
}

/// The output of a program so far. Two reader threads append to it, and notify the threads that
/// wait for a line or for the end.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// The number of streams that have not ended.
    pub(super) open: usize,
}

impl Process {
    pub(super) fn new(child: Child, group: ProcessGroup, time_limit: Duration) -> Process {
        let (id, printed) = (child.id(), Monitor::new(Printed::default()));
        let (child, group) = (Mutex::new(child), Mutex::new(Some(group)));
        Process { id, awaited: AtomicBool::new(false), time_limit, child, group, printed }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Collects the output of one of the program's streams, on a thread that ends with the stream,
    /// and reports each piece to `report` first.
    pub(super) fn collect_output(
        self: &Arc<Self>,
        mut stream: impl Read + Send + 'static,
        on: OutputStream,
        report: impl Fn(TranscriptEvent) + Send + 'static,
    ) {
        let process = self.clone();
        self.printed.lock().open += 1;
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let size = match stream.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(size) => size,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                report(TranscriptEvent::printed(on, &chunk[..size]));
                let mut printed = process.printed.lock();
                let kept = match on {
                    OutputStream::Stdout => &mut printed.stdout,
                    OutputStream::Stderr => &mut printed.stderr,
                };
                let room = KEPT_OUTPUT_BYTES_MAX.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..size.min(room)]);
                process.printed.notify(&printed);
            }
            let mut printed = process.printed.lock();
            printed.open -= 1;
            process.printed.notify(&printed);
        });
    }

    pub(super) fn mark_awaited(&self) {
        self.awaited.store(true, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    /// Waits until the program has ended and all its output was read. `None` at the deadline.
    pub(super) fn end_by(&self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            // std can wait for a child without a time limit, or check it, but not wait with a
            // limit: so check every millisecond.
            let Some(status) = self.status() else {
                if Instant::now() >= deadline {
                    return None;
                }
                thread::park_timeout(Duration::from_millis(1));
                continue;
            };
            // A child that the program has left behind holds its streams open; it is killed here,
            // so the streams end. Only a child in a new process group delays us.
            drop(lock(&self.group).take());
            let mut printed = self.printed.lock();
            let end = Instant::now() + self.time_limit;
            while printed.open > 0 && Instant::now() < end {
                printed = self.printed.wait(printed, Some(end));
            }
            return Some(status);
        }
    }

    /// Kills the program and its children.
    pub(super) fn kill(&self) {
        let mut child = lock(&self.child);
        // The group first: on Windows its root must still exist, and `wait` frees its process id.
        drop(lock(&self.group).take());
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Returns the standard error of the program, and other observations, for a failure.
    /// `disturbed`: the check has cut off connections, so messages about that are not the program's
    /// fault.
    pub(super) fn observe_end(
        &self,
        actual: &[Observed],
        disturbed: bool,
    ) -> (String, Vec<Observed>) {
        let cut_off =
            matches!(actual.last(), Some(Observed::Fin | Observed::Reset | Observed::Text(_)));
        let time_limit = if cut_off { EXIT_WAIT } else { Duration::ZERO };
        let ended = self.end_by(Instant::now() + time_limit).map(|it| Observed::Exit(it.code()));
        let stderr = String::from_utf8_lossy(&self.printed.lock().stderr).into_owned();
        let stderr = own_lines(&stderr, disturbed && ended.is_none());
        let silent = actual.iter().any(|one| matches!(one, Observed::Nothing(_)));
        let busy = if silent && ended.is_none() { self.observe_busy() } else { None };
        let known = self.awaited.load(Ordering::Relaxed)
            || actual.iter().any(|one| matches!(one, Observed::Exit(_)));
        (stderr, ended.filter(|_| !known).into_iter().chain(busy).collect())
    }

    /// Returns an observation if the program is busy.
    fn observe_busy(&self) -> Option<Observed> {
        let before = Usage::of(self.id)?.cpu;
        thread::sleep(BUSY_CHECK_TIME);
        let used = Usage::of(self.id)?.cpu.saturating_sub(before);
        (used * 4 > BUSY_CHECK_TIME).then(|| {
            Observed::text(
                "the program does not wait: it keeps a processor busy",
                "程序没有在等待：它一直占用着一个处理器",
            )
        })
    }
}

/// The lines of standard error that the program wrote independently of the check: without the trace
/// that the check has requested, and without messages about connections that the check has cut off.
/// A panic always counts.
fn own_lines(stderr: &str, disturbed: bool) -> String {
    let mut panicked = false;
    let own = |line: &&str| {
        let caused = DISCONNECT_MESSAGES.iter().any(|words| line.contains(words));
        let shown = panicked || !(is_trace(line) || disturbed && caused);
        panicked = line.contains("panicked at");
        shown
    };
    stderr.lines().filter(own).map(|line| line.to_string() + "\n").collect()
}

/// Messages of the systems, and of this library, about a connection that was cut off.
const DISCONNECT_MESSAGES: [&str; 8] = [
    "reset by peer",
    "roken pipe",
    "ECONNRESET",
    "EPIPE",
    "forcibly closed",
    "ConnectionReset",
    "BrokenPipe",
    "os error 32",
];

/// Whether this is a line of `NET_TRACE`: `   0.004 ms  #1 server ← connect`.
pub(super) fn is_trace(line: &str) -> bool {
    let time = line.trim_start().split_once(" ms  #");
    time.is_some_and(|(time, rest)| {
        time.parse::<f64>().is_ok() && rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_check_has_caused_is_not_the_programs_own() {
        let stderr = "hello\na client was lost: Connection reset by peer (os error 104)\n\
                      thread 'x' panicked at src/main.rs:3:\nOs { kind: BrokenPipe }\n\
                      write: Broken pipe\n   0.004 ms  #1 server ← connect\n";
        let panic = "thread 'x' panicked at src/main.rs:3:\nOs { kind: BrokenPipe }\n";
        assert_eq!(own_lines(stderr, true), format!("hello\n{panic}"));
        let reset = "a client was lost: Connection reset by peer (os error 104)\n";
        let pipe = "write: Broken pipe\n";
        assert_eq!(own_lines(stderr, false), format!("hello\n{reset}{panic}{pipe}"));
    }
}

//! What runs, and what it prints: read on threads of its own, so that no program waits for its check.

use std::io::{self, Read};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::observed::Observed;
use super::run::Run;
use super::transcript::{Output, What, Who};
use super::tree::Tree;
use super::usage::Usage;
use crate::sync::{Monitor, lock};

/// How much of what a program prints is kept; one that prints for ever is read on, and not kept.
const KEPT: usize = 1 << 20;
/// How long the end of a program is waited for that has just closed its connections: it may be about to end.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long a program is watched that does not do what it should: it may run in circles.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// It was waited for to end, and has done so: that is no news.
    awaited: AtomicBool,
    /// How long its streams are waited for once it has ended.
    patience: Duration,
    child: Mutex<Child>,
    tree: Mutex<Tree>,
    pub(super) printed: Monitor<Printed>,
}

/// What came out of a program so far. Its two readers add to it, and whoever waits for a line or for the end looks again.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// The streams that have not ended yet.
    pub(super) open: usize,
}

impl Process {
    pub(super) fn new(child: Child, tree: Tree, patience: Duration) -> Process {
        let (id, printed) = (child.id(), Monitor::new(Printed::default()));
        let (child, tree, awaited) = (Mutex::new(child), Mutex::new(tree), AtomicBool::new(false));
        Process { id, awaited, patience, child, tree, printed }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Keeps what comes out of one of the program's streams, on a thread that ends with the stream.
    pub(super) fn follow(
        self: &Arc<Self>,
        run: &Arc<Run>,
        mut stream: impl Read + Send + 'static,
        on: Output,
    ) {
        let (process, run) = (self.clone(), run.clone());
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
                run.transcript.add(Who::PROGRAM, What::printed(on, &chunk[..size]));
                let mut printed = process.printed.lock();
                let kept = match on {
                    Output::Stdout => &mut printed.stdout,
                    Output::Stderr => &mut printed.stderr,
                };
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..size.min(room)]);
                process.printed.notify(&printed);
            }
            let mut printed = process.printed.lock();
            printed.open -= 1;
            process.printed.notify(&printed);
        });
    }

    pub(super) fn was_awaited(&self) {
        self.awaited.store(true, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    /// How it ended, if it does so in time, with all that it printed read.
    pub(super) fn end_by(&self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            // std can wait for a child, or look, but not wait for a while: so look again every millisecond.
            let Some(status) = self.status() else {
                if Instant::now() >= deadline {
                    return None;
                }
                thread::park_timeout(Duration::from_millis(1));
                continue;
            };
            // A child that the program has left behind holds its streams open, and ends with it: so the streams end, however
            // long their readers take. Only a child that has made itself a group of its own keeps us waiting.
            lock(&self.tree).kill();
            let mut printed = self.printed.lock();
            let end = Instant::now() + self.patience;
            while printed.open > 0 && Instant::now() < end {
                printed = self.printed.wait(printed, Some(end));
            }
            return Some(status);
        }
    }

    /// Kills it and its children.
    pub(super) fn kill(&self) {
        let mut child = lock(&self.child);
        // The tree first: its root must be there to be found, and `wait` frees its number.
        lock(&self.tree).kill();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// What it said on standard error, and what else it does: for the failure to show. `disturbed`: the check has cut off
    /// connections, so that what the program says of that is no fault of its own.
    pub(super) fn last_words(
        &self,
        actual: &[Observed],
        disturbed: bool,
    ) -> (String, Vec<Observed>) {
        let cut_off =
            matches!(actual.last(), Some(Observed::Fin | Observed::Reset | Observed::Text(_)));
        let patience = if cut_off { LAST_WORDS } else { Duration::ZERO };
        let ended = self.end_by(Instant::now() + patience).map(|it| Observed::Exit(it.code()));
        let stderr = String::from_utf8_lossy(&self.printed.lock().stderr).into_owned();
        let stderr = own_words(&stderr, disturbed && ended.is_none());
        let silent = actual.iter().any(|one| matches!(one, Observed::Nothing(_)));
        let busy = if silent && ended.is_none() { self.busy() } else { None };
        let known = self.awaited.load(Ordering::Relaxed)
            || actual.iter().any(|one| matches!(one, Observed::Exit(_)));
        (stderr, ended.filter(|_| !known).into_iter().chain(busy).collect())
    }

    /// That it runs in circles, if it does.
    fn busy(&self) -> Option<Observed> {
        let before = Usage::of(self.id)?.cpu;
        thread::sleep(LOOK);
        let used = Usage::of(self.id)?.cpu.saturating_sub(before);
        (used * 4 > LOOK).then(|| {
            Observed::text(
                "the program does not wait: it keeps a processor busy",
                "程序没有在等待：它一直占用着一个处理器",
            )
        })
    }
}

/// What a program wrote to standard error of its own accord: without the trace that the check has asked for, and without what
/// it says of connections that the check has cut off. A panic is the program's own, whatever it is about.
fn own_words(stderr: &str, disturbed: bool) -> String {
    let mut panicked = false;
    let own = |line: &&str| {
        let caused = CAUSED.iter().any(|words| line.contains(words));
        let shown = panicked || !(is_trace(line) || disturbed && caused);
        panicked = line.contains("panicked at");
        shown
    };
    stderr.lines().filter(own).map(|line| line.to_string() + "\n").collect()
}

/// How the systems, and this library, say that a connection was cut off.
const CAUSED: [&str; 8] = [
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
        assert_eq!(own_words(stderr, true), format!("hello\n{panic}"));
        let reset = "a client was lost: Connection reset by peer (os error 104)\n";
        let pipe = "write: Broken pipe\n";
        assert_eq!(own_words(stderr, false), format!("hello\n{reset}{panic}{pipe}"));
    }
}

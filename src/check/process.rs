//! What runs, and what it prints: read on threads of its own, so that no program waits for its check.

use std::io::{self, Read};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::Run;
use super::failure::Seen;
use super::transcript::What;
use super::tree::Tree;
use crate::sync::{Monitor, lock};

/// How much of what a program prints is kept; one that prints for ever is read on, and not kept.
const KEPT: usize = 1 << 20;
/// How long the end of a program is waited for that has just closed its connections: it may be about to end.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// What the program is called in the transcript.
pub(super) const PROGRAM: &str = "program";

#[derive(Debug)]
pub(super) struct Process {
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
    pub(super) fn new(child: Child, tree: Tree) -> Process {
        let printed = Monitor::new(Printed::default());
        Process { child: Mutex::new(child), tree: Mutex::new(tree), printed }
    }

    /// Keeps what comes out of one of the program's streams, on a thread that ends with the stream.
    pub(super) fn follow(
        self: &Arc<Self>,
        run: &Arc<Run>,
        mut stream: impl Read + Send + 'static,
        into: fn(&mut Printed) -> &mut Vec<u8>,
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
                run.transcript.add(PROGRAM, What::printed(&chunk[..size]));
                let mut printed = process.printed.lock();
                let kept = into(&mut printed);
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..size.min(room)]);
                process.printed.notify(&printed);
            }
            let mut printed = process.printed.lock();
            printed.open -= 1;
            process.printed.notify(&printed);
        });
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
            let mut printed = self.printed.lock();
            // A child that the program has left behind may hold its streams open: then what it printed so far is all.
            let end = Instant::now() + LAST_WORDS;
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

    /// What it said on standard error, and whether it has ended: for the failure to show.
    pub(super) fn last_words(&self, came: &[Seen]) -> (String, Option<Seen>) {
        let cut_off = matches!(came.last(), Some(Seen::Fin | Seen::Reset | Seen::Words(_)));
        let patience = if cut_off { LAST_WORDS } else { Duration::ZERO };
        let ended = self.end_by(Instant::now() + patience).map(|status| Seen::Exit(status.code()));
        let known = came.iter().any(|seen| matches!(seen, Seen::Exit(_)));
        let stderr = String::from_utf8_lossy(&self.printed.lock().stderr).into_owned();
        (stderr, ended.filter(|_| !known))
    }
}

//! Threads that outlive their job for a while: to wake a waiting one costs a tenth of starting one.

use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::sync::lock;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// How long a thread waits for its next job before it ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// The waiting threads of the process. The last to come is the first to go: its stack is still in the cache, and the
/// others get their chance to end.
static WAITING: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());

/// A thread that has nothing to do, and will do what it is given.
pub(crate) struct Waiting {
    id: ThreadId,
    door: SyncSender<Job>,
}

impl Waiting {
    /// One of the waiting threads, if there is one. Whoever takes it has to give it a job.
    pub(crate) fn take() -> Option<Waiting> {
        lock(&WAITING).pop()
    }

    pub(crate) fn start(self, job: Job) {
        // A thread leaves only after it has taken itself off the list, so this one is there, and its channel has room
        // for one job.
        let _ = self.door.send(job);
    }
}

/// Runs a job on a thread of its own: a waiting one, or a new one. `Err` when the system gives no more threads.
pub(crate) fn start(job: Job) -> io::Result<()> {
    match Waiting::take() {
        Some(waiting) => {
            waiting.start(job);
            Ok(())
        }
        None => start_new(job),
    }
}

/// Runs a job on a new thread, which will wait for more when that is done.
pub(crate) fn start_new(job: Job) -> io::Result<()> {
    thread::Builder::new().name("net-notes".to_string()).spawn(move || work(job)).map(drop)
}

fn work(mut job: Job) {
    loop {
        job();
        let (door, jobs) = sync_channel(1);
        let id = thread::current().id();
        lock(&WAITING).push(Waiting { id, door });
        job = match jobs.recv_timeout(PATIENCE) {
            Ok(job) => job,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let mut waiting = lock(&WAITING);
                let before = waiting.len();
                waiting.retain(|other| other.id != id);
                if waiting.len() < before {
                    return; // nobody has this thread, so nobody can give it a job
                }
                drop(waiting);
                // Taken at the last moment: the job is on its way.
                match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                }
            }
        };
    }
}

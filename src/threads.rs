//! Threads that are kept for a while after their job: waking an idle thread costs a tenth of
//! starting a new one.

use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::sync::lock;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// How long a thread waits for its next job before it ends.
const IDLE_THREAD_TTL: Duration = Duration::from_secs(1);

/// The idle threads of the process. The last one in is the first one out: its stack is still in the
/// cache, and the others can reach their time limit and end.
static IDLE_THREADS: Mutex<Vec<IdleThread>> = Mutex::new(Vec::new());

/// A thread that waits for a job.
pub(crate) struct IdleThread {
    id: ThreadId,
    jobs: SyncSender<Job>,
}

impl IdleThread {
    /// Takes one of the idle threads, if there is one. The caller must give it a job.
    pub(crate) fn take() -> Option<IdleThread> {
        lock(&IDLE_THREADS).pop()
    }

    pub(crate) fn start(self, job: Job) {
        // A thread ends only after it has removed itself from the list, so this one is idle, and
        // its channel has room for one job.
        let _ = self.jobs.send(job);
    }
}

/// Runs a job on another thread: an idle one, or a new one. `Err` if the system gives no more
/// threads.
pub(crate) fn start(job: Job) -> io::Result<()> {
    match IdleThread::take() {
        Some(idle) => {
            idle.start(job);
            Ok(())
        }
        None => start_new(job),
    }
}

/// Runs a job on a new thread, which then waits for more jobs.
pub(crate) fn start_new(job: Job) -> io::Result<()> {
    thread::Builder::new().name("net-notes".to_string()).spawn(move || run_jobs(job)).map(drop)
}

fn run_jobs(mut job: Job) {
    loop {
        job();
        let (sender, jobs) = sync_channel(1);
        let id = thread::current().id();
        lock(&IDLE_THREADS).push(IdleThread { id, jobs: sender });
        // Without the lock: other threads must be able to take this one from the list.
        job = match jobs.recv_timeout(IDLE_THREAD_TTL) {
            Ok(job) => job,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                // Under the lock, so that no other thread takes this one at the same time.
                let mut idle = lock(&IDLE_THREADS);
                let before = idle.len();
                idle.retain(|other| other.id != id);
                if idle.len() < before {
                    return; // no other thread has taken this one, so none can send it a job
                }
                drop(idle);
                // Taken from the list at the last moment: a job is about to arrive.
                match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                }
            }
        };
    }
}

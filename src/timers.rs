//! The one thread of the process that keeps the time: idle times, timers, and the time limits of
//! HTTP.
//!
//! The kernel could keep some of them, as a time limit for each read. But then each read that waits
//! sets a timer and cancels it, and a change of the limit does not affect a read that has begun.
//!
//! This thread runs no code of the user. An alarm may lead to a [`Job`] (the listeners of Timeout,
//! for example), and one more thread, the worker, runs all jobs: so a heartbeat to many sockets
//! does not need as many threads. If a job delays the others, the number of workers doubles after
//! each [`JOB_WAIT_MAX`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::panics;
use crate::sync::Monitor;
use crate::threads::{self, Job};

/// How long the thread stays alive without an alarm.
const IDLE_THREAD_TTL: Duration = Duration::from_secs(1);

/// How long the jobs may wait until a worker takes one. After this time there are more workers.
const JOB_WAIT_MAX: Duration = Duration::from_millis(5);

/// An object that has alarms.
pub(crate) trait AlarmTarget: Send + Sync {
    /// Called when an alarm is due, on the thread that keeps all times: it must not wait and must
    /// not call code of the user. The returned job may do both.
    fn on_alarm(self: Arc<Self>, now: Instant) -> Option<Job>;
}

/// An alarm. Dropping it cancels it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alarm(Key);

/// The due time, and a number that distinguishes alarms with the same time.
type Key = (Instant, u64);

impl Alarm {
    pub(crate) fn time(&self) -> Instant {
        self.0.0
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut timers = TIMERS.lock();
        let target = timers.alarms.remove(&self.0);
        if timers.alarms.is_empty() {
            // The thread may sleep for hours, and must end earlier now.
            if let Keeper::Asleep { until } = timers.keeper {
                if until > Instant::now() + IDLE_THREAD_TTL {
                    TIMERS.notify(&timers);
                }
            }
        }
        drop(timers);
        drop(target); // after the lock is released: this may be the last handle of the target
    }
}

static TIMERS: Monitor<Timers> = Monitor::new(Timers {
    alarms: BTreeMap::new(),
    keeper: Keeper::Absent,
    jobs: VecDeque::new(),
    workers: 0,
    starting: 0,
    last_taken: None,
});

struct Timers {
    /// Weak: a socket lives as long as its handles, and not as long as its alarms.
    alarms: BTreeMap<Key, Weak<dyn AlarmTarget>>,
    keeper: Keeper,
    /// The jobs that wait for a worker.
    jobs: VecDeque<Job>,
    /// The number of threads that take jobs, or are inside one.
    workers: usize,
    /// The number of workers that were started and do not run yet: on a busy machine a start takes
    /// a while, and more workers would not help.
    starting: usize,
    /// When the last job was taken, or the last worker was started.
    last_taken: Option<Instant>,
}

/// The thread that keeps the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Absent,
    /// It checks the alarms before it sleeps again.
    Awake,
    Asleep {
        until: Instant,
    },
}

/// Sets an alarm: `target` is notified once, at `time`.
pub(crate) fn set_alarm(time: Instant, target: Weak<dyn AlarmTarget>) -> Alarm {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let key = (time, NEXT.fetch_add(1, Ordering::Relaxed));
    let mut timers = TIMERS.lock();
    timers.alarms.insert(key, target);
    match timers.keeper {
        // If the system gives no thread now, the next alarm tries again.
        Keeper::Absent if threads::start(Box::new(keep_time)).is_ok() => {
            timers.keeper = Keeper::Awake;
        }
        Keeper::Asleep { until } if time < until => TIMERS.notify(&timers),
        _ => {}
    }
    Alarm(key)
}

/// The thread that keeps the time: notifies the targets of due alarms, and starts workers.
fn keep_time() {
    let mut timers = TIMERS.lock();
    let mut idle_since = None;
    loop {
        let now = Instant::now();
        let next = timers.alarms.first_key_value().map(|((time, _), _)| *time);
        if next.is_some_and(|next| next <= now) {
            // 1. Notify the target of the first due alarm. The lock is released meanwhile: the
            //    target takes its own lock, and may set its next alarm.
            let target = timers.alarms.pop_first().and_then(|(_, target)| target.upgrade());
            drop(timers);
            let job = target.and_then(|target| notify(target, now));
            timers = TIMERS.lock();
            timers.jobs.extend(job);
            continue;
        }
        // 2. No alarm is due: start workers if jobs wait, and find out when to check again.
        let times = [next, timers.start_workers(now)].into_iter().flatten().min();
        let until = match times {
            Some(time) => {
                idle_since = None;
                time
            }
            None => *idle_since.get_or_insert(now) + IDLE_THREAD_TTL,
        };
        if until <= now {
            // Under the same lock as the check: `set_alarm` sees that it must start a new thread.
            timers.keeper = Keeper::Absent;
            return;
        }
        // 3. Sleep until then, with the lock released. A new alarm that is earlier wakes this
        //    thread.
        timers.keeper = Keeper::Asleep { until };
        timers = TIMERS.wait(timers, Some(until));
        timers.keeper = Keeper::Awake;
    }
}

/// Notifies a target, and returns its job.
fn notify(target: Arc<dyn AlarmTarget>, now: Instant) -> Option<Job> {
    let handle = target.clone();
    let job = target.on_alarm(now);
    if job.is_none() && Arc::strong_count(&handle) == 1 {
        // The last handle: dropping it may run code of the user, so a worker does it.
        return Some(Box::new(|| drop(handle)));
    }
    job
}

impl Timers {
    /// Starts workers, and more of them while the jobs wait too long. Returns when to check again.
    fn start_workers(&mut self, now: Instant) -> Option<Instant> {
        if self.jobs.is_empty() {
            return None;
        }
        let delayed = self.last_taken.is_none_or(|taken| taken + JOB_WAIT_MAX <= now);
        let more = match self.workers {
            0 => 1,
            workers if delayed && self.starting == 0 => workers.min(self.jobs.len()),
            _ => 0,
        };
        for _ in 0..more {
            // Each worker takes its jobs from the queue, so no job is lost if the system gives no
            // more threads.
            if threads::start(Box::new(run_jobs)).is_ok() {
                self.workers += 1;
                self.starting += 1;
                self.last_taken = Some(now);
            }
        }
        Some(self.last_taken.unwrap_or(now).max(now) + JOB_WAIT_MAX)
    }
}

/// A worker: runs one job after another, until there is none.
fn run_jobs() {
    let mut timers = TIMERS.lock();
    timers.starting -= 1;
    while let Some(job) = timers.jobs.pop_front() {
        timers.last_taken = Some(Instant::now());
        drop(timers); // a job runs code of the user, and may take long
        panics::catch(job).into_iter().for_each(panics::discard);
        timers = TIMERS.lock();
    }
    // Under the same lock as the check that no job is left: a later job starts a new worker.
    timers.workers -= 1;
}

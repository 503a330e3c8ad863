//! The one thread of the process that keeps the time: idle times, timers, and the time limits of HTTP.
//!
//! The kernel could keep some of them, by a limit for each read. But then every read that has to wait sets a timer and takes
//! it back, and a change of the limit does not reach a read that has begun.
//!
//! The thread itself runs no code of the user. What an alarm leads to (the listeners of Timeout, say) is a [`Job`], and all
//! jobs share one more thread, the worker: so a heartbeat to many sockets does not need as many threads. When a job holds up
//! the others, there are twice as many workers after each [`HELD_UP_MAX`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::panics;
use crate::sync::Monitor;
use crate::threads::{self, Job};

/// How long the thread stays when there is no alarm to wait for.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// How long the jobs may wait while no worker takes one.
const HELD_UP_MAX: Duration = Duration::from_millis(5);

/// What has times to keep.
pub(crate) trait Alarmed: Send + Sync {
    /// The time has come. On the thread that keeps all times: so this must not wait, and must not call the user. Returns what
    /// does.
    fn ring(self: Arc<Self>, now: Instant) -> Option<Job>;
}

/// An alarm that is set; dropping it takes it back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alarm(Key);

/// The time, and a number that tells alarms for the same time apart.
type Key = (Instant, u64);

impl Alarm {
    pub(crate) fn time(&self) -> Instant {
        self.0.0
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut timers = TIMERS.lock();
        let taken_back = timers.alarms.remove(&self.0);
        if timers.alarms.is_empty() {
            // The thread may sleep for hours, and has to leave sooner.
            if let Keeper::Asleep { until } = timers.keeper {
                if until > Instant::now() + IDLE_TIME {
                    TIMERS.notify(&timers);
                }
            }
        }
        drop(timers);
        drop(taken_back); // after the lock
    }
}

static TIMERS: Monitor<Timers> = Monitor::new(Timers {
    alarms: BTreeMap::new(),
    keeper: Keeper::Absent,
    jobs: VecDeque::new(),
    workers: 0,
    starting: 0,
    taken: None,
});

struct Timers {
    /// Weak: a socket lives as long as its handles, and not as long as its alarms.
    alarms: BTreeMap<Key, Weak<dyn Alarmed>>,
    keeper: Keeper,
    /// What waits for a worker.
    jobs: VecDeque<Job>,
    /// The threads that take jobs, or are inside of one.
    workers: usize,
    /// Those of them that have not run yet: on a busy machine that takes a while, and more of them would not help.
    starting: usize,
    /// When the last job was taken, or the last workers were started.
    taken: Option<Instant>,
}

/// The thread that keeps the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Absent,
    /// It looks at the alarms before it sleeps again.
    Awake,
    Asleep {
        until: Instant,
    },
}

/// Rings `target` at `time`, once.
pub(crate) fn set(time: Instant, target: Weak<dyn Alarmed>) -> Alarm {
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

fn keep_time() {
    let mut timers = TIMERS.lock();
    let mut idle_since = None;
    loop {
        let now = Instant::now();
        let next = timers.alarms.first_key_value().map(|((time, _), _)| *time);
        if next.is_some_and(|next| next <= now) {
            let target = timers.alarms.pop_first().and_then(|(_, target)| target.upgrade());
            drop(timers);
            let job = target.and_then(|target| ring(target, now));
            timers = TIMERS.lock();
            timers.jobs.extend(job);
            continue;
        }
        let times = [next, timers.see_to_jobs(now)].into_iter().flatten().min();
        let until = match times {
            Some(time) => {
                idle_since = None;
                time
            }
            None => *idle_since.get_or_insert(now) + IDLE_TIME,
        };
        if until <= now {
            timers.keeper = Keeper::Absent;
            return;
        }
        timers.keeper = Keeper::Asleep { until };
        timers = TIMERS.wait(timers, Some(until));
        timers.keeper = Keeper::Awake;
    }
}

fn ring(target: Arc<dyn Alarmed>, now: Instant) -> Option<Job> {
    let handle = target.clone();
    let job = target.ring(now);
    if job.is_none() && Arc::strong_count(&handle) == 1 {
        return Some(Box::new(|| drop(handle))); // the last one: what goes with it may be the user's
    }
    job
}

impl Timers {
    /// Sees to it that there are workers, and more of them while the jobs are held up. Returns when to look again.
    fn see_to_jobs(&mut self, now: Instant) -> Option<Instant> {
        if self.jobs.is_empty() {
            return None;
        }
        let held_up = self.taken.is_none_or(|taken| taken + HELD_UP_MAX <= now);
        let more = match self.workers {
            0 => 1,
            workers if held_up && self.starting == 0 => workers.min(self.jobs.len()),
            _ => 0,
        };
        for _ in 0..more {
            // A worker takes its job from the queue, so that none is lost if the system gives no more threads.
            if threads::start(Box::new(work)).is_ok() {
                self.workers += 1;
                self.starting += 1;
                self.taken = Some(now);
            }
        }
        Some(self.taken.unwrap_or(now).max(now) + HELD_UP_MAX)
    }
}

/// A worker: does one job after another, until there is none.
fn work() {
    let mut timers = TIMERS.lock();
    timers.starting -= 1;
    while let Some(job) = timers.jobs.pop_front() {
        timers.taken = Some(Instant::now());
        drop(timers);
        panics::catch(job).into_iter().for_each(panics::discard);
        timers = TIMERS.lock();
    }
    timers.workers -= 1;
}

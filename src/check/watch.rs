//! Whether a program waits as it should: without using the processor, and without keeping closed
//! connections.

use std::thread;
use std::time::{Duration, Instant};

use super::Verdict;
use super::observed::Observed;
use super::program::Program;
use super::rule::Rule;
use super::usage::Usage;

/// How long a program is watched at least. The system counts its time in units of 10 ms, so a
/// shorter time has little meaning.
const WATCH_TIME_MIN: Duration = Duration::from_millis(500);
/// The interval at which the state of a program is sampled.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(10);
/// A program that uses more than a twelfth of a processor does not wait. On a busy machine, a
/// program that never waits may get less: but it is always ready to run.
const BUSY_CPU_DIVISOR: u32 = 12;
/// The processor time that a busy program must have used: a waiting one that is only late uses
/// less.
const BUSY_CPU_TIME_MIN: Duration = Duration::from_millis(20);

/// An observation of a program that begins at one moment.
#[derive(Debug)]
pub struct Watch<'p> {
    program: &'p Program,
    began: Instant,
    cpu: Option<Duration>,
}

impl Program {
    /// Begins to watch the program, while there is nothing for it to do.
    pub fn watch(&self) -> Watch<'_> {
        Watch { program: self, began: Instant::now(), cpu: self.usage().map(|usage| usage.cpu) }
    }

    /// The number of sockets of the program; `None` where the system does not report it.
    pub fn sockets(&self) -> Option<usize> {
        self.usage().map(|usage| usage.sockets)
    }

    /// The most memory that the program has used so far, in bytes; `None` where the system does not
    /// report it.
    pub fn most_memory(&self) -> Option<usize> {
        self.usage().map(|usage| usage.memory)
    }

    /// The program must come down to `most` sockets: it must close those of ended connections.
    pub fn expect_sockets_at_most(&self, most: Option<usize>, rule: &Rule) -> Verdict {
        let Some(most) = most else { return Ok(()) }; // the system does not report it
        let _waits = self.run().waits_for(rule);
        let deadline = self.run().deadline();
        while let Some(sockets) = self.sockets().filter(|sockets| *sockets > most) {
            if Instant::now() >= deadline {
                let few = Observed::text(
                    format!("{most} sockets at most"),
                    format!("最多 {most} 个套接字"),
                );
                let many = Observed::text(
                    format!("{sockets} sockets, also of connections that are over"),
                    format!("{sockets} 个套接字，连已经结束的连接也还占着"),
                );
                return Err(self.failed(rule, vec![few], vec![many]));
            }
            thread::sleep(SAMPLE_INTERVAL);
        }
        Ok(())
    }

    fn usage(&self) -> Option<Usage> {
        Usage::of(self.id())
    }
}

impl Watch<'_> {
    /// The program must have waited, without using the processor, since the watch began, and for at
    /// least half a second.
    pub fn expect_idle(self, rule: &Rule) -> Verdict {
        let _waits = self.program.run().waits_on_purpose();
        thread::sleep(WATCH_TIME_MIN.saturating_sub(self.began.elapsed()));
        if !self.is_busy(10) || !self.stays_busy() {
            return Ok(());
        }
        let idle = Observed::text("the program waits", "程序在等待");
        let busy = Observed::text(
            "there is nothing to do, and it keeps a processor busy",
            "没有事可做，它却一直占用着一个处理器",
        );
        Err(self.program.failed(rule, vec![idle], vec![busy]))
    }

    /// Whether the program stays busy over a longer time: at first it may be finishing some work.
    fn stays_busy(&self) -> bool {
        let mut used = Duration::ZERO;
        for windows in 1..=20 {
            let watch = self.program.watch();
            if !watch.is_busy(50) {
                return false;
            }
            used += watch.used();
            if windows > 1 && used >= BUSY_CPU_TIME_MIN {
                return true;
            }
        }
        false
    }

    /// Whether the program has used much processor time since the watch began, or is running or
    /// ready in nearly all samples.
    fn is_busy(&self, samples: usize) -> bool {
        let mut runs = 0;
        for _ in 0..samples {
            runs += usize::from(self.program.usage().is_some_and(|usage| usage.runs));
            thread::sleep(SAMPLE_INTERVAL);
        }
        self.used() * BUSY_CPU_DIVISOR > self.began.elapsed() || runs * 10 > samples * 8
    }

    /// The processor time that the program has used; zero where the system does not report it.
    fn used(&self) -> Duration {
        let usage = self.program.usage().zip(self.cpu);
        usage.map_or(Duration::ZERO, |(usage, before)| usage.cpu.saturating_sub(before))
    }
}

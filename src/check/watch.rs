//! Whether a program waits as it should: it uses no processor, and keeps no connection that is over.

use std::thread;
use std::time::{Duration, Instant};

use super::Verdict;
use super::observed::Observed;
use super::program::Program;
use super::rule::Rule;
use super::usage::Usage;

/// How long a program is watched at least. Its time counts in units of 10 ms, so shorter would tell little.
const WINDOW: Duration = Duration::from_millis(500);
/// How often it is looked whether a program runs.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A program that uses more than a twelfth of a processor does not wait. On a machine that has much to do, one that never
/// waits may get less: but it always would run if it could.
const BUSY: u32 = 12;
/// What a program must have used before it is called busy: one that rests, and is only late to go to rest again, uses less.
const LEAST: Duration = Duration::from_millis(20);

/// A look at a program from one moment on.
#[derive(Debug)]
pub struct Watch<'p> {
    program: &'p Program,
    began: Instant,
    cpu: Option<Duration>,
}

impl Program {
    /// Watches the program from now on, while nothing is asked of it.
    pub fn watch(&self) -> Watch<'_> {
        Watch { program: self, began: Instant::now(), cpu: self.usage().map(|usage| usage.cpu) }
    }

    /// How many sockets the program has; `None` where the system does not tell.
    pub fn sockets(&self) -> Option<usize> {
        self.usage().map(|usage| usage.sockets)
    }

    /// The most memory that the program has used so far, in bytes; `None` where the system does not tell.
    pub fn most_memory(&self) -> Option<usize> {
        self.usage().map(|usage| usage.memory)
    }

    /// The program must come down to so many sockets: those of connections that are over must be closed.
    pub fn expect_sockets_at_most(&self, most: Option<usize>, rule: &Rule) -> Verdict {
        let Some(most) = most else { return Ok(()) }; // the system does not tell
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
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn usage(&self) -> Option<Usage> {
        Usage::of(self.id())
    }
}

impl Watch<'_> {
    /// The program must have waited, and not have run in circles, since this was begun, and for half a second at least.
    pub fn expect_idle(self, rule: &Rule) -> Verdict {
        let _waits = self.program.run().waits_on_purpose();
        thread::sleep(WINDOW.saturating_sub(self.began.elapsed()));
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

    /// Whether the program is still busy when it is looked at for long: at first it may be at the end of some work.
    fn stays_busy(&self) -> bool {
        let mut used = Duration::ZERO;
        for windows in 1..=20 {
            let watch = self.program.watch();
            if !watch.is_busy(50) {
                return false;
            }
            used += watch.used();
            if windows > 1 && used >= LEAST {
                return true;
            }
        }
        false
    }

    /// Whether the program has used much since this was begun, or runs, or would if it could, nearly whenever it is looked at.
    fn is_busy(&self, looks: usize) -> bool {
        let mut runs = 0;
        for _ in 0..looks {
            runs += usize::from(self.program.usage().is_some_and(|usage| usage.runs));
            thread::sleep(LOOK_EVERY);
        }
        self.used() * BUSY > self.began.elapsed() || runs * 10 > looks * 8
    }

    /// How much processor time the program has used; nothing, where the system does not tell.
    fn used(&self) -> Duration {
        let usage = self.program.usage().zip(self.cpu);
        usage.map_or(Duration::ZERO, |(usage, before)| usage.cpu.saturating_sub(before))
    }
}

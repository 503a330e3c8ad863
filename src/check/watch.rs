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
/// What a program may use in all while there is nothing to do: it may have some work to finish.
const SOME: Duration = Duration::from_millis(30);
/// A program that uses more than a twelfth of a processor does not wait.
const BUSY: u32 = 12;

/// So many descriptors more than were expected are not yet a leak: a server may have some for itself.
const SPARE: usize = 3;

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

    /// How many bytes of memory the program uses; `None` where the system does not tell.
    pub fn memory(&self) -> Option<usize> {
        self.usage().map(|usage| usage.memory)
    }

    /// The program must come back to so many sockets, or a few more: those of connections that are over must be closed.
    pub fn expect_sockets(&self, expected: Option<usize>, rule: &Rule) -> Verdict {
        let Some(expected) = expected else { return Ok(()) }; // the system does not tell
        let _waits = self.run().waits_for(rule);
        let deadline = self.run().deadline();
        loop {
            match self.sockets() {
                Some(sockets) if sockets > expected + SPARE && Instant::now() < deadline => {
                    thread::park_timeout(Duration::from_millis(5));
                }
                Some(sockets) if sockets > expected + SPARE => {
                    let count = |n| Observed::text(format!("{n} sockets"), format!("{n} 个套接字"));
                    return Err(self.failed(rule, vec![count(expected)], vec![count(sockets)]));
                }
                _ => return Ok(()),
            }
        }
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
        // What looks busy may be the end of some work: so it is looked at twice, the second time more closely.
        if self.used().is_none_or(|used| used <= SOME) || !self.program.watch().is_busy() {
            return Ok(());
        }
        let idle = Observed::text("the program waits", "程序在等待");
        let busy = Observed::text(
            "there is nothing to do, and it keeps a processor busy",
            "没有事可做，它却一直占用着一个处理器",
        );
        Err(self.program.failed(rule, vec![idle], vec![busy]))
    }

    /// How much processor time the program has used.
    fn used(&self) -> Option<Duration> {
        Some(self.program.usage()?.cpu.saturating_sub(self.cpu?))
    }

    /// Whether the program runs in circles: it uses much, or all that it gets of a machine that has much to do.
    fn is_busy(&self) -> bool {
        let (mut looks, mut runs) = (0, 0);
        while self.began.elapsed() < WINDOW {
            looks += 1;
            runs += usize::from(self.program.usage().is_some_and(|usage| usage.runs));
            thread::sleep(WINDOW / 50);
        }
        let used = self.used().unwrap_or_default();
        used * BUSY > self.began.elapsed() || runs * 10 > looks * 9 && used * 2 > SOME
    }
}

//! The health checks: a copy that answers them with another status, and one that does not answer.

use std::thread;
use std::time::Duration;

use net_notes::check::{Observed, Rule, Verdict};

use super::balancer::Balancer;
use super::copy::Mode;
use super::{CHECKS, HANGS, ROUND, SHARES};

/// How long the check of a copy may take: a second by the rules, and a busy machine.
const GIVES_UP: Duration = Duration::from_millis(1700);

impl Balancer<'_> {
    pub(super) fn sick(&self) -> Verdict {
        self.copies[0].set(Mode::Sick);
        let left_out = self.until(|| self.is_left_out(0, &CHECKS))?;
        if !left_out || !self.is_left_out(0, &CHECKS)? {
            let expected = Observed::text(
                "no more requests for the first copy, which answers its check with 404",
                "第一个副本对检查响应 404，不再分到请求",
            );
            return Err(self.check.failed(&CHECKS, expected, self.shown(self.counts())));
        }
        self.check.kept(&CHECKS);
        Ok(())
    }

    /// Whether of several requests none goes there.
    fn is_left_out(&self, number: usize, rule: &Rule) -> Verdict<bool> {
        let before = self.copies[number].count();
        for _ in 0..ROUND {
            self.answered("GET", 201, rule)?;
        }
        Ok(self.copies[number].count() == before)
    }

    pub(super) fn hangs(&self) -> Verdict {
        let hangs = &self.copies[1]; // which is alive until now
        hangs.set(Mode::Hangs);
        let (begin, before) = (hangs.given_up(), self.copies[0].count());
        self.copies[0].set(Mode::Well);
        if !self.until(|| Ok(hangs.given_up() > begin))? {
            let expected = Observed::text(
                "a check of the second copy, which hangs, is given up",
                "第二个副本卡住了，对它的检查要放弃",
            );
            let actual = Observed::text("it is still awaited", "还在等它");
            return Err(self.check.failed(&HANGS, expected, actual));
        }
        if hangs.awaited() > GIVES_UP {
            let expected = Observed::text("it is given up after a second", "等一秒就放弃");
            let time = format!("{:?}", hangs.awaited());
            let actual = Observed::text(format!("after {time}"), format!("{time} 之后"));
            return Err(self.check.failed(&HANGS, expected, actual));
        }
        thread::sleep(Duration::from_millis(50)); // from the end of the check to the decision
        self.check.promptly(&HANGS, || {
            for _ in 0..ROUND {
                self.answered("GET", 201, &HANGS)?;
            }
            Ok(())
        })?;
        if hangs.strays() > 0 {
            let expected =
                Observed::text("no request for the copy that hangs", "卡住的副本不再分到请求");
            let count = hangs.strays();
            let actual = Observed::text(format!("{count} requests"), format!("{count} 个请求"));
            return Err(self.check.failed(&HANGS, expected, actual));
        }
        self.check.kept(&HANGS);
        // The one that was sick is well again.
        let back = self.until(|| {
            self.answered("GET", 201, &SHARES)?;
            Ok(self.copies[0].count() > before)
        })?;
        self.met(back, &SHARES)?;
        self.check.kept(&SHARES);
        Ok(())
    }
}

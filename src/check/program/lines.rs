//! The output of a program, line by line.

use std::time::{Duration, Instant};

use super::Program;
use crate::check::Verdict;
use crate::check::observed::Observed;
use crate::check::rule::Rule;
use crate::sync::lock;

pub(super) const STAYS_UP: Rule = Rule {
    name: "stays-up",
    en: "The program says on which port it listens, and continues running: it does not end by itself.",
    zh: "程序要打印自己监听的端口，然后一直运行：不能自己退出。",
    see: "Exercise",
};
const SAYS_PORT: Rule = Rule {
    name: "says-port",
    en: "The program listens on the port that it is given (0: any free one), and prints a line with \"port\" and the number.",
    zh: "程序要监听给它的端口（0 表示任意空闲端口），并打印一行，里面有 \"port\" 和端口号。",
    see: "Exercise",
};

/// How long to wait for another line, after a line that contains the word without a number after
/// it.
const SECOND_LINE_WAIT: Duration = Duration::from_secs(1);

impl Program {
    /// Waits for a line of the output with `port` and a number, and returns the number.
    pub fn port(&self) -> Verdict<u16> {
        let _waits = self.run.waits_for(&SAYS_PORT);
        // For all lines together: the output may have no end.
        let mut deadline = self.run.deadline();
        let (mut other, mut zero) = (None, false);
        loop {
            let line = match self.next_line(deadline) {
                Ok(line) => line,
                Err(Observed::Nothing(_)) if zero => return Ok(0),
                Err(stopped) => {
                    let rule = if let Observed::Exit(_) = stopped { &STAYS_UP } else { &SAYS_PORT };
                    let expected = Observed::text(
                        "a line with \"port\" and a number behind it",
                        "一行输出，里面有 \"port\"，后面跟着数字",
                    );
                    let actual = other.into_iter().chain([stopped]).collect();
                    return Err(self.failed(rule, vec![expected], actual));
                }
            };
            match port_in(&line) {
                // It may repeat its argument before it has a port.
                Some(0) => zero = true,
                Some(port) => return Ok(port),
                None => {}
            }
            if line.to_lowercase().contains("port") {
                deadline = deadline.min(Instant::now() + SECOND_LINE_WAIT);
            }
            other = Some(Observed::bytes(line));
        }
    }

    /// Returns the next line of the output, without its line end.
    pub fn line(&self, rule: &Rule) -> Verdict<String> {
        self.line_with("", rule)
    }

    /// Returns the next line of the output that contains `mark`, without its line end. A program
    /// may print more than it was asked for: other lines are skipped.
    pub fn line_with(&self, mark: &str, rule: &Rule) -> Verdict<String> {
        let expected = match mark {
            "" => Observed::text("a line on standard output", "标准输出上的一行"),
            _ => Observed::text(
                format!("a line with {mark:?} on standard output"),
                format!("标准输出上带 {mark:?} 的一行"),
            ),
        };
        self.line_where(|line| line.contains(mark), expected, rule)
    }

    /// Returns the next line of the output that is `wanted`, without its line end; other lines are
    /// skipped. `expected` describes the line.
    pub fn line_where(
        &self,
        wanted: impl Fn(&str) -> bool,
        expected: Observed,
        rule: &Rule,
    ) -> Verdict<String> {
        self.find_line(wanted, rule).map_err(|actual| self.failed(rule, vec![expected], actual))
    }

    /// The next line of the output that contains `mark` must be `line`; other lines are skipped. A
    /// space at the end is allowed, as it is hardly visible.
    pub fn expect_line(&self, mark: &str, line: &str, rule: &Rule) -> Verdict {
        let actual = match self.find_line(|line| line.contains(mark), rule) {
            Ok(found) if found.trim_end() == line.trim_end() => return Ok(()),
            Ok(found) => vec![Observed::bytes(found)],
            Err(actual) => actual,
        };
        Err(self.failed(rule, vec![Observed::bytes(line)], actual))
    }

    /// Returns a line that was already printed, and that no other call has taken. Does not wait.
    pub fn line_so_far(&self) -> Option<String> {
        self.next_line(Instant::now()).ok()
    }

    /// All of standard output so far.
    pub fn output_so_far(&self) -> Vec<u8> {
        self.process.printed.lock().stdout.clone()
    }

    /// Returns the next wanted line; or the reason why there is none, and the last other line.
    fn find_line(
        &self,
        wanted: impl Fn(&str) -> bool,
        rule: &Rule,
    ) -> Result<String, Vec<Observed>> {
        let _waits = self.run.waits_for(rule);
        let deadline = self.run.deadline(); // for all lines together
        let mut other = None;
        loop {
            match self.next_line(deadline) {
                Ok(line) if wanted(&line) => return Ok(line),
                Ok(line) => other = Some(Observed::bytes(line)),
                Err(stopped) => return Err(other.into_iter().chain([stopped]).collect()),
            }
        }
    }

    /// Returns the next line; or the reason why there is none: the program has ended, or has
    /// printed nothing.
    fn next_line(&self, deadline: Instant) -> Result<String, Observed> {
        let mut taken = lock(&self.taken);
        let mut printed = self.process.printed.lock();
        loop {
            let rest = &printed.stdout[*taken..];
            let ended = printed.open == 0;
            let end = rest.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            // The last line of a program that has ended may have no line end.
            if let Some(end) = end.or((ended && !rest.is_empty()).then_some(rest.len())) {
                let line = String::from_utf8_lossy(&rest[..end]);
                *taken += end;
                return Ok(line.trim_end_matches(['\n', '\r']).to_string());
            }
            if ended {
                drop(printed);
                return Err(match self.process.end_by(deadline) {
                    Some(status) => Observed::Exit(status.code()),
                    None => Observed::text("it has closed its output", "程序关闭了自己的输出"),
                });
            }
            if Instant::now() >= deadline {
                // A child that it left behind may keep its output open.
                let status = self.process.status();
                let nothing = Observed::Nothing(self.run.time_limit);
                return Err(status.map_or(nothing, |status| Observed::Exit(status.code())));
            }
            printed = self.process.printed.wait(printed, Some(deadline));
        }
    }
}

/// The number after the word: `listening on port 5000`, `Port: 5000`, `端口 5000`.
fn port_in(line: &str) -> Option<u16> {
    let line = line.to_lowercase().replace("端口", "port");
    line.split("port").skip(1).find_map(|behind| {
        let digits = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_the_number_behind_the_word() {
        for line in ["listening on port 5000", "Port: 5000.", "端口：5000", "port = 5000 (80)"] {
            assert_eq!(port_in(line), Some(5000), "{line}");
        }
        assert_eq!(port_in("it supports me on PORT 5000"), Some(5000));
        for line in ["listening on 5000", "port", "port 70000", "a port for 2", "5000 is my port"] {
            assert_eq!(port_in(line), None, "{line}");
        }
    }
}

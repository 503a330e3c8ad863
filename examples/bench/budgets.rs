//! The targets for the figures of EventSocket, and of `http` on it, all in one table, and the
//! verdict on each.

use std::fmt;

use crate::results::Results;
use crate::rows::Contender::{self, Bare, Event, Node};
use crate::stats::Spread;

struct Budget {
    /// A row, or the common prefix of several.
    rows: &'static str,
    figure: &'static str,
    of: Of,
    limit: Limit,
}

enum Of {
    /// The figure.
    Value,
    /// Its ratio to the same figure of another server in the same round.
    Ratio(Contender),
    /// The geometric mean of that ratio over all these rows.
    Mean(Contender),
}

#[derive(Clone, Copy)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

use Limit::{AtLeast, AtMost};
use Of::{Mean, Ratio, Value};

const fn budget(rows: &'static str, figure: &'static str, of: Of, limit: Limit) -> Budget {
    Budget { rows, figure, of, limit }
}

const BUDGETS: [Budget; 20] = [
    budget("ping", "requests/s", Ratio(Bare), AtLeast(0.95)),
    budget("ping", "requests/s", Mean(Bare), AtLeast(0.97)),
    budget("ping", "requests/s", Mean(Node), AtLeast(1.0)),
    budget("bulk", "MiB/s", Ratio(Bare), AtLeast(0.95)),
    budget("bulk", "MiB/s", Ratio(Node), AtLeast(1.3)),
    // A thread that outlives its connection and serves the next one saves the start of a thread.
    budget("connect", "connections/s", Ratio(Bare), AtLeast(1.3)),
    budget("connect", "connections/s", Ratio(Node), AtLeast(1.3)),
    budget("burst-1000", "errors", Value, AtMost(0.0)),
    // "No worse": as every wait here is a multiple of a second or next to nothing, 5% is no
    // difference.
    budget("burst-1000", "p99 ms", Ratio(Bare), AtMost(1.05)),
    budget("idle-1000", "KiB each", Value, AtMost(20.0)),
    budget("idle-10000", "KiB each", Value, AtMost(14.0)),
    // One thread for each connection; a spare one or two of the whole server are in the rounding.
    budget("idle-1000", "threads each", Value, AtMost(1.01)),
    budget("idle-10000", "threads each", Value, AtMost(1.01)),
    budget("idle-1000", "fds each", Value, AtMost(1.0)),
    budget("idle-10000", "fds each", Value, AtMost(1.0)),
    budget("paced-64", "p99 µs", Ratio(Node), AtMost(1.0)),
    budget("http-keep", "requests/s", Ratio(Bare), AtLeast(0.9)),
    budget("http-keep", "requests/s", Ratio(Node), AtLeast(1.0)),
    budget("http-close", "requests/s", Ratio(Bare), AtLeast(1.3)),
    budget("http", "errors", Value, AtMost(0.0)),
];

pub struct Verdict {
    pub what: String,
    limit: Limit,
    /// The median decides; `None` was not measured (left out by `--only`, no Node, not Linux) and
    /// decides nothing.
    pub reached: Option<Spread>,
}

impl Verdict {
    pub fn missed(&self) -> bool {
        self.reached.is_some_and(|reached| match self.limit {
            AtLeast(limit) => reached.median < limit,
            AtMost(limit) => reached.median > limit,
        })
    }
}

pub fn judge(results: &Results<'_>) -> Vec<Verdict> {
    BUDGETS.iter().flat_map(|budget| verdicts(budget, results)).collect()
}

fn verdicts(budget: &Budget, results: &Results<'_>) -> Vec<Verdict> {
    let (rows, name) = (budget.rows, budget.figure);
    if let Mean(base) = budget.of {
        let reached = results.family_ratio(rows, Event, base);
        let what = format!("{rows}-*: {name} / {base}, geometric mean");
        return vec![Verdict { what, limit: budget.limit, reached }];
    }
    let mut verdicts = Vec::new();
    for (nth, row) in results.rows.iter().enumerate().filter(|(_, row)| row.belongs_to(rows)) {
        let Some(figure) = row.load.figures().iter().position(|figure| figure.name == name) else {
            continue;
        };
        let (of, reached) = match budget.of {
            Ratio(base) => (format!(" / {base}"), results.ratio(nth, figure, Event, base)),
            _ => (String::new(), results.spread(nth, figure, Event)),
        };
        verdicts.push(Verdict {
            what: format!("{}: {name}{of}", row.name),
            limit: budget.limit,
            reached,
        });
    }
    verdicts
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, limit) = match self.limit {
            AtLeast(limit) => ("at least", limit),
            AtMost(limit) => ("at most", limit),
        };
        let word = match self.reached {
            None => "not measured",
            Some(_) if self.missed() => "MISSED",
            Some(_) => "reached",
        };
        write!(f, "{word:<12}  {}, {sign} {limit}", self.what)?;
        match self.reached {
            Some(Spread { median, min, max }) if min < max => {
                write!(f, ": {median:.3} ({min:.3}–{max:.3})")
            }
            Some(Spread { median, .. }) => write!(f, ": {median:.3}"),
            None => Ok(()),
        }
    }
}

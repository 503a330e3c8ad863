//! All measurements, and the queries of the reports.

use std::fs;
use std::thread;

use crate::options::Options;
use crate::rows::{self, Contender, Row, has_wrk, node_version};
use crate::stats::{Spread, geometric_mean};

pub struct Results<'a> {
    pub rows: &'a [Row],
    pub contenders: Vec<Contender>,
    pub rounds: usize,
    pub seconds: f64,
    /// The machine and the time: without them, the figures cannot be compared with others.
    pub machine: String,
    pub samples: Vec<Sample>,
    has_wrk: bool,
}

/// One cell of one round.
pub struct Sample {
    pub row: usize,
    pub contender: Contender,
    pub round: usize,
    /// A value for each figure of the row (`None` if this system cannot measure it), or why there
    /// is none.
    pub outcome: Result<Vec<Option<f64>>, String>,
}

impl<'a> Results<'a> {
    pub fn new(options: &'a Options, contenders: Vec<Contender>) -> Results<'a> {
        Results {
            rows: &options.rows,
            contenders,
            rounds: options.rounds,
            seconds: options.seconds,
            machine: machine(),
            samples: Vec::new(),
            has_wrk: has_wrk(),
        }
    }

    /// Returns why a row is not measured, if it is not.
    pub fn left_out(&self, row: usize) -> Option<&'static str> {
        (self.rows[row].load.needs_wrk() && !self.has_wrk).then_some("wrk is missing")
    }

    fn value(&self, row: usize, figure: usize, contender: Contender, round: usize) -> Option<f64> {
        let fits = |s: &&Sample| (s.row, s.contender, s.round) == (row, contender, round);
        let values = self.samples.iter().find(fits)?.outcome.as_ref().ok()?;
        values.get(figure).copied().flatten()
    }

    /// Returns the value of each round; `None` where there is none.
    pub fn values(&self, row: usize, figure: usize, contender: Contender) -> Vec<Option<f64>> {
        (0..self.rounds).map(|round| self.value(row, figure, contender, round)).collect()
    }

    pub fn spread(&self, row: usize, figure: usize, contender: Contender) -> Option<Spread> {
        let values: Vec<f64> = self.values(row, figure, contender).into_iter().flatten().collect();
        Spread::of(&values)
    }

    /// Returns `contender` divided by `base`, round by round: the two were measured within seconds
    /// of each other.
    fn ratio_in(
        &self,
        row: usize,
        figure: usize,
        of: (Contender, Contender),
        round: usize,
    ) -> Option<f64> {
        let value = self.value(row, figure, of.0, round)?;
        let base = self.value(row, figure, of.1, round)?;
        (base > 0.0).then(|| value / base)
    }

    pub fn ratio(
        &self,
        row: usize,
        figure: usize,
        contender: Contender,
        base: Contender,
    ) -> Option<Spread> {
        let ratio = |round| self.ratio_in(row, figure, (contender, base), round);
        Spread::of(&(0..self.rounds).filter_map(ratio).collect::<Vec<f64>>())
    }

    /// Returns the geometric mean of the ratios over all rows of `family`: one for each round, and
    /// of these the median and spread. `None` if `--only` left some out, and a round in which a row
    /// is missing does not count: a mean over some of the rows would be another figure.
    pub fn family_ratio(
        &self,
        family: &str,
        contender: Contender,
        base: Contender,
    ) -> Option<Spread> {
        let rows: Vec<usize> =
            (0..self.rows.len()).filter(|&row| self.rows[row].belongs_to(family)).collect();
        if rows.len() < rows::all().iter().filter(|row| row.belongs_to(family)).count() {
            return None;
        }
        let mean = |round| {
            let ratio = |&row: &usize| self.ratio_in(row, 0, (contender, base), round);
            geometric_mean(&rows.iter().map(ratio).collect::<Option<Vec<f64>>>()?)
        };
        Spread::of(&(0..self.rounds).filter_map(mean).collect::<Vec<f64>>())
    }

    pub fn failures(&self) -> Vec<String> {
        let failure = |s: &Sample| {
            let error = s.outcome.as_ref().err()?;
            Some(format!(
                "{} · {} · round {}: {error}",
                self.rows[s.row].name,
                s.contender,
                s.round + 1
            ))
        };
        self.samples.iter().filter_map(failure).collect()
    }
}

fn machine() -> String {
    let processors = thread::available_parallelism().map_or(0, usize::from);
    let mut machine =
        format!("{} {}, processors: {processors}", std::env::consts::OS, std::env::consts::ARCH);
    if let Some(version) = node_version() {
        machine += &format!(", node {version}");
    }
    // How busy other programs kept the machine already.
    if let Ok(load) = fs::read_to_string("/proc/loadavg") {
        machine +=
            &format!(", load average before: {}", load.split(' ').next().unwrap_or_default());
    }
    if cfg!(debug_assertions) {
        machine += ", NOT an optimised build: add --release";
    }
    machine
}

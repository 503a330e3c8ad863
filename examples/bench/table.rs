//! The results as text: for each row and figure a line for each server, 80 columns wide.

use std::fmt;

use crate::budgets::Verdict;
use crate::results::Results;
use crate::rows::Contender;
use crate::stats::Spread;

pub struct Table<'a>(pub &'a Results<'a>, pub &'a [Verdict]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Table(results, verdicts) = self;
        let plural = if results.rounds == 1 { "" } else { "s" };
        writeln!(f, "{}", results.machine)?;
        writeln!(
            f,
            "{} round{plural} of {} s; medians, minimum–maximum",
            results.rounds, results.seconds
        )?;
        for (row, name) in results.rows.iter().map(|row| &row.name).enumerate() {
            writeln!(f, "\n{name}  ({})", results.rows[row].load)?;
            if let Some(why) = results.left_out(row) {
                writeln!(f, "  left out: {why}")?;
                continue;
            }
            for (figure, kind) in results.rows[row].load.figures().iter().enumerate() {
                for (nth, &contender) in results.contenders.iter().enumerate() {
                    let title = if nth == 0 { kind.name } else { "" };
                    write!(f, "  {title:<14} {contender:<5} ")?;
                    line(f, results, row, figure, contender)?;
                }
            }
        }
        means(f, results)?;
        writeln!(f, "\nTo reach (EventSocket):")?;
        for verdict in *verdicts {
            writeln!(f, "  {verdict}")?;
        }
        for failure in results.failures() {
            writeln!(f, "  failed: {failure}")?;
        }
        Ok(())
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    results: &Results<'_>,
    row: usize,
    figure: usize,
    contender: Contender,
) -> fmt::Result {
    let Some(spread) = results.spread(row, figure, contender) else {
        return writeln!(f, "{:>9}", "n/a");
    };
    let ratio = match results.ratio(row, figure, contender, Contender::Bare) {
        Some(ratio) if contender != Contender::Bare => times_bare(ratio),
        _ => String::new(),
    };
    let line = format!("{:>9}  {:<17}  {ratio}", short(spread.median), range(spread, short));
    writeln!(f, "{}", line.trim_end())
}

/// Prints the ping-pong cells as one figure.
fn means(f: &mut fmt::Formatter<'_>, results: &Results<'_>) -> fmt::Result {
    for &contender in results.contenders.iter().filter(|&&contender| contender != Contender::Bare) {
        if let Some(ratio) = results.family_ratio("ping", contender, Contender::Bare) {
            let what = "ping-*, requests/s, geometric mean";
            writeln!(f, "\n{what}: {contender} {}", times_bare(ratio))?;
        }
    }
    Ok(())
}

fn times_bare(ratio: Spread) -> String {
    let decimals = |value| format!("{value:.2}");
    format!("× bare {} {}", decimals(ratio.median), range(ratio, decimals)).trim_end().to_string()
}

/// Formats the range; nothing if there is none: one round, or always the same value.
fn range(Spread { min, max, .. }: Spread, number: impl Fn(f64) -> String) -> String {
    if min == max { String::new() } else { format!("({}–{})", number(min), number(max)) }
}

/// Formats three or four digits: more would claim more than was measured.
fn short(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 || value == 0.0 { 0 } else { 2 };
    format!("{value:.decimals$}")
}

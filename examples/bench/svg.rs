//! The ratios as a picture: a dot for the median, a line from minimum to maximum, and to the right
//! is better.

use std::fmt;

use crate::results::Results;
use crate::rows::Contender;
use crate::stats::Spread;

pub struct Svg<'a>(pub &'a Results<'a>);

const WIDTH: f64 = 860.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 790.0;
const TOP: f64 = 74.0;
const ROW: f64 = 40.0;

/// Middle tones, without a background: legible on white and on black, on any page.
const INK: &str = "#76808c";
const GRID: &str = "#76808c55";

fn colour(contender: Contender) -> &'static str {
    match contender {
        Contender::Bare => INK,
        Contender::Event => "#2f86eb",
        Contender::Node => "#3f9a4b",
    }
}

/// Returns the position on a logarithmic scale, from a quarter to four times: half as fast is as
/// far from 1 as twice as fast.
fn x(ratio: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * (ratio.clamp(0.25, 4.0).log2() + 2.0) / 4.0
}

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results = self.0;
        let bottom = TOP + ROW * results.rows.len() as f64;
        let height = bottom + 30.0;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">
<title>Each server next to the bare loop</title>
<text x="16" y="24" font-size="16">Next to the bare loop (1×): further right is better</text>
<text x="16" y="44">{} – {} × {} s; median, minimum–maximum</text>"#,
            results.machine, results.rounds, results.seconds
        )?;
        self.grid(f, bottom)?;
        for row in 0..results.rows.len() {
            self.row(f, row)?;
        }
        let shown = results.contenders.iter().filter(|&&contender| contender != Contender::Bare);
        for (nth, &contender) in shown.enumerate() {
            let (left, y, colour) = (16.0 + 80.0 * nth as f64, bottom + 18.0, colour(contender));
            writeln!(f, r#"<circle cx="{left}" cy="{y}" r="5" fill="{colour}"/>"#)?;
            writeln!(f, r#"<text x="{}" y="{}">{contender}</text>"#, left + 10.0, y + 5.0)?;
        }
        writeln!(f, "</svg>")
    }
}

impl Svg<'_> {
    fn grid(&self, f: &mut fmt::Formatter<'_>, bottom: f64) -> fmt::Result {
        for ratio in [0.25, 0.5, 1.0, 2.0, 4.0] {
            let (x, stroke) = (x(ratio), if ratio == 1.0 { INK } else { GRID });
            writeln!(f, r#"<path d="M{x:.1} {} V{bottom}" stroke="{stroke}"/>"#, TOP - 6.0)?;
            writeln!(
                f,
                r#"<text x="{x:.1}" y="{}" text-anchor="middle">{ratio}×</text>"#,
                TOP - 12.0
            )?;
        }
        Ok(())
    }

    /// Draws the row's first figure; if less is better (latency, memory) the inverse of the ratio.
    fn row(&self, f: &mut fmt::Formatter<'_>, row: usize) -> fmt::Result {
        let results = self.0;
        let figure = &results.rows[row].load.figures()[0];
        let top = TOP + ROW * row as f64;
        let name = &results.rows[row].name;
        writeln!(f, r#"<text x="16" y="{}">{name}, {}</text>"#, top + 24.0, figure.name)?;
        let shown = results.contenders.iter().filter(|&&contender| contender != Contender::Bare);
        for (nth, &contender) in shown.enumerate() {
            let Some(spread) = results.ratio(row, 0, contender, Contender::Bare) else { continue };
            let Spread { median, min, max } = if figure.more_is_better {
                spread
            } else {
                Spread { median: 1.0 / spread.median, min: 1.0 / spread.max, max: 1.0 / spread.min }
            };
            let (y, colour) = (top + 12.0 + 16.0 * nth as f64, colour(contender));
            let (left, middle, right) = (x(min), x(median), x(max));
            writeln!(
                f,
                r#"<path d="M{left:.1} {y} H{right:.1}" stroke="{colour}" stroke-width="3"/>"#
            )?;
            writeln!(f, r#"<circle cx="{middle:.1}" cy="{y}" r="5" fill="{colour}"/>"#)?;
            let label = RIGHT + 12.0;
            writeln!(
                f,
                r#"<text x="{label}" y="{}" fill="{colour}">{median:.2}×</text>"#,
                y + 4.0
            )?;
        }
        Ok(())
    }
}

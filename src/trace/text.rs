//! A diagram as text, in 80 columns.

use std::fmt;

use super::diagram::{Diagram, Side, Step};
use crate::quote::{columns, milliseconds};

/// The number of columns between the two lifelines.
const BETWEEN: usize = 45;

/// The number of columns before the left lifeline.
const MARGIN: usize = 13;

/// The diagrams, one below the other, with an empty line between them.
pub(super) struct Text<'a>(pub(super) &'a [Diagram]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Diagram { ends: [left, right], steps }) in self.0.iter().enumerate() {
            let above = if n == 0 { "" } else { "\n" };
            let gap = (BETWEEN + 2).saturating_sub(columns(&left.name)).max(1);
            writeln!(f, "{above}{:>8}   {}{:gap$}{}", "ms", left.name, "", right.name)?;
            for step in steps {
                let space = MARGIN - 8; // `milliseconds` takes eight
                writeln!(f, "{}{:space$}{}", milliseconds(step.time), "", between(step))?;
            }
        }
        Ok(())
    }
}

/// Formats both lifelines, and the step. An arrow is between them, and so is a note of the left
/// one.
fn between(Step { side, mark, label, .. }: &Step) -> String {
    let rest = |taken| BETWEEN.saturating_sub(columns(label) + taken);
    match (mark.crosses(), side) {
        (true, Side::Left) => format!("│── {label} {}▶│", "─".repeat(rest(5))),
        (true, Side::Right) => format!("│◀{} {label} ──│", "─".repeat(rest(5))),
        (false, Side::Left) => format!("│ {label}{}│", " ".repeat(rest(1))),
        (false, Side::Right) => format!("│{}│ {label}", " ".repeat(BETWEEN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::diagram::{diagrams, tests::sample};

    #[test]
    fn every_kind_of_step_is_drawn() {
        let (lanes, rows) = sample(["client", "服务器"], "hello\n你好".as_bytes());
        let expected = r#"
      ms   client                                         服务器
   0.000     │── connect ─────────────────────────────────▶│
   1.000     │                                             │ accepts
   2.000     │── "hello\n你好" 12 B ──────────────────────▶│
   3.000     │── FIN ─────────────────────────────────────▶│
   4.000     │                                             │ reads 12 B
   5.000     │                                             │ reads FIN
   6.000     │                                             │ closes
   7.000     │◀─────────────────────────────────── reset ──│
   8.000     │ closes                                      │

      ms   client                                         127.0.0.1:5000
   9.000     │── connect ─────────────────────────────────▶│
  10.000     │◀────────────────────── "hello\n你好" 12 B ──│
  11.000     │◀───────────────────────────────────── FIN ──│
  12.000     │── FIN ─────────────────────────────────────▶│
"#;
        assert_eq!(format!("\n{}", Text(&diagrams(&lanes, &rows))), expected);
        assert_eq!(Text(&[]).to_string(), "");
    }
}

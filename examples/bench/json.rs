//! The results as JSON: every value of every round, so that readers can compute other figures.

use std::fmt;

use crate::budgets::Verdict;
use crate::results::Results;
use crate::rows::Contender;
use crate::stats::Spread;

pub struct Json<'a>(pub &'a Results<'a>, pub &'a [Verdict]);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Json(results, verdicts) = self;
        let lines = |lines: Vec<String>| lines.join(",\n    ");
        writeln!(f, "{{\n  \"machine\": {},", text(&results.machine))?;
        writeln!(f, "  \"rounds\": {},\n  \"seconds\": {},", results.rounds, results.seconds)?;
        writeln!(f, "  \"figures\": [\n    {}\n  ],", lines(figures(results)))?;
        let mean = |&contender: &Contender| {
            let mean = results.family_ratio("ping", contender, Contender::Bare);
            format!("{}: {}", text(&contender.to_string()), spread(mean))
        };
        let means: Vec<String> = results.contenders.iter().map(mean).collect();
        writeln!(f, "  \"ping_geometric_mean_to_bare\": {{{}}},", means.join(", "))?;
        let verdict = |verdict: &Verdict| {
            let missed = verdict.reached.map_or("null".into(), |_| (!verdict.missed()).to_string());
            format!("{{\"figure\": {}, \"reached\": {missed}}}", text(&verdict.to_string()))
        };
        writeln!(
            f,
            "  \"to_reach\": [\n    {}\n  ],",
            lines(verdicts.iter().map(verdict).collect())
        )?;
        let failures: Vec<String> =
            results.failures().iter().map(|failure| text(failure)).collect();
        writeln!(f, "  \"failures\": [{}]\n}}", failures.join(", "))
    }
}

/// Returns an object for each row, figure and server.
fn figures(results: &Results<'_>) -> Vec<String> {
    let mut objects = Vec::new();
    for (nth, row) in results.rows.iter().enumerate() {
        for (figure, kind) in row.load.figures().iter().enumerate() {
            for &contender in &results.contenders {
                let values: Vec<String> =
                    results.values(nth, figure, contender).into_iter().map(number).collect();
                objects.push(format!(
                    "{{\"row\": {}, \"figure\": {}, \"server\": {}, \"more_is_better\": {}, \
                     \"values\": [{}], \"spread\": {}, \"ratio_to_bare\": {}}}",
                    text(&row.name),
                    text(kind.name),
                    text(&contender.to_string()),
                    kind.more_is_better,
                    values.join(", "),
                    spread(results.spread(nth, figure, contender)),
                    spread(results.ratio(nth, figure, contender, Contender::Bare)),
                ));
            }
        }
    }
    objects
}

fn spread(spread: Option<Spread>) -> String {
    let Some(Spread { median, min, max }) = spread else { return "null".into() };
    let [median, min, max] = [median, min, max].map(|value| number(Some(value)));
    format!("{{\"median\": {median}, \"min\": {min}, \"max\": {max}}}")
}

/// JSON has no infinity and no NaN.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or("null".into(), |value| value.to_string())
}

fn text(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => quoted += &format!("\\u{:04x}", u32::from(control)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

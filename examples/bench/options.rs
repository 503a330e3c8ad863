//! The command line: parses options, or returns a sentence that says what is wrong with them.

use crate::rows::{self, Row};

pub struct Options {
    pub rounds: usize,
    pub seconds: f64,
    pub rows: Vec<Row>,
    /// A file, or `-` for stdout.
    pub json: Option<String>,
    pub svg: Option<String>,
    pub check: bool,
}

pub enum Asked {
    Help,
    Run(Options),
}

pub fn help() -> String {
    let names: Vec<String> = rows::all().into_iter().map(|row| row.name).collect();
    let (first, second) = names.split_at(names.len() / 2);
    format!(
        "Compares a bare blocking loop, EventSocket and Node (if `node` is on the PATH) as echo servers, and as servers
of HTTP (if `wrk` is on the PATH).

  --quick          one round (the default is 5)
  --rounds N       this many rounds
  --seconds S      how long each cell is measured (1)
  --only NAME,…    only these rows; the first part of a name will do: ping, or ping-16
  --json FILE      all figures as JSON; `-` prints them instead of the table
  --svg FILE       the ratios to the bare loop as a picture
  --check          exit status 1 if a figure to reach is missed, and which
  --help           this

Rows: {}
      {}
",
        first.join(" "),
        second.join(" ")
    )
}

pub fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut options =
        Options { rounds: 5, seconds: 1.0, rows: rows::all(), json: None, svg: None, check: false };
    let mut arguments = arguments.iter();
    while let Some(option) = arguments.next() {
        let mut value = |what: &str| {
            arguments
                .next()
                .cloned()
                .ok_or_else(|| format!("{option} needs a value: {option} {what}"))
        };
        match option.as_str() {
            "--quick" => options.rounds = 1,
            "--rounds" => {
                options.rounds = number(option, &value("N")?, 1.0, 1000.0)?.round() as usize
            }
            "--seconds" => options.seconds = number(option, &value("S")?, 0.01, 60.0)?,
            "--only" => options.rows = only(&value("NAME")?)?,
            "--json" => options.json = Some(value("FILE")?),
            "--svg" => options.svg = Some(value("FILE")?),
            "--check" => options.check = true,
            "--help" | "-h" => return Ok(Asked::Help),
            other => return Err(format!("there is no option `{other}`.")),
        }
    }
    Ok(Asked::Run(options))
}

fn number(option: &str, text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{option} takes a number from {least} to {most}, not `{text}`.")),
    }
}

/// Returns the requested rows, in the table's order. A name that matches no row is an error:
/// silently measuring nothing for it would look like success.
fn only(names: &str) -> Result<Vec<Row>, String> {
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let mut rows = rows::all();
    if let Some(unknown) = names.iter().find(|name| !rows.iter().any(|row| row.belongs_to(name))) {
        return Err(format!("--only: there is no row `{unknown}`."));
    }
    rows.retain(|row| names.iter().any(|name| row.belongs_to(name)));
    Ok(rows)
}

//! The bench: the cost of `EventSocket` compared with a bare blocking loop, and with Node.
//!
//!     cargo run --release --example bench                     all rows, 5 rounds: about 8 minutes
//!     cargo run --release --example bench -- --quick          all rows, once
//!     cargo run --release --example bench -- --only ping,idle-1000 --seconds 0.5
//!     cargo run --release --example bench -- --help
//!
//! Three servers – they echo, or answer HTTP – each in a separate process, receive the same load
//! from the same generator:
//!
//! - *bare*: `TcpListener`, `thread::spawn`, `read`, `write_all` – the least that a blocking server
//!   can do;
//! - *event*: the same through this library;
//! - *node*: the same on Node's `net` and `http`, if `node` is on the PATH.
//!
//! The load of the http rows is `wrk`, the usual tool for figures of servers. Without it these rows
//! are left out.
//!
//! How to read it, and why it is measured this way:
//!
//! - **Interleaved.** A machine is never the same for eight minutes: it heats up, a backup starts,
//!   a neighbour becomes busy. Measuring all of one server and then all of the next would charge
//!   that to one of them. Here the three take turns in every row, second by second, and the order
//!   rotates from round to round, so that none is always first.
//! - **Ratios.** The absolute figures are valid for this machine at this time. The ratio to the
//!   bare loop *in the same round* cancels what slowed down both, so it is the figure to compare
//!   and to keep.
//! - **Medians, with minimum and maximum.** A mean is moved by a single bad second, a best-of hides
//!   it. The median is what you can expect, and the spread shows how far to trust it: a difference
//!   smaller than the spread is none.
//! - The load generator runs on the same processors and costs as much as the server. This is true
//!   of all three, but it moves every ratio towards 1: a server alone on its machine would differ
//!   by more.

mod budgets;
mod children;
mod json;
mod load;
mod options;
mod results;
mod rows;
mod serve;
mod stats;
mod svg;
mod table;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::{env, fmt};

use options::{Asked, Options};
use results::{Results, Sample};
use rows::{Contender, Row};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        // This program is also its own servers and its own clients: nothing else needs to be
        // installed.
        ["serve", contender, how] => serve::serve(contender, how).map(|()| ExitCode::SUCCESS),
        ["hold", port, count] => load::idle::hold(port, count).map(|()| ExitCode::SUCCESS),
        ["lifted", ..] => start(&arguments[1..]),
        _ => {
            lift_descriptor_limit(&arguments);
            start(&arguments)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench: {error}");
        ExitCode::FAILURE
    })
}

fn start(arguments: &[String]) -> io::Result<ExitCode> {
    match options::parse(arguments) {
        Ok(Asked::Run(options)) => bench(&options),
        Ok(Asked::Help) => {
            print!("{}", options::help());
            Ok(ExitCode::SUCCESS)
        }
        Err(message) => {
            eprintln!(
                "bench: {message}\n`cargo run --release --example bench -- --help` lists the options."
            );
            Ok(ExitCode::from(2))
        }
    }
}

fn bench(options: &Options) -> io::Result<ExitCode> {
    // Opened first: minutes of measuring should not end in a misspelt folder.
    let json = options.json.as_deref().filter(|path| *path != "-").map(create).transpose()?;
    let svg = options.svg.as_deref().map(create).transpose()?;

    let results = measure(options);
    let verdicts = budgets::judge(&results);

    // JSON on stdout is for a program to read, so the table is not printed there.
    if options.json.as_deref() == Some("-") {
        write!(io::stdout(), "{}", json::Json(&results, &verdicts))?;
    } else {
        write!(io::stdout(), "{}", table::Table(&results, &verdicts))?;
    }
    if let Some(mut file) = json {
        write!(file, "{}", json::Json(&results, &verdicts))?;
    }
    if let Some(mut file) = svg {
        write!(file, "{}", svg::Svg(&results))?;
    }
    if options.check && !(results.failures().is_empty() && verdicts.iter().all(|v| !v.missed())) {
        for failure in results.failures() {
            eprintln!("bench: failed: {failure}");
        }
        for verdict in verdicts.iter().filter(|verdict| verdict.missed()) {
            eprintln!("bench: {verdict}");
        }
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures all rounds of all rows: a round is one pass over the table, and in a row the contenders
/// take turns.
fn measure(options: &Options) -> Results<'_> {
    let contenders = Contender::present();
    let mut results = Results::new(options, contenders.clone());
    let left_out = (0..options.rows.len()).filter(|&row| results.left_out(row).is_some()).count();
    let cells = options.rounds * (options.rows.len() - left_out) * contenders.len();
    for round in 0..options.rounds {
        let mut order = contenders.clone();
        order.rotate_left(round % contenders.len());
        for (row, Row { name, load }) in options.rows.iter().enumerate() {
            if results.left_out(row).is_some() {
                continue;
            }
            for &contender in &order {
                let cell = results.samples.len() + 1;
                progress(format_args!("{cell}/{cells} round {} · {name} · {contender}", round + 1));
                let outcome = load::measure(load, contender, options.seconds);
                // A failed cell is a result, too, and the others are still useful.
                if let Err(error) = &outcome {
                    progress(format_args!("{name} · {contender}: {error}\n"));
                }
                let outcome = outcome.map_err(|error| error.to_string());
                results.samples.push(Sample { row, contender, round, outcome });
            }
        }
    }
    progress(format_args!(""));
    results
}

/// Prints one line that is overwritten on a terminal; in a log, a line for each cell.
fn progress(line: fmt::Arguments<'_>) {
    let mut stderr = io::stderr().lock();
    // A closed stderr must not lose the results.
    let _ = if stderr.is_terminal() {
        write!(stderr, "\r\x1b[K{line}")
    } else {
        writeln!(stderr, "{}", line.to_string().trim_end())
    };
}

fn create(path: &str) -> io::Result<File> {
    File::create(path)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write {path}: {error}")))
}

/// Starts this program again, in the same process, with as many descriptors as the system allows.
///
/// A shell's usual limit is 1,024 (on macOS 256), which 10,000 connections do not fit in.
/// `setrlimit` is not in std and calling it would be unsafe code; but every shell can do it, and
/// children inherit the limit.
fn lift_descriptor_limit(arguments: &[String]) {
    #[cfg(unix)]
    if let Ok(this) = env::current_exe() {
        use std::os::unix::process::CommandExt;
        let lift = r#"ulimit -n "$(ulimit -H -n)" 2>/dev/null; exec "$0" lifted "$@""#;
        // Returns only if there is no shell. Then the limit is unchanged, and rows that do not fit
        // report it.
        let _ =
            std::process::Command::new("sh").args(["-c", lift]).arg(this).args(arguments).exec();
    }
    let _ = arguments;
}

//! The options of the command `check`.

use std::path::PathBuf;
use std::time::Duration;

use super::judge::{CHECK_TIME_LIMIT, Candidate};

/// `check [03] [--file FILE | --program PROGRAM] [--patience SECONDS] [--json]`.
#[derive(Debug)]
pub(super) struct CheckOptions {
    /// The exercise; `None`: the next one.
    pub(super) which: Option<String>,
    pub(super) candidate: Candidate,
    pub(super) time_limit: Duration,
    pub(super) json: bool,
}

impl CheckOptions {
    /// Parses the arguments behind `check`. `None`: they are invalid.
    pub(super) fn parse(args: &[&str]) -> Option<CheckOptions> {
        let mut options = CheckOptions::default();
        let mut rest = args.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--json" => options.json = true,
                "--file" => options.candidate = Candidate::File(path(rest.next()?)?),
                "--program" => options.candidate = Candidate::Program(path(rest.next()?)?),
                "--patience" => {
                    let seconds = rest.next()?.parse().ok().filter(|seconds| *seconds > 0.0);
                    options.time_limit = Duration::try_from_secs_f64(seconds?).ok()?;
                }
                option if option.starts_with('-') => return None,
                which if options.which.is_none() => options.which = Some(which.to_string()),
                _ => return None,
            }
        }
        // A file or a program does not say which exercise it belongs to.
        let names_one = options.which.is_some() || matches!(options.candidate, Candidate::Own);
        names_one.then_some(options)
    }
}

/// An absolute path: a program without a folder would be searched for in `PATH`.
fn path(text: &str) -> Option<PathBuf> {
    std::path::absolute(text).ok()
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions {
            which: None,
            candidate: Candidate::Own,
            time_limit: CHECK_TIME_LIMIT,
            json: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_in_any_order() {
        let options = CheckOptions::parse(&["--json", "03", "--program", "x", "--patience", "0.5"]);
        let options = options.expect("they make sense");
        assert!(options.json && options.which.as_deref() == Some("03"));
        assert_eq!(options.time_limit, Duration::from_millis(500));
        assert!(matches!(options.candidate, Candidate::Program(path) if path.ends_with("x")));
        assert!(matches!(CheckOptions::parse(&[]), Some(CheckOptions { which: None, .. })));
        for args in [
            &["03", "04"][..],
            &["03", "--file"],
            &["--file", "x"],
            &["--patience", "0"],
            &["--patience", "x"],
            &["--quiet"],
        ] {
            assert!(CheckOptions::parse(args).is_none(), "{args:?}");
        }
    }
}

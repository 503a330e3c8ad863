//! Builds a student's file and judges the program.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::build::{self, Error};
use super::exercise::Exercise;
use super::home::Home;
use crate::check::{Check, Failure, Lang, Localized, Rule, Subject, Waiting};

/// How long a student's program may take for what it should do at once. Far more than it needs, and not more than one likes
/// to wait for the news that it hangs.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// After so long a check that waits says so.
const SAY_SO: Duration = Duration::from_secs(1);

/// What came of a check.
#[derive(Debug)]
pub enum Outcome {
    /// Every rule was kept.
    Passed,
    /// A rule was broken.
    Failed(Failure),
    /// The program does not compile: the compiler's own message, without warnings.
    NotCompiled(String),
    /// It could not be checked: there is no such file, or no compiler.
    NotChecked(Localized),
}

/// Judges what the student wrote.
pub fn judge(home: &Home, exercise: &Exercise, colour: bool) -> Outcome {
    judge_telling(home, exercise, colour, |_| {})
}

/// Judges what the student wrote, and says what the check waits for when that takes longer.
pub(super) fn judge_telling(
    home: &Home,
    exercise: &Exercise,
    colour: bool,
    tell: impl Fn(Waiting) + Sync,
) -> Outcome {
    built(home, &home.file(exercise), colour, |program| {
        let check = Check::with_patience(Subject::new(program), PATIENCE);
        thread::scope(|scope| {
            let (done, over) = channel::<()>();
            let (check, tell) = (&check, &tell);
            scope.spawn(move || {
                let mut told = Vec::new();
                while over.recv_timeout(SAY_SO / 4) == Err(RecvTimeoutError::Timeout) {
                    let Some((time, waiting)) = check.waiting() else { continue };
                    if time >= SAY_SO && !told.contains(&key(waiting)) {
                        told.push(key(waiting));
                        tell(waiting);
                    }
                }
            });
            let outcome = judged(exercise, check);
            drop(done);
            outcome
        })
    })
}

/// What a message about waiting is about: each is said once.
fn key(waiting: Waiting) -> Option<&'static str> {
    match waiting {
        Waiting::For(Rule { name, .. }) => Some(name),
        Waiting::OnPurpose => None,
    }
}

/// Judges any program by the check of an exercise: a solution, or a wrong answer. `timeout`: how long the check waits for
/// each thing that it expects.
pub fn judge_file(home: &Home, exercise: &Exercise, source: &Path, timeout: Duration) -> Outcome {
    built(home, source, false, |program| {
        judged(exercise, &Check::with_patience(Subject::new(program), timeout))
    })
}

/// Builds any source file as the coach builds a student's; or why that cannot be.
pub fn build_file(home: &Home, source: &Path) -> Result<PathBuf, String> {
    build::program(home, source, false).map_err(|error| match error {
        Error::Compiler(message) => message,
        Error::Io(why) => why.in_lang(Lang::En).to_string(),
    })
}

fn built(
    home: &Home,
    source: &Path,
    colour: bool,
    judge: impl FnOnce(PathBuf) -> Outcome,
) -> Outcome {
    match build::program(home, source, colour) {
        Ok(program) => judge(program),
        Err(Error::Compiler(message)) => Outcome::NotCompiled(message),
        Err(Error::Io(why)) => Outcome::NotChecked(why),
    }
}

fn judged(exercise: &Exercise, check: &Check) -> Outcome {
    match (exercise.judge)(check) {
        Ok(()) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    }
}

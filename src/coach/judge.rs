//! Builds a student's file and judges the program.

use std::path::Path;
use std::time::Duration;

use super::build::{self, Error};
use super::exercise::Exercise;
use super::home::Home;
use crate::check::{Check, Failure, Subject};

/// How long a student's program may take for what it should do at once. Far more than it needs, and not more than one likes
/// to wait for the news that it hangs.
pub const PATIENCE: Duration = Duration::from_secs(5);

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
    NotChecked(String),
}

/// Judges what the student wrote.
pub fn judge(home: &Home, exercise: &Exercise, colour: bool) -> Outcome {
    judge_source(home, exercise, &home.file(exercise), PATIENCE, colour)
}

/// Judges any program by the check of an exercise: a solution, or a wrong answer. `patience`: how long the check waits for
/// each thing that it expects.
pub fn judge_file(home: &Home, exercise: &Exercise, source: &Path, patience: Duration) -> Outcome {
    judge_source(home, exercise, source, patience, false)
}

fn judge_source(
    home: &Home,
    exercise: &Exercise,
    source: &Path,
    patience: Duration,
    colour: bool,
) -> Outcome {
    let program = match build::program(home, source, colour) {
        Ok(program) => program,
        Err(Error::Compiler(message)) => return Outcome::NotCompiled(message),
        Err(Error::Io(why)) => return Outcome::NotChecked(why),
    };
    match (exercise.judge)(&Check::with_patience(Subject::new(program), patience)) {
        Ok(()) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    }
}

//! Builds a student's file and judges the program.

use std::path::Path;

use super::build::{self, Error};
use super::exercise::Exercise;
use super::home::Home;
use crate::check::{Check, Failure, Subject};

/// What came of a check.
#[derive(Debug)]
pub enum Outcome {
    /// Every rule was kept.
    Passed,
    /// A rule was broken.
    Failed(Failure),
    /// The program does not compile: the compiler's own message.
    NotCompiled(String),
    /// It could not be checked: there is no such file, or no compiler.
    NotChecked(String),
}

/// Judges what the student wrote.
pub fn judge(home: &Home, exercise: &Exercise, colour: bool) -> Outcome {
    judge_source(home, exercise, &home.file(exercise), colour)
}

/// Judges any program by the check of an exercise: a solution, or a wrong answer.
pub fn judge_file(home: &Home, exercise: &Exercise, source: &Path) -> Outcome {
    judge_source(home, exercise, source, false)
}

fn judge_source(home: &Home, exercise: &Exercise, source: &Path, colour: bool) -> Outcome {
    if !exercise.runs_here() {
        return Outcome::NotChecked("Rust's std has no Unix sockets on this system".into());
    }
    let program = match build::program(home, source, colour) {
        Ok(program) => program,
        Err(Error::Compiler(message)) => return Outcome::NotCompiled(message),
        Err(Error::Io(why)) => return Outcome::NotChecked(why),
    };
    match (exercise.judge)(&Check::new(Subject::new(program))) {
        Ok(()) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    }
}

//! Judges a program, which is built first where a source file is given.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use net_notes::check::{Check, Failure, Localized, Rule, Subject, Waiting};

use super::build::{self, Error};
use super::exercise::Exercise;
use super::home::Home;
use super::lock;

/// The time limit of a program for each thing that it should do at once, unless `--patience` sets another one. Far more than
/// it needs, and not longer than a student likes to wait for the result that it hangs.
pub(super) const CHECK_TIME_LIMIT: Duration = Duration::from_secs(5);
/// A check that waits for longer than this reports what it waits for.
const WAIT_REPORT_AFTER: Duration = Duration::from_secs(1);

/// The program to judge.
#[derive(Debug)]
pub(super) enum Candidate {
    /// The student's own file of the exercise.
    Own,
    /// Another source file in Rust.
    File(PathBuf),
    /// A program, in any language.
    Program(PathBuf),
}

/// The names of an exercise's rules that were kept.
pub(super) type Kept = Vec<&'static str>;

/// The result of a check.
#[derive(Debug)]
pub(super) enum Outcome {
    /// No rule was broken.
    Passed(Kept),
    /// A rule was broken.
    Failed(Failure, Kept),
    /// The program does not compile: the compiler's own message, without warnings.
    NotCompiled(String),
    /// It could not be checked: there is no such file, or no compiler.
    NotChecked(Localized),
}

/// The settings of a check.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) home: &'a Home,
    pub(super) exercise: &'a Exercise,
    /// Whether the compiler's message is coloured.
    pub(super) colour: bool,
    pub(super) time_limit: Duration,
}

impl Judge<'_> {
    /// Judges the candidate, and reports long waits of the check, once for each rule.
    pub(super) fn judge(&self, what: &Candidate, tell: impl Fn(Waiting) + Sync) -> Outcome {
        let told = Mutex::new(Vec::new());
        self.judge_watched(what, WAIT_REPORT_AFTER / 4, |check| {
            let Some((time, waiting)) = check.waiting() else { return };
            let mut told = lock(&told);
            if time >= WAIT_REPORT_AFTER && !told.contains(&subject_of(waiting)) {
                told.push(subject_of(waiting));
                tell(waiting);
            }
        })
    }

    /// Judges the candidate, while another thread calls `look` with the check again and again.
    pub(super) fn judge_watched(
        &self,
        what: &Candidate,
        every: Duration,
        look: impl Fn(&Check) + Sync,
    ) -> Outcome {
        let program = match what {
            Candidate::Own => self.built(&self.home.file(self.exercise)),
            Candidate::File(source) => self.built(source),
            Candidate::Program(program) => Ok(program.clone()),
        };
        let subject = match program {
            Ok(program) => Subject::new(program),
            Err(Error::Compiler(message)) => return Outcome::NotCompiled(message),
            Err(Error::Io(why)) => return Outcome::NotChecked(why),
        };
        let check = Check::with_patience(subject, self.time_limit);
        let verdict = watched(&check, every, &look, || (self.exercise.judge)(&check));
        let rules = self.exercise.rules.iter();
        let kept = rules.filter(|rule| check.has_kept(rule)).map(|rule| rule.name).collect();
        match verdict {
            Ok(()) => Outcome::Passed(kept),
            Err(failure) => Outcome::Failed(failure, kept),
        }
    }

    fn built(&self, source: &Path) -> Result<PathBuf, Error> {
        build::program(self.home, source, self.colour)
    }
}

/// Calls `act` while another thread looks at the check.
fn watched<T>(
    check: &Check,
    every: Duration,
    look: &(impl Fn(&Check) + Sync),
    act: impl FnOnce() -> T,
) -> T {
    thread::scope(|scope| {
        let (done, over) = channel::<()>();
        scope.spawn(move || {
            while over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                look(check);
            }
        });
        let result = act();
        drop(done);
        result
    })
}

/// The rule that a message about waiting names.
fn subject_of(waiting: Waiting) -> Option<&'static str> {
    match waiting {
        Waiting::For(Rule { name, .. }) => Some(name),
        Waiting::OnPurpose => None,
    }
}

//! What all parts of one run of a check share.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::observed::Observed;
use super::process::Process;
use super::rule::Rule;
use super::transcript::Transcript;
use crate::stream::Stream;
use crate::sync::lock;

#[derive(Debug)]
pub(super) struct Run {
    pub(super) transcript: Transcript,
    /// How long anything may take that the program is expected to do at once.
    pub(super) patience: Duration,
    pub(super) programs: Mutex<Vec<Arc<Process>>>,
    /// Connections that are no longer read, and that stay open until the check is over.
    pub(super) stalled: Mutex<Vec<Arc<Stream>>>,
    /// The names of the rules of which all was asked, and what is waited for. Shared with the runs beside this one.
    pub(super) kept: Arc<Mutex<Vec<&'static str>>>,
    waiting: Arc<Mutex<Option<(Instant, Waiting)>>>,
    /// The check has cut off a connection, so the program may have met an error that is no fault of its own.
    disturbed: AtomicBool,
}

/// What a check waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Something that this rule asks of the program.
    For(Rule),
    /// Time to pass: a client pauses, or the program is watched while there is nothing to do.
    OnPurpose,
}

/// The check waits for as long as this lives.
#[derive(Debug)]
pub(super) struct Waits<'r>(&'r Run);

impl Run {
    pub(super) fn new(patience: Duration) -> Run {
        Run {
            transcript: Transcript::new(),
            patience,
            programs: Mutex::default(),
            stalled: Mutex::default(),
            kept: Arc::default(),
            waiting: Arc::default(),
            disturbed: AtomicBool::new(false),
        }
    }

    /// A run of the same check, with its own programs and transcript.
    pub(super) fn beside(&self) -> Run {
        let (kept, waiting) = (self.kept.clone(), self.waiting.clone());
        Run { kept, waiting, ..Run::new(self.patience) }
    }

    pub(super) fn failed(
        &self,
        rule: &Rule,
        expected: Vec<Observed>,
        actual: Vec<Observed>,
    ) -> Failure {
        let last = lock(&self.programs).last().cloned();
        self.failed_with(last.as_deref(), rule, expected, actual)
    }

    /// With the last words of this program.
    pub(super) fn failed_with(
        &self,
        program: Option<&Process>,
        rule: &Rule,
        expected: Vec<Observed>,
        actual: Vec<Observed>,
    ) -> Failure {
        let disturbed = self.disturbed.load(Ordering::Relaxed);
        let words = program.map(|program| program.last_words(&actual, disturbed));
        let (stderr, meanwhile) = words.unwrap_or_default();
        let (kept, transcript) = (lock(&self.kept).clone(), self.transcript.entries());
        let failure = Failure::new(rule, expected, actual);
        failure.with_program(stderr, meanwhile).with_run(kept, transcript)
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// How the program that was started last has ended, if it has.
    pub(super) fn last_status(&self) -> Option<ExitStatus> {
        let last = lock(&self.programs).last().cloned();
        last.and_then(|process| process.status())
    }

    pub(super) fn disturb(&self) {
        self.disturbed.store(true, Ordering::Relaxed);
    }

    pub(super) fn waits_for(&self, rule: &Rule) -> Waits<'_> {
        self.waits(Waiting::For(*rule))
    }

    pub(super) fn waits_on_purpose(&self) -> Waits<'_> {
        self.waits(Waiting::OnPurpose)
    }

    fn waits(&self, what: Waiting) -> Waits<'_> {
        *lock(&self.waiting) = Some((Instant::now(), what));
        Waits(self)
    }

    pub(super) fn waiting(&self) -> Option<(Duration, Waiting)> {
        lock(&self.waiting).map(|(since, what)| (since.elapsed(), what))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        *lock(&self.0.waiting) = None;
    }
}

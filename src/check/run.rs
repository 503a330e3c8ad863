//! The state that all parts of one run of a check share.

use std::net::UdpSocket;
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

/// A time that is longer counts as a year: no clock shows much later ones.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Debug)]
pub(super) struct Run {
    pub(super) transcript: Transcript,
    /// The time limit for everything that the program must do at once.
    pub(super) time_limit: Duration,
    pub(super) programs: Mutex<Vec<Arc<Process>>>,
    /// Connections that are no longer read, and that stay open until the check is over.
    pub(super) stalled: Mutex<Vec<Arc<Stream>>>,
    /// A socket for each port that the check has [claimed](super::host::free_port).
    pub(super) claimed_ports: Mutex<Vec<UdpSocket>>,
    /// The names of the rules that were kept, and the current wait. Shared with the parallel runs.
    pub(super) kept: Arc<Mutex<Vec<&'static str>>>,
    waiting: Arc<Mutex<Option<(Instant, Waiting)>>>,
    /// Whether the check has cut off a connection, so that the program may report an error that is
    /// not its fault.
    disturbed: AtomicBool,
}

/// The reason why a check waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// For something that this rule demands of the program.
    For(Rule),
    /// For time to pass: a client pauses, or the idle program is watched.
    OnPurpose,
}

/// Marks the check as waiting until it is dropped.
#[derive(Debug)]
pub(super) struct WaitGuard<'r>(&'r Run);

impl Run {
    pub(super) fn new(time_limit: Duration) -> Run {
        Run {
            transcript: Transcript::new(),
            time_limit: time_limit.min(LONGEST),
            programs: Mutex::default(),
            stalled: Mutex::default(),
            claimed_ports: Mutex::default(),
            kept: Arc::default(),
            waiting: Arc::default(),
            disturbed: AtomicBool::new(false),
        }
    }

    /// Creates a run of the same check, with its own programs and transcript.
    pub(super) fn beside(&self) -> Run {
        let (kept, waiting) = (self.kept.clone(), self.waiting.clone());
        Run { kept, waiting, ..Run::new(self.time_limit) }
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

    /// Creates a failure with the standard error of this program.
    pub(super) fn failed_with(
        &self,
        program: Option<&Process>,
        rule: &Rule,
        expected: Vec<Observed>,
        actual: Vec<Observed>,
    ) -> Failure {
        let disturbed = self.disturbed.load(Ordering::Relaxed);
        let words = program.map(|program| program.observe_end(&actual, disturbed));
        let (stderr, meanwhile) = words.unwrap_or_default();
        let (kept, transcript) = (lock(&self.kept).clone(), self.transcript.entries());
        let failure = Failure::new(rule, expected, actual);
        failure.with_program(stderr, meanwhile).with_run(kept, transcript)
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.time_limit
    }

    /// The exit status of the program that was started last, if it has ended.
    pub(super) fn last_status(&self) -> Option<ExitStatus> {
        let last = lock(&self.programs).last().cloned();
        last.and_then(|process| process.status())
    }

    pub(super) fn mark_disturbed(&self) {
        self.disturbed.store(true, Ordering::Relaxed);
    }

    pub(super) fn waits_for(&self, rule: &Rule) -> WaitGuard<'_> {
        self.begin_wait(Waiting::For(*rule))
    }

    pub(super) fn waits_on_purpose(&self) -> WaitGuard<'_> {
        self.begin_wait(Waiting::OnPurpose)
    }

    fn begin_wait(&self, what: Waiting) -> WaitGuard<'_> {
        *lock(&self.waiting) = Some((Instant::now(), what));
        WaitGuard(self)
    }

    pub(super) fn waiting(&self) -> Option<(Duration, Waiting)> {
        lock(&self.waiting).map(|(since, what)| (since.elapsed(), what))
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        *lock(&self.0.waiting) = None;
    }
}

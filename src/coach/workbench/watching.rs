//! Exercises that are judged whenever the student saves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use net_notes::check::{Localized, Waiting};

use super::json::Object;
use super::log::Log;
use super::tabs::Tabs;
use super::verdict::{self, Verdict};
use crate::coach::exercise::Exercise;
use crate::coach::home::Home;
use crate::coach::judge::{CHECK_TIME_LIMIT, Candidate, Judge, Outcome};
use crate::coach::lock;
use crate::coach::progress::Progress;

/// The interval between looks at the files: notifications of the system do not work on every file system.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The interval of reports about a running check.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The exercises that a page shows. One is judged at a time: a check measures how fast a program is.
#[derive(Debug)]
pub(super) struct Watching {
    home: Home,
    log: Arc<Log>,
    tabs: Arc<Tabs>,
    /// The key is the name of the exercise.
    watched: Mutex<BTreeMap<&'static str, Watched>>,
    /// The names of the exercises that have passed, also if that could not be written.
    passed: Mutex<BTreeSet<&'static str>>,
}

/// The observed state of a file.
#[derive(Debug)]
struct Watched {
    exercise: &'static Exercise,
    began: Instant,
    seen: Option<Saved>,
    /// Whether it had changed at the last look: the editor may still be writing.
    changing: bool,
    /// Whether it must be judged: it has changed, or a page has asked.
    due: bool,
}

/// The time of a file's last change, and its length.
type Saved = (SystemTime, u64);

impl Watching {
    /// Starts to watch, on two threads that end with the workbench.
    pub(super) fn start(home: &Home, log: &Arc<Log>, tabs: &Arc<Tabs>) -> Arc<Watching> {
        let (home, log, tabs) = (home.clone(), log.clone(), tabs.clone());
        let watching = Arc::new(Watching {
            home,
            log,
            tabs,
            watched: Mutex::default(),
            passed: Mutex::default(),
        });
        let (looks, judges) = (Arc::downgrade(&watching), Arc::downgrade(&watching));
        thread::spawn(move || {
            while let Some(watching) = looks.upgrade() {
                watching.look();
                drop(watching);
                thread::sleep(LOOK_EVERY);
            }
        });
        thread::spawn(move || {
            while let Some(watching) = judges.upgrade() {
                match watching.next_due() {
                    Some(exercise) => watching.judge_or_report(exercise),
                    None => thread::sleep(LOOK_EVERY),
                }
            }
        });
        watching
    }

    /// Judges this exercise now, unless it is watched already, and then whenever its file is saved,
    /// as long as a page shows it. A page asks each time that it is connected.
    pub(super) fn watch(&self, exercise: &'static Exercise) {
        let (seen, began) = (self.saved(exercise), Instant::now());
        let new = Watched { exercise, began, seen, changing: false, due: true };
        lock(&self.watched).entry(exercise.name).or_insert(new).began = began;
    }

    /// Whether the student's program has passed since the workbench was started.
    pub(super) fn has_passed(&self, exercise: &Exercise) -> bool {
        lock(&self.passed).contains(exercise.name)
    }

    /// Looks for files that were saved, and for pages that are gone.
    fn look(&self) {
        let page = |exercise: &Exercise| format!("exercise_{}", exercise.id());
        let mut watched = lock(&self.watched);
        watched.retain(|_, one| !self.tabs.are_gone(&page(one.exercise), one.began));
        let exercises: Vec<&'static Exercise> = watched.values().map(|one| one.exercise).collect();
        drop(watched);
        for exercise in exercises {
            // An editor may have removed it to replace it: what counts is what is there twice, also if it is nothing.
            let now = self.saved(exercise);
            let mut watched = lock(&self.watched);
            let Some(one) = watched.get_mut(exercise.name) else { continue };
            let changes = std::mem::replace(&mut one.seen, now) != now;
            if std::mem::replace(&mut one.changing, changes) && !changes {
                one.due = true;
                self.log.add(verdict::about("saved", exercise));
            }
        }
    }

    fn saved(&self, exercise: &Exercise) -> Option<Saved> {
        let metadata = fs::metadata(self.home.file(exercise)).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    fn next_due(&self) -> Option<&'static Exercise> {
        let mut watched = lock(&self.watched);
        let due = watched.values_mut().find(|one| one.due)?;
        due.due = false;
        Some(due.exercise)
    }

    /// Judges an exercise. That the check panics, as it does when the system has no more threads,
    /// must not end this thread, which judges all of them.
    fn judge_or_report(&self, exercise: &'static Exercise) {
        let judge = AssertUnwindSafe(|| self.judge(exercise));
        if catch_unwind(judge).is_err() {
            let why = Localized::new(
                "the check has panicked; the terminal of the workbench says more",
                "检查程序自己崩溃了，练习台的终端里有说明",
            );
            let (outcome, took) = (Outcome::NotChecked(why), Duration::ZERO);
            let verdict = Verdict { exercise, outcome, took, written: Ok(()) };
            self.log.add_lasting(verdict::event(&self.home, &verdict));
        }
    }

    fn judge(&self, exercise: &'static Exercise) {
        self.log.add(verdict::about("building", exercise));
        let began = Instant::now();
        let time_limit = CHECK_TIME_LIMIT;
        let judge = Judge { home: &self.home, exercise, colour: false, time_limit };
        let told = Mutex::new(None);
        let judged = || {
            judge.judge_watched(&Candidate::Own, TELL_EVERY, |check| {
                let kept: Vec<&str> = exercise
                    .rules
                    .iter()
                    .filter(|rule| check.has_kept(rule))
                    .map(|rule| rule.name)
                    .collect();
                let waits = match check.waiting() {
                    Some((_, Waiting::For(rule))) => Some(rule.name),
                    _ => None,
                };
                let mut told = lock(&told);
                if *told != Some((kept.clone(), waits)) {
                    let event =
                        verdict::about("waiting", exercise).texts("kept", kept.iter().copied());
                    self.log.add(event.maybe("for", waits));
                    *told = Some((kept, waits));
                }
            })
        };
        let outcome = match exercise.runs_here() {
            true => judged(),
            false => Outcome::NotChecked(Localized::new(
                "it needs Unix domain sockets, which this system does not have",
                "它要用 Unix 域套接字，这个系统没有",
            )),
        };
        let has_passed = matches!(outcome, Outcome::Passed(_));
        if has_passed {
            lock(&self.passed).insert(exercise.name);
        }
        let written = match has_passed {
            true => Progress::update(&self.home, |progress| progress.set_done(exercise, true)),
            false => Ok(()),
        };
        let verdict = Verdict { exercise, outcome, took: began.elapsed(), written };
        self.log.add_lasting(verdict::event(&self.home, &verdict));
        if let Some(progress) = progress(&self.home).filter(|_| has_passed) {
            self.log.add(progress);
        }
    }
}

/// An event with the student's progress.
pub(super) fn progress(home: &Home) -> Option<Object> {
    let progress = Progress::read(home).ok()?;
    let all = crate::coach::exercises::all();
    let done = all.iter().filter(|one| progress.is_done(one)).map(Exercise::id);
    let event = Object::kind("progress").texts("done", done);
    Some(event.maybe("next", progress.next().map(Exercise::id)))
}

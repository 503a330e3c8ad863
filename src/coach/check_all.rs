//! The command `check --all`: a list for teachers. The student's progress is neither read nor written.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::context::Coach;
use super::exercise::Exercise;
use super::exercises;
use super::judge::{CHECK_TIME_LIMIT, Candidate, Judge, Outcome};
use super::verdict_json;

/// The number of exercises that are judged at the same time. A check mostly waits.
const AT_ONCE: usize = 4;

impl Coach {
    /// Judges every exercise, and prints a line for each as soon as it and those before it are judged: for people, or as
    /// JSON.
    pub(super) fn check_all(&self, json: bool) -> ExitCode {
        let (mut passed, mut failed) = (0, 0);
        self.judge_all(|exercise, outcome, time| {
            match &outcome {
                Some(Outcome::Passed(_)) => passed += 1,
                Some(_) => failed += 1,
                None => {}
            }
            self.print(&match json {
                true => verdict_json::summary(exercise, outcome.as_ref(), time),
                false => self.for_people(exercise, outcome.as_ref()),
            });
        });
        if !json {
            let count = passed + failed;
            self.print(&self.voice.say(
                format!("\n{passed} of {count} pass. More of one: cargo run -- check 03"),
                format!(
                    "\n{count} 个练习，通过 {passed} 个。想看某一个的详情：cargo run -- check 03"
                ),
            ));
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Judges every exercise, and reports them in their order; `None`: this system cannot run it.
    fn judge_all(&self, mut report: impl FnMut(&Exercise, Option<Outcome>, Duration)) {
        let (next, (tell, told)) = (AtomicUsize::new(0), channel());
        thread::scope(|scope| {
            for tell in vec![tell; AT_ONCE] {
                scope.spawn(|| {
                    let tell = tell; // ends with this thread
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(exercise) = exercises::all().get(number) else { return };
                        let began = Instant::now();
                        let outcome = exercise.runs_here().then(|| {
                            let judge = Judge {
                                home: &self.home,
                                exercise,
                                colour: false,
                                time_limit: CHECK_TIME_LIMIT,
                            };
                            judge.judge(&Candidate::Own, |_| {})
                        });
                        let _ = tell.send((number, outcome, began.elapsed()));
                    }
                });
            }
            let mut early = BTreeMap::new();
            for (number, exercise) in exercises::all().iter().enumerate() {
                while !early.contains_key(&number) {
                    let Ok((judged, outcome, time)) = told.recv() else { return };
                    early.insert(judged, (outcome, time));
                }
                if let Some((outcome, time)) = early.remove(&number) {
                    report(exercise, outcome, time);
                }
            }
        });
    }

    fn for_people(&self, exercise: &Exercise, outcome: Option<&Outcome>) -> String {
        let voice = &self.voice;
        let (mark, why) = match outcome {
            Some(Outcome::Passed(_)) => (voice.green("✓"), ""),
            Some(Outcome::Failed(failure, _)) => {
                let rule = failure.rule();
                (voice.red("✗"), voice.say(rule.en, rule.zh))
            }
            Some(Outcome::NotCompiled(_)) => {
                (voice.red("✗"), voice.say("It does not compile yet.", "还没有编译通过。"))
            }
            Some(Outcome::NotChecked(why)) => (voice.red("✗"), why.in_lang(voice.lang)),
            None => ("-".into(), voice.say("Not on this system.", "这个系统上做不了。")),
        };
        let line = format!("  {mark} {}  {}", exercise.id(), exercise.title(voice.lang));
        if why.is_empty() { line } else { format!("{line}\n        {why}") }
    }
}

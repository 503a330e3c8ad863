//! All exercises judged at once, as a teacher's list. The student's progress is neither read nor written.

use std::process::ExitCode;
use std::time::Instant;

use super::command::Coach;
use super::exercise::Exercise;
use super::judge::{Outcome, judge};

impl Coach {
    /// Judges every exercise, and prints a line for each as soon as it is judged: for people, or as JSON.
    pub(super) fn check_all(&self, json: bool) -> ExitCode {
        let (mut passed, mut failed) = (0, 0);
        for exercise in Exercise::all() {
            let began = Instant::now();
            let outcome = exercise.runs_here().then(|| judge(&self.home, exercise, false));
            match &outcome {
                Some(Outcome::Passed) => passed += 1,
                Some(_) => failed += 1,
                None => {}
            }
            self.print(&match json {
                true => as_json(exercise, outcome.as_ref(), began.elapsed().as_secs_f64()),
                false => self.for_people(exercise, outcome.as_ref()),
            });
        }
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

    fn for_people(&self, exercise: &Exercise, outcome: Option<&Outcome>) -> String {
        let voice = &self.voice;
        let (mark, why) = match outcome {
            Some(Outcome::Passed) => (voice.green("✓"), ""),
            Some(Outcome::Failed(failure)) => {
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

/// `rule` is the name of the broken rule; `compiles` and `can-be-checked` are those that come before all others. `passed` is
/// `null` where the system cannot run the exercise.
fn as_json(exercise: &Exercise, outcome: Option<&Outcome>, seconds: f64) -> String {
    let (passed, rule) = match outcome {
        Some(Outcome::Passed) => ("true", None),
        Some(Outcome::Failed(failure)) => ("false", Some(failure.rule().name)),
        Some(Outcome::NotCompiled(_)) => ("false", Some("compiles")),
        Some(Outcome::NotChecked(_)) => ("false", Some("can-be-checked")),
        None => ("null", None),
    };
    // Nothing here needs an escape: the names are ours.
    let rule = rule.map_or("null".into(), |rule| format!("\"{rule}\""));
    let name = exercise.name;
    format!(r#"{{"name": "{name}", "passed": {passed}, "rule": {rule}, "seconds": {seconds:.2}}}"#)
}

//! A verdict for other programs: an object of JSON.

use std::time::Duration;

use net_notes::check::Lang;

use super::exercise::Exercise;
use super::json;
use super::judge::{Kept, Outcome};

/// `{"name": …, "passed": …, "rule": …, "seconds": …}`. `rule` is the name of the broken rule; `compiles` and
/// `can-be-checked` are those that come before all others. `passed` is `null` where the system cannot run the exercise.
pub(super) fn summary(exercise: &Exercise, outcome: Option<&Outcome>, time: Duration) -> String {
    format!("{{{}}}", fields(exercise, outcome, time))
}

/// The same with the names of the rules that were `kept`, and with what the coach `said`: the failure, or the compiler's
/// message.
pub(super) fn whole(
    exercise: &Exercise,
    outcome: Option<&Outcome>,
    time: Duration,
    lang: Lang,
) -> String {
    let none = Kept::new();
    let (kept, said) = match outcome {
        Some(Outcome::Passed(kept)) => (kept, None),
        Some(Outcome::Failed(failure, kept)) => (kept, Some(failure.show(lang))),
        Some(Outcome::NotCompiled(message)) => (&none, Some(message.clone())),
        Some(Outcome::NotChecked(why)) => (&none, Some(why.in_lang(lang).to_string())),
        None => (&none, None),
    };
    let kept = json::list(kept.iter().map(|name| json::string(name)));
    let said = said.map_or("null".into(), |said| json::string(&said));
    format!("{{{}, \"kept\": {kept}, \"said\": {said}}}", fields(exercise, outcome, time))
}

fn fields(exercise: &Exercise, outcome: Option<&Outcome>, time: Duration) -> String {
    let (passed, rule) = match outcome {
        Some(Outcome::Passed(_)) => ("true", None),
        Some(Outcome::Failed(failure, _)) => ("false", Some(failure.rule().name)),
        Some(Outcome::NotCompiled(_)) => ("false", Some("compiles")),
        Some(Outcome::NotChecked(_)) => ("false", Some("can-be-checked")),
        None => ("null", None),
    };
    let (name, seconds) = (json::string(exercise.name), time.as_secs_f64());
    let rule = rule.map_or("null".into(), json::string);
    format!(r#""name": {name}, "passed": {passed}, "rule": {rule}, "seconds": {seconds:.2}"#)
}

//! [`Exercise`]: the description of one exercise.

use net_notes::check::{Check, Failure, Lang, Rule, Standing, Verdict};

/// One exercise: a program that the student completes, and the check that judges it over real sockets.
#[derive(Debug)]
pub(super) struct Exercise {
    /// The lesson's name, with its number in front: `03_server`.
    pub(super) name: &'static str,
    /// A title of a few words.
    pub(super) en: &'static str,
    /// The title in Chinese.
    pub(super) zh: &'static str,
    /// The rules, in the order of the lesson's list.
    pub(super) rules: &'static [Rule],
    /// Whether it needs Unix sockets, which std has on Unix only.
    pub(super) needs_unix_sockets: bool,
    /// Starts the program and talks to it. It knows nothing of its source: the student's, the solution and the wrong answers
    /// are all judged by this.
    pub(super) judge: fn(&Check) -> Verdict,
}

impl Exercise {
    /// Whether this system can run the exercise. If not, it is neither judged nor offered.
    pub(super) fn runs_here(&self) -> bool {
        cfg!(unix) || !self.needs_unix_sockets
    }

    /// The state of each rule after a check with this result. A broken rule that is not in the lesson's list, such
    /// as that the program must start, is the first.
    pub(super) fn standings(&self, failure: Option<&Failure>) -> Vec<(Rule, Standing)> {
        let Some(failure) = failure else {
            return self.rules.iter().map(|rule| (*rule, Standing::Kept)).collect();
        };
        let own = self.rules.iter().map(|rule| (*rule, failure.standing(rule)));
        let known = self.rules.iter().any(|rule| rule.name == failure.rule().name);
        let other = (!known).then_some((*failure.rule(), Standing::Broken));
        other.into_iter().chain(own).collect()
    }

    /// The lesson's number in two digits.
    pub(super) fn id(&self) -> &'static str {
        &self.name[..2]
    }

    /// The title, in one of the languages.
    pub(super) fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.zh)
    }
}

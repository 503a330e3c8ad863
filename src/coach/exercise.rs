//! What an exercise is, and the list of all of them.

use crate::check::{Check, Failure, Lang, Rule, Standing, Verdict};
use crate::coach::exercises;

/// One exercise: a program that the student completes, and the check that judges it over real sockets.
#[derive(Debug)]
pub struct Exercise {
    /// The lesson's name, with its number in front: `03_server`.
    pub name: &'static str,
    /// What is built, in a few words.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// What is asked, in the order of the lesson's list.
    pub rules: &'static [Rule],
    /// Starts the program and talks to it. It knows nothing of its source: the student's, the solution and the wrong answers
    /// are all judged by this.
    pub judge: fn(&Check) -> Verdict,
}

impl Exercise {
    /// All of them, in the order of the lessons.
    pub fn all() -> &'static [Exercise] {
        exercises::ALL
    }

    /// By its number (`3`, `03`) or its name (`03_server`).
    pub fn find(text: &str) -> Option<&'static Exercise> {
        let wanted: Option<u8> = text.parse().ok();
        Exercise::all()
            .iter()
            .find(|one| one.name == text || wanted.is_some() && one.id().parse().ok() == wanted)
    }

    /// Whether this system has what it takes. Where it has not, the exercise is neither judged nor asked for.
    pub fn runs_here(&self) -> bool {
        cfg!(unix) || !exercises::UNIX_ONLY.contains(&self.name)
    }

    /// How each rule stands after a check that has ended in this way. A rule that is broken and is none of the lesson's own, such
    /// as that the program must start, is the first.
    pub fn standings(&self, failure: Option<&Failure>) -> Vec<(Rule, Standing)> {
        let Some(failure) = failure else {
            return self.rules.iter().map(|rule| (*rule, Standing::Kept)).collect();
        };
        let own = self.rules.iter().map(|rule| (*rule, failure.standing(rule)));
        let known = self.rules.iter().any(|rule| rule.name == failure.rule().name);
        let other = (!known).then_some((*failure.rule(), Standing::Broken));
        other.into_iter().chain(own).collect()
    }

    /// The lesson's number in two digits.
    pub fn id(&self) -> &'static str {
        &self.name[..2]
    }

    /// What is built, in one of the languages.
    pub fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.zh)
    }
}

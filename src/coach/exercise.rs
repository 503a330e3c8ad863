//! What an exercise is, and the list of all of them.

use crate::check::{Check, Lang, Verdict};
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

    /// The lesson's number in two digits.
    pub fn id(&self) -> &'static str {
        &self.name[..2]
    }

    /// What is built, in one of the languages.
    pub fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.zh)
    }
}

//! The paths of all files that the coach reads and writes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use net_notes::check::{Failure, Lang};

use super::exercise::Exercise;

/// The folder of a student: this repository.
#[derive(Debug, Clone)]
pub(super) struct Home(PathBuf);

impl Home {
    /// The folder in which cargo runs the coach; without cargo, the one in which it was built.
    pub(super) fn new() -> Home {
        Home(env::var_os("CARGO_MANIFEST_DIR").map_or_else(Home::library, PathBuf::from))
    }

    #[cfg(test)]
    pub(super) fn at(folder: &Path) -> Home {
        Home(folder.to_path_buf())
    }

    /// The folder of the library that exercises are built with.
    pub(super) fn library() -> PathBuf {
        env!("CARGO_MANIFEST_DIR").into()
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// A file of this folder as one would write it on the command line: with `/`, on Windows too. Another one as it is.
    pub(super) fn shown(&self, path: &Path) -> String {
        let Ok(short) = path.strip_prefix(&self.0) else { return path.display().to_string() };
        let names: Vec<_> = short.iter().map(|name| name.to_string_lossy()).collect();
        names.join("/")
    }

    pub(super) fn progress(&self) -> PathBuf {
        self.0.join(".progress")
    }

    /// The key of the workbench, beside the progress.
    pub(super) fn key(&self) -> PathBuf {
        self.0.join(".workbench-key")
    }

    /// The file that the student edits.
    pub(super) fn file(&self, exercise: &Exercise) -> PathBuf {
        self.0.join(Home::short_file(exercise))
    }

    /// The same, as it is written on the command line.
    pub(super) fn short_file(exercise: &Exercise) -> String {
        format!("tests/exercises/{}.rs", exercise.name)
    }

    /// The folder of all other files of an exercise.
    fn folder(&self, exercise: &Exercise) -> PathBuf {
        self.0.join("tests/exercises").join(exercise.name)
    }

    /// The initial content of the student's file.
    pub(super) fn stub(&self, exercise: &Exercise) -> PathBuf {
        self.folder(exercise).join("stub.rs")
    }

    /// The solution.
    pub(super) fn solution(&self, exercise: &Exercise) -> PathBuf {
        self.folder(exercise).join("solution.rs")
    }

    /// The hints, in one of the languages.
    pub(super) fn hints(&self, exercise: &Exercise, lang: Lang) -> PathBuf {
        self.folder(exercise).join(lang.pick("hints.md", "hints.zh.md"))
    }

    /// The lesson that the exercise belongs to, as one would write it on the command line.
    pub(super) fn short_lesson(exercise: &Exercise, lang: Lang) -> String {
        format!("lessons/{}{}.md", lang.pick("", "zh/"), exercise.name)
    }

    /// The lesson's section that explains the rule that was broken. A Chinese page has the same headings in the same order.
    pub(super) fn section(&self, exercise: &Exercise, failure: &Failure, lang: Lang) -> String {
        let path = Home::short_lesson(exercise, lang);
        let heading = self.heading(exercise, failure, lang);
        lang.pick(format!("{path}, “{heading}”"), format!("{path} 的“{heading}”一节"))
    }

    /// The heading of that section.
    pub(super) fn heading(&self, exercise: &Exercise, failure: &Failure, lang: Lang) -> String {
        let see = failure.rule().see;
        let headings = |lang| -> Vec<String> {
            let page = self.0.join(Home::short_lesson(exercise, lang));
            let page = fs::read_to_string(page).unwrap_or_default();
            page.lines()
                .filter(|line| line.starts_with("## ") || line.starts_with("### "))
                .map(|line| line.trim_start_matches('#').trim().to_string())
                .collect()
        };
        let at = headings(Lang::En).iter().position(|heading| heading == see);
        let heading = at.and_then(|at| headings(lang).into_iter().nth(at));
        heading.unwrap_or_else(|| see.to_string())
    }
}

impl Default for Home {
    fn default() -> Self {
        Home::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_with_one_kind_of_separator() {
        let home = Home("home".into());
        let file = Path::new("home").join("tests/exercises").join("03_server.rs");
        assert_eq!(home.shown(&file), "tests/exercises/03_server.rs");
        assert_eq!(home.shown(Path::new("elsewhere")), "elsewhere");
    }
}

//! The student's progress: a plain text file that a person can read and change.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Mutex;

use super::exercise::Exercise;
use super::exercises;
use super::home::Home;
use super::lock;

/// The lines of `.progress`: `03 done`, `03 hints 2`, `lang zh`. Unknown lines are kept: they may be from a newer version.
#[derive(Debug)]
pub(super) struct Progress {
    path: PathBuf,
    lines: Vec<String>,
}

impl Progress {
    pub(super) fn read(home: &Home) -> io::Result<Progress> {
        let path = home.progress();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok(Progress { path, lines: text.lines().map(String::from).collect() })
    }

    pub(super) fn is_done(&self, exercise: &Exercise) -> bool {
        self.value(exercise, "done").is_some()
    }

    /// The first exercise that is not done, and can be done here.
    pub(super) fn next(&self) -> Option<&'static Exercise> {
        exercises::all().iter().find(|exercise| exercise.runs_here() && !self.is_done(exercise))
    }

    pub(super) fn set_done(&mut self, exercise: &Exercise, done: bool) -> io::Result<()> {
        self.set(exercise, "done", done.then(String::new))
    }

    /// The number of hints that were shown.
    pub(super) fn hints(&self, exercise: &Exercise) -> usize {
        self.value(exercise, "hints").and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    pub(super) fn set_hints(&mut self, exercise: &Exercise, count: usize) -> io::Result<()> {
        self.set(exercise, "hints", (count > 0).then(|| format!(" {count}")))
    }

    /// Reads the progress, changes it, and writes it, as one step among the threads of this process.
    pub(super) fn update(
        home: &Home,
        change: impl FnOnce(&mut Progress) -> io::Result<()>,
    ) -> io::Result<()> {
        static WRITER: Mutex<()> = Mutex::new(());
        let _one_at_a_time = lock(&WRITER);
        change(&mut Progress::read(home)?)
    }

    /// The language that was chosen.
    pub(super) fn lang(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| after(line, &["lang"]))
    }

    pub(super) fn set_lang(&mut self, name: &str) -> io::Result<()> {
        self.replace(&["lang"], Some(format!("lang {name}")))
    }

    fn value(&self, exercise: &Exercise, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| after(line, &[exercise.id(), key]))
    }

    fn set(&mut self, exercise: &Exercise, key: &str, value: Option<String>) -> io::Result<()> {
        let line = value.map(|value| format!("{} {key}{value}", exercise.id()));
        self.replace(&[exercise.id(), key], line)
    }

    /// Replaces the lines that begin with these words by `line`.
    fn replace(&mut self, words: &[&str], line: Option<String>) -> io::Result<()> {
        let mut lines: Vec<String> = self.lines.clone();
        lines.retain(|line| after(line, words).is_none());
        lines.extend(line);
        lines.sort();
        if lines == self.lines {
            return Ok(());
        }
        self.lines = lines;
        let text: String = self.lines.iter().flat_map(|line| [line, "\n"]).collect();
        // Written under another name first: a full disk must not destroy the old file. The name is
        // unique to this process: another coach may be writing. In this one, `update` lets one
        // thread at a time change the file.
        let unfinished = self.path.with_extension(format!("{}.bak", std::process::id()));
        let written = fs::write(&unfinished, text);
        written.and_then(|()| fs::rename(&unfinished, &self.path)).inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
    }
}

/// The word behind these, if the line begins with them; "" if the line ends there.
fn after<'l>(line: &'l str, words: &[&str]) -> Option<&'l str> {
    let mut those = line.split_whitespace();
    words.iter().all(|word| those.next() == Some(word)).then(|| those.next().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use net_notes::check::Scratch;

    use super::*;

    #[test]
    fn no_change_is_lost_however_many_threads_change_it() {
        let folder = Scratch::new().expect("writable");
        let home = Home::at(folder.path());
        std::thread::scope(|scope| {
            for exercise in exercises::all() {
                let home = home.clone();
                scope.spawn(move || {
                    for count in 1..=5 {
                        Progress::update(&home, |progress| progress.set_hints(exercise, count))
                            .expect("writable");
                    }
                    Progress::update(&home, |progress| progress.set_done(exercise, true))
                        .expect("writable");
                });
            }
        });
        let progress = Progress::read(&home).expect("it is there");
        for exercise in exercises::all() {
            assert!(progress.is_done(exercise), "{}", exercise.name);
            assert_eq!(progress.hints(exercise), 5, "{}", exercise.name);
        }
    }
}

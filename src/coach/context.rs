//! The shared context of the commands: the student's folder, the language, and printing.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use net_notes::check::Localized;

use super::exercise::Exercise;
use super::home::Home;
use super::output::Voice;
use super::progress::Progress;

/// Everything that a command needs.
#[derive(Debug)]
pub(super) struct Coach {
    pub(super) home: Home,
    pub(super) voice: Voice,
}

impl Coach {
    /// The system's reason for an error, in the coach's language.
    pub(super) fn reason(&self, error: &io::Error) -> String {
        Localized::from(error).in_lang(self.voice.lang).to_string()
    }

    pub(super) fn progress(&self) -> Result<Progress, ExitCode> {
        Progress::read(&self.home).map_err(|error| {
            let (why, path) = (self.reason(&error), self.home.shown(&self.home.progress()));
            self.failed(&self.voice.say(
                format!("{path} cannot be read: {why}\nRemove it to begin with no exercise done."),
                format!("读不了 {path}：{why}\n删掉它，就从第一个练习重新开始。"),
            ))
        })
    }

    /// The advice after a failure.
    pub(super) fn again(&self, exercise: &Exercise) -> String {
        let (id, file) = (exercise.id(), Home::short_file(exercise));
        if !self.home.file(exercise).exists() {
            return self.voice.say(
                format!("to get the file back: cargo run -- reset {id}"),
                format!("把文件找回来：cargo run -- reset {id}"),
            );
        }
        let next = self.voice.say(
            format!("edit {file}, and: cargo run -- check {id}"),
            format!("修改 {file}，再执行：cargo run -- check {id}"),
        );
        self.voice.labelled(self.voice.say("then", "然后"), &next)
    }

    /// Reports that a file of the repository cannot be read.
    pub(super) fn lost(&self, path: &Path, error: &io::Error) -> ExitCode {
        let (why, path) = (self.reason(error), self.home.shown(path));
        self.failed(&self.voice.say(
            format!("{path}: {why}\nTo get it back: git checkout -- {path}"),
            format!("{path}：{why}\n把它找回来：git checkout -- {path}"),
        ))
    }

    pub(super) fn not_saved(&self, error: &io::Error) {
        let why = self.reason(error);
        let _ = self.failed(&self.voice.say(
            format!("note: .progress could not be written ({why}), so this will not be remembered"),
            format!("注意：这次的进度记不下来，因为写不了 .progress：{why}"),
        ));
    }

    /// Prints a line on standard output.
    pub(super) fn print(&self, text: &str) -> ExitCode {
        self.print_as_is(&self.voice.in_commands(text))
    }

    /// The same, for a text whose commands choose a language themselves. That the output may be closed (`| head`) is no reason
    /// to panic.
    pub(super) fn print_as_is(&self, text: &str) -> ExitCode {
        let _ = writeln!(io::stdout(), "{text}");
        ExitCode::SUCCESS
    }

    /// Prints a line on standard error.
    pub(super) fn failed(&self, text: &str) -> ExitCode {
        let _ = writeln!(io::stderr(), "{}", self.voice.in_commands(text));
        ExitCode::FAILURE
    }
}

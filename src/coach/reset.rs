//! The command `reset`: begins an exercise again. The student's file is kept as a copy.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::context::Coach;
use super::exercise::Exercise;
use super::home::Home;

impl Coach {
    /// Replaces the student's file by the stub, and keeps a copy.
    pub(super) fn reset(&self, exercise: &Exercise, yes: bool) -> ExitCode {
        let (voice, id) = (&self.voice, exercise.id());
        let (file, short) = (self.home.file(exercise), Home::short_file(exercise));
        let mine = match fs::read(&file) {
            Ok(mine) => Some(mine),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            // The file exists, and may be the student's work.
            Err(error) => {
                let why = self.reason(&error);
                return self.failed(&voice.say(
                    format!("{short}: {why}\nMove it out of the way, and: cargo run -- reset {id}"),
                    format!("{short}：{why}\n先把它挪开，再执行：cargo run -- reset {id}"),
                ));
            }
        };
        let path = self.home.stub(exercise);
        let stub = match fs::read(&path) {
            Ok(stub) => stub,
            Err(error) => return self.lost(&path, &error),
        };
        if mine.as_ref() == Some(&stub) {
            return self.print(&voice.say(
                format!("{short} is as it was at the beginning. Next: cargo run -- check {id}"),
                format!("{short} 还是最初的样子。下一步：cargo run -- check {id}"),
            ));
        }
        let mut kept = String::new();
        if mine.is_some() {
            let copy = self.free_name(&file);
            let copy_name = copy.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let question = voice.say(
                format!("Begin {short} again? Yours will be kept as {copy_name}. [y/N] "),
                format!("把 {short} 恢复成最初的样子？你写的会留在 {copy_name}。[y/N] "),
            );
            if !yes && !self.agreed(&question) {
                return self.failed(&voice.say(
                    format!("Nothing was changed. Next: cargo run -- check {id}"),
                    format!("什么都没改。下一步：cargo run -- check {id}"),
                ));
            }
            if let Err(error) = fs::copy(&file, &copy) {
                let (why, copy) = (self.reason(&error), self.home.shown(&copy));
                return self.failed(&voice.say(
                    format!("no copy could be kept, so nothing was changed: {copy}: {why}"),
                    format!("没能留下备份，所以什么都没改：{copy}：{why}"),
                ));
            }
            kept = voice.say(
                format!(" Yours is kept as {copy_name}."),
                format!("你写的留在 {copy_name}。"),
            );
        }
        if let Err(error) = fs::write(&file, stub) {
            let why = self.reason(&error);
            return self.failed(&voice.say(
                format!("{short} cannot be written: {why}"),
                format!("写不了 {short}：{why}"),
            ));
        }
        if let Ok(mut progress) = self.progress() {
            let written =
                progress.set_done(exercise, false).and_then(|()| progress.set_hints(exercise, 0));
            if let Err(error) = written {
                self.not_saved(&error);
            }
        }
        self.print(&voice.say(
            format!("{short} is as it was at the beginning.{kept} Next: cargo run -- check {id}"),
            format!("{short} 恢复成最初的样子了。{kept}下一步：cargo run -- check {id}"),
        ))
    }

    /// `03_server.rs.bak`, or the first of `.bak2`, `.bak3`, … that is free: no copy is overwritten.
    fn free_name(&self, file: &Path) -> PathBuf {
        let names = (1..).map(|n| match n {
            1 => file.with_extension("rs.bak"),
            n => file.with_extension(format!("rs.bak{n}")),
        });
        let mut free = names.skip_while(|name: &PathBuf| name.exists());
        free.next().unwrap_or_else(|| file.with_extension("rs.bak"))
    }

    /// Asks, and accepts only a clear yes.
    fn agreed(&self, question: &str) -> bool {
        let mut stdout = io::stdout();
        let _ = stdout.write_all(question.as_bytes()).and_then(|()| stdout.flush());
        let mut answer = String::new();
        let read = stdin().read_line(&mut answer).is_ok();
        if !stdin().is_terminal() {
            self.print(""); // no Enter has ended the line
        }
        read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
    }
}

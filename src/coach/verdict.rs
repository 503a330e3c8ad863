//! A check, and what it says.

use std::process::ExitCode;

use super::advice::advice;
use super::command::Coach;
use super::exercise::Exercise;
use super::judge::{Outcome, judge};

impl Coach {
    /// Judges the student's program, and says how it was.
    pub(super) fn check(&self, exercise: &Exercise) -> ExitCode {
        let voice = &self.voice;
        let (id, title) = (exercise.id(), exercise.title(voice.lang));
        if !exercise.runs_here() {
            let why = voice.say(
                "left out, as Rust's std has no Unix sockets on this system.",
                "跳过：这个系统上，Rust 的 std 没有 Unix 套接字。",
            );
            self.print(&format!("- {id} · {title}: {why}\n"));
            return match self.progress() {
                Ok(progress) => self.lead_on(progress.next()),
                Err(code) => code,
            };
        }
        let stuck = voice.say("stuck?      ", "卡住了      ");
        let stuck = format!("{stuck}cargo run -- hint {id}");
        match judge(&self.home, exercise, voice.colour) {
            Outcome::Passed => {
                let passed = voice.say(": every rule is kept.", "：所有规则都做到了。");
                self.print(&format!("{} {id} · {title}{passed}", voice.green("✓")));
                let compare = voice.say("compare     ", "对照        ");
                self.print(&format!("{compare}cargo run -- solution {id}\n"));
                let mut progress = match self.progress() {
                    Ok(progress) => progress,
                    Err(code) => return code,
                };
                if let Err(error) = progress.set_done(exercise, true) {
                    self.not_saved(&error);
                }
                self.lead_on(progress.next())
            }
            Outcome::Failed(failure) => {
                self.print(&format!("{} {id} · {title}", voice.red("✗")));
                self.print(&failure.show(voice.lang));
                let section = self.home.section(exercise, &failure, voice.lang);
                self.print(&(voice.say("read again  ", "再读一遍    ").to_string() + &section));
                self.print(&self.again(exercise));
                self.print(&stuck);
                ExitCode::FAILURE
            }
            Outcome::NotCompiled(message) => {
                let what = voice.say(": it does not compile yet:", "：还没有编译通过：");
                self.print(&format!("{} {id} · {title}{what}\n\n{message}", voice.red("✗")));
                for advice in advice(&message, voice.lang) {
                    self.print(&format!("{advice}\n"));
                }
                self.print(&self.again(exercise));
                self.print(&stuck);
                ExitCode::FAILURE
            }
            Outcome::NotChecked(why) => {
                let what = voice.say(": it could not be checked: ", "：没法检查：");
                self.print(&format!("{} {id} · {title}{what}{why}", voice.red("✗")));
                self.print(&self.again(exercise));
                ExitCode::FAILURE
            }
        }
    }
}

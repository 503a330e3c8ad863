//! A check, and what it says.

use std::fs;
use std::process::ExitCode;

use super::command::Coach;
use super::exercise::Exercise;
use super::home::Home;
use super::judge::{Outcome, judge};
use crate::check::{Failure, Lang};

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
        let again = voice.say(
            format!(
                "then        edit {}, and: cargo run -- check {id}",
                Home::short_file(exercise)
            ),
            format!(
                "然后        修改 {}，再执行：cargo run -- check {id}",
                Home::short_file(exercise)
            ),
        );
        match judge(&self.home, exercise, voice.colour) {
            Outcome::Passed => {
                let passed = voice.say("every rule is kept.", "所有规则都做到了。");
                self.print(&format!("{} {id} · {title}: {passed}", voice.green("✓")));
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
                self.print(&voice.say(
                    format!("read again  {}", self.section(exercise, &failure)),
                    format!("再读一遍    {}", self.section(exercise, &failure)),
                ));
                self.print(&again);
                let stuck = voice.say("stuck?      ", "卡住了      ");
                self.print(&format!("{stuck}cargo run -- hint {id}"));
                ExitCode::FAILURE
            }
            Outcome::NotCompiled(message) => {
                let what = voice.say("it does not compile yet:", "还没有编译通过：");
                self.print(&format!("{} {id} · {title}: {what}\n\n{message}", voice.red("✗")));
                self.print(&again);
                ExitCode::FAILURE
            }
            Outcome::NotChecked(why) => {
                let what = voice.say("it could not be checked:", "没法检查：");
                self.print(&format!("{} {id} · {title}: {what} {why}", voice.red("✗")));
                if !self.home.file(exercise).exists() {
                    let reset = voice.say("to get the file back:", "把文件找回来：");
                    self.print(&format!("{reset} cargo run -- reset {id}"));
                }
                ExitCode::FAILURE
            }
        }
    }

    /// The lesson's section that explains the rule. A Chinese page has the same headings in the same order.
    fn section(&self, exercise: &Exercise, failure: &Failure) -> String {
        let see = failure.rule().see;
        let path = Home::short_lesson(exercise, self.voice.lang);
        let headings = |lang| -> Vec<String> {
            let page = self.home.root().join(Home::short_lesson(exercise, lang));
            let page = fs::read_to_string(page).unwrap_or_default();
            page.lines()
                .filter(|line| line.starts_with("## ") || line.starts_with("### "))
                .map(|line| line.trim_start_matches('#').trim().to_string())
                .collect()
        };
        let at = headings(Lang::En).iter().position(|heading| heading == see);
        let heading = at.and_then(|at| headings(self.voice.lang).into_iter().nth(at));
        let heading = heading.unwrap_or_else(|| see.to_string());
        self.voice.say(format!("{path}, “{heading}”"), format!("{path} 的“{heading}”一节"))
    }
}

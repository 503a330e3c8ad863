//! A check, and what it says.

use std::process::ExitCode;

use super::advice::advice;
use super::command::Coach;
use super::exercise::Exercise;
use super::judge::{Outcome, PATIENCE, judge_telling};
use crate::check::layout::fill;
use crate::check::{Failure, Rule, Standing, Waiting};

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
        let hint = format!("cargo run -- hint {id}");
        let stuck = voice.labelled(voice.say("stuck?", "卡住了"), &hint);
        let tell = |waiting| _ = self.failed(&self.waits(waiting));
        match judge_telling(&self.home, exercise, voice.colour, tell) {
            Outcome::Passed => {
                let passed = voice.say(": every rule is kept.", "：所有规则都做到了。");
                self.print(&format!("{} {id} · {title}{passed}", voice.green("✓")));
                self.print(&self.marks(exercise, None));
                let solution = format!("cargo run -- solution {id}\n");
                self.print(&voice.labelled(voice.say("compare", "对照"), &solution));
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
                self.print(&self.marks(exercise, Some(&failure)));
                self.print(failure.show_in(voice.lang, voice.width).trim_end());
                let section = self.home.section(exercise, &failure, voice.lang);
                self.print(&voice.labelled(voice.say("read again", "再读一遍"), &section));
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
                let why = why.in_lang(voice.lang);
                self.print(&format!("{} {id} · {title}{what}{why}", voice.red("✗")));
                self.print(&self.again(exercise));
                ExitCode::FAILURE
            }
        }
    }

    /// The rules by name, each with how it stands: kept, broken, or not reached.
    fn marks(&self, exercise: &Exercise, failure: Option<&Failure>) -> String {
        let mark = |(rule, standing): (Rule, Standing)| {
            let mark = match standing {
                Standing::Kept => "✓",
                Standing::Broken => "✗",
                Standing::NotReached => "·",
            };
            format!("{mark} {}", rule.name)
        };
        let marks: Vec<String> = exercise.standings(failure).into_iter().map(mark).collect();
        format!("  {}", fill(&marks, self.voice.width.saturating_sub(2)).join("\n  "))
    }

    /// What the check waits for.
    fn waits(&self, waiting: Waiting) -> String {
        let limit = PATIENCE.as_secs();
        match waiting {
            Waiting::For(rule) => self.voice.say(
                format!("… waits for your program, {limit} s at most: {}", rule.name),
                format!("……正在等你的程序，最多 {limit} 秒：{}", rule.name),
            ),
            Waiting::OnPurpose => self.voice.say(
                "… a client of the check pauses on purpose, 2 s at most".to_string(),
                "……检查里有一个客户端故意停顿，最多 2 秒".to_string(),
            ),
        }
    }
}

//! The command `check`, and its output.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use net_notes::check::layout::fill;
use net_notes::check::{Failure, Rule, Standing, Waiting};

use super::advice::advice;
use super::check_options::CheckOptions;
use super::context::Coach;
use super::exercise::Exercise;
use super::judge::{Candidate, Judge, Outcome};
use super::verdict_json;

impl Coach {
    /// Judges a program, and prints the verdict.
    pub(super) fn check(&self, exercise: &Exercise, options: &CheckOptions) -> ExitCode {
        let judge = Judge {
            home: &self.home,
            exercise,
            colour: self.voice.colour && !options.json,
            time_limit: options.time_limit,
        };
        let began = Instant::now();
        let tell = |waiting| {
            if !options.json {
                let _ = self.failed(&self.waits(waiting, options.time_limit));
            }
        };
        let outcome = exercise.runs_here().then(|| judge.judge(&options.candidate, tell));
        if options.json {
            let lang = self.voice.lang;
            let object = verdict_json::whole(exercise, outcome.as_ref(), began.elapsed(), lang);
            let _ = self.print_as_is(&object);
            return match outcome {
                None | Some(Outcome::Passed(_)) => ExitCode::SUCCESS,
                Some(_) => ExitCode::FAILURE,
            };
        }
        match (outcome, &options.candidate) {
            (None, _) => self.left_out(exercise),
            (Some(Outcome::Passed(_)), what) => {
                self.passed(exercise, matches!(what, Candidate::Own))
            }
            (Some(failed), Candidate::Program(_)) => {
                self.print(&self.why(exercise, &failed));
                ExitCode::FAILURE
            }
            (Some(failed), Candidate::File(file)) if *file != self.home.file(exercise) => {
                self.print(&self.why(exercise, &failed));
                let (id, file) = (exercise.id(), self.home.shown(file));
                let next = self.voice.say(
                    format!("edit {file}, and: cargo run -- check {id} --file {file}"),
                    format!("修改 {file}，再执行：cargo run -- check {id} --file {file}"),
                );
                self.print(&self.voice.labelled(self.voice.say("then", "然后"), &next));
                ExitCode::FAILURE
            }
            (Some(failed), Candidate::Own | Candidate::File(_)) => {
                self.print(&self.why(exercise, &failed));
                self.print(&self.again(exercise));
                if !matches!(failed, Outcome::NotChecked(_)) {
                    let hint = format!("cargo run -- hint {}", exercise.id());
                    self.print(&self.voice.labelled(self.voice.say("stuck?", "卡住了"), &hint));
                }
                ExitCode::FAILURE
            }
        }
    }

    fn left_out(&self, exercise: &Exercise) -> ExitCode {
        let (id, title) = (exercise.id(), exercise.title(self.voice.lang));
        let why = self.voice.say(
            "left out, as Rust's std has no Unix sockets on this system.",
            "跳过：这个系统上，Rust 的 std 没有 Unix 套接字。",
        );
        self.print(&format!("- {id} · {title}: {why}\n"));
        match self.progress() {
            Ok(progress) => self.lead_on(progress.next()),
            Err(code) => code,
        }
    }

    /// `own`: it is the student's own program, which is remembered.
    fn passed(&self, exercise: &Exercise, own: bool) -> ExitCode {
        let voice = &self.voice;
        let (id, title) = (exercise.id(), exercise.title(voice.lang));
        let passed = voice.say(": every rule is kept.", "：所有规则都做到了。");
        self.print(&format!("{} {id} · {title}{passed}", voice.green("✓")));
        self.print(&self.marks(exercise, None));
        if !own {
            return ExitCode::SUCCESS;
        }
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

    /// The reason why the program does not pass.
    fn why(&self, exercise: &Exercise, outcome: &Outcome) -> String {
        let voice = &self.voice;
        let head = format!("{} {} · {}", voice.red("✗"), exercise.id(), exercise.title(voice.lang));
        match outcome {
            Outcome::Passed(_) => head,
            Outcome::Failed(failure, _) => {
                let section = self.home.section(exercise, failure, voice.lang);
                let marks = self.marks(exercise, Some(failure));
                let failure = failure.show_in(voice.lang, voice.width);
                let again = voice.labelled(voice.say("read again", "再读一遍"), &section);
                format!("{head}\n{marks}\n{}\n{again}", failure.trim_end())
            }
            Outcome::NotCompiled(message) => {
                let what = voice.say(": it does not compile yet:", "：还没有编译通过：");
                let advice = advice(message, voice.lang);
                let advice: Vec<String> =
                    advice.into_iter().map(|advice| format!("\n{advice}\n")).collect();
                format!("{head}{what}\n\n{message}{}", advice.concat())
            }
            Outcome::NotChecked(why) => {
                let what = voice.say(": it could not be checked: ", "：没法检查：");
                format!("{head}{what}{}", why.in_lang(voice.lang))
            }
        }
    }

    /// The names of the rules, each with its state: kept, broken, or not reached.
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

    /// A message about the current wait of the check.
    fn waits(&self, waiting: Waiting, time_limit: Duration) -> String {
        let limit = time_limit.as_secs_f64();
        match waiting {
            Waiting::For(rule) => self.voice.say(
                format!("… waits for your program, {limit} s at most: {}", rule.name),
                format!("……正在等你的程序，最多 {limit} 秒：{}", rule.name),
            ),
            Waiting::OnPurpose => self.voice.say(
                "… the check pauses on purpose, 2 s at most".to_string(),
                "……检查程序故意停顿，最多 2 秒".to_string(),
            ),
        }
    }
}

//! The path through the exercises: what is done, and what comes next.

use std::process::ExitCode;

use super::context::Coach;
use super::exercise::Exercise;
use super::exercises;
use super::home::Home;
use super::json;
use super::progress::Progress;

/// The state of an exercise.
enum State {
    LeftOut,
    Done,
    Next,
    Open,
}

impl State {
    fn of(exercise: &Exercise, progress: &Progress) -> State {
        if !exercise.runs_here() {
            State::LeftOut
        } else if progress.is_done(exercise) {
            State::Done
        } else if progress.next().is_some_and(|next| next.name == exercise.name) {
            State::Next
        } else {
            State::Open
        }
    }
}

impl Coach {
    pub(super) fn list(&self) -> ExitCode {
        let progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        let next = progress.next();
        self.print(&self.voice.bold(self.voice.say("Exercises", "练习")));
        for exercise in exercises::all() {
            let (mark, note) = match State::of(exercise, &progress) {
                State::LeftOut => {
                    let why = self.voice.say(" (no Unix sockets here)", "（这里没有 Unix 套接字）");
                    ("-".to_string(), why)
                }
                State::Done => (self.voice.green("✓"), ""),
                State::Next => (self.voice.bold("→"), ""),
                State::Open => ("·".to_string(), ""),
            };
            let title = exercise.title(self.voice.lang);
            self.print(&format!("  {mark} {}  {title}{note}", exercise.id()));
        }
        self.print("");
        self.lead_on(next)
    }

    /// Prints what to do next.
    pub(super) fn lead_on(&self, next: Option<&Exercise>) -> ExitCode {
        let voice = &self.voice;
        let Some(next) = next else {
            let done = voice.say(
                "All done. Now read how it works: lessons/15_how_it_works.md",
                "全部完成。接下来读一读内部原理：lessons/zh/15_how_it_works.md",
            );
            return self.print(done);
        };
        let id = next.id();
        let lesson = Home::short_lesson(next, voice.lang);
        let file = Home::short_file(next);
        self.print(&voice.say(
            format!(
                "Next: {id}, {}\n  read    {lesson}\n  edit    {file}\n  check   cargo run -- check {id}\n  stuck?  cargo run -- hint {id}",
                next.en
            ),
            format!(
                "下一个：{id}，{}\n  先读    {lesson}\n  编辑    {file}\n  检查    cargo run -- check {id}\n  卡住了  cargo run -- hint {id}",
                next.zh
            ),
        ))
    }

    pub(super) fn list_json(&self) -> ExitCode {
        let progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        let each = exercises::all().iter().map(|exercise| {
            let state = match State::of(exercise, &progress) {
                State::LeftOut => "left out",
                State::Done => "done",
                State::Next => "next",
                State::Open => "open",
            };
            let rules = json::list(exercise.rules.iter().map(|rule| {
                let (name, sentence) = (json::string(rule.name), rule.sentence(self.voice.lang));
                format!("{{\"name\": {name}, \"sentence\": {}}}", json::string(sentence))
            }));
            let fields = [
                ("id", exercise.id()),
                ("name", exercise.name),
                ("title", exercise.title(self.voice.lang)),
                ("state", state),
                ("file", &Home::short_file(exercise)),
                ("lesson", &Home::short_lesson(exercise, self.voice.lang)),
            ];
            let fields = fields.map(|(name, value)| format!("\"{name}\": {}", json::string(value)));
            format!("  {{{}, \"rules\": {rules}}}", fields.join(", "))
        });
        self.print(&format!("[\n{}\n]", each.collect::<Vec<_>>().join(",\n")))
    }
}

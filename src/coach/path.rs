//! The path through the exercises: what is done, and what comes next.

use std::process::ExitCode;

use super::command::Coach;
use super::exercise::Exercise;
use super::home::Home;

impl Coach {
    pub(super) fn list(&self) -> ExitCode {
        let progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        let next = progress.next();
        self.print(&self.voice.bold(self.voice.say("Exercises", "练习")));
        for exercise in Exercise::all() {
            let mark = match () {
                () if !exercise.runs_here() => "-".to_string(),
                () if progress.is_done(exercise) => self.voice.green("✓"),
                () if next.is_some_and(|next| next.name == exercise.name) => self.voice.bold("→"),
                () => "·".to_string(),
            };
            let note = match exercise.runs_here() {
                true => "",
                false => self.voice.say(" (no Unix sockets here)", "（这里没有 Unix 套接字）"),
            };
            let title = exercise.title(self.voice.lang);
            self.print(&format!("  {mark} {}  {title}{note}", exercise.id()));
        }
        self.print("");
        self.lead_on(next)
    }

    /// What to do now.
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
        let next = progress.next().map(|next| next.name);
        // Nothing here needs an escape: the names, titles and paths are ours.
        let each = Exercise::all().iter().map(|exercise| {
            let state = match () {
                () if !exercise.runs_here() => "left out",
                () if progress.is_done(exercise) => "done",
                () if next == Some(exercise.name) => "next",
                () => "open",
            };
            format!(
                "  {{\"id\": \"{}\", \"name\": \"{}\", \"title\": \"{}\", \"state\": \"{state}\", \"file\": \"{}\", \"lesson\": \"{}\"}}",
                exercise.id(),
                exercise.name,
                exercise.title(self.voice.lang),
                Home::short_file(exercise),
                Home::short_lesson(exercise, self.voice.lang),
            )
        });
        self.print(&format!("[\n{}\n]", each.collect::<Vec<_>>().join(",\n")))
    }
}

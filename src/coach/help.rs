//! The commands `hint` and `solution`.

use std::fs;
use std::io::ErrorKind;
use std::process::ExitCode;

use net_notes::check::layout::page;

use super::context::Coach;
use super::exercise::Exercise;

impl Coach {
    /// Prints the next hint, or the one with this number.
    pub(super) fn hint(&self, exercise: &Exercise, number: Option<&str>) -> ExitCode {
        let (voice, id) = (&self.voice, exercise.id());
        let path = self.home.hints(exercise, voice.lang);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return self.lost(&path, &error),
        };
        let hints: Vec<&str> = text.split("\n## ").skip(1).collect();
        if hints.is_empty() {
            return self.lost(&path, &ErrorKind::UnexpectedEof.into());
        }
        let mut progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        let number = match number.map(str::parse) {
            None => progress.hints(exercise).saturating_add(1).min(hints.len()),
            Some(Ok(number @ 1..)) if number <= hints.len() => number,
            Some(_) => {
                let count = hints.len();
                let why = voice.say(
                    format!("there are {count} hints: cargo run -- hint {id} 1"),
                    format!("一共有 {count} 条提示：cargo run -- hint {id} 1"),
                );
                return self.failed(&why);
            }
        };
        let (_, hint) = hints[number - 1].split_once('\n').unwrap_or_default();
        let title = voice.say(
            format!("{id} · hint {number} of {}", hints.len()),
            format!("{id} · 提示 {number}/{}", hints.len()),
        );
        self.print(&format!(
            "{}\n\n{}\n",
            voice.bold(&title),
            page(hint.trim_start_matches('\n').trim_end(), voice.width)
        ));
        if let Err(error) = progress.set_hints(exercise, number.max(progress.hints(exercise))) {
            self.not_saved(&error);
        }
        self.print(&if number < hints.len() {
            voice.say(
                format!("try: cargo run -- check {id}      still stuck? cargo run -- hint {id}"),
                format!("试试：cargo run -- check {id}      还是不行？cargo run -- hint {id}"),
            )
        } else {
            voice.say(
                format!("try: cargo run -- check {id}      that was the last hint: cargo run -- solution {id} --anyway"),
                format!("试试：cargo run -- check {id}      提示到此为止：cargo run -- solution {id} --anyway"),
            )
        })
    }

    pub(super) fn solution(&self, exercise: &Exercise, anyway: bool) -> ExitCode {
        let (voice, id) = (&self.voice, exercise.id());
        let progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        if !anyway && !progress.is_done(exercise) {
            return self.failed(&voice.say(
                format!("The solution is shown when your own program has passed: cargo run -- check {id}\nA hint: cargo run -- hint {id}\nTo see it now all the same: cargo run -- solution {id} --anyway"),
                format!("你自己的程序通过之后才能看答案：cargo run -- check {id}\n要提示：cargo run -- hint {id}\n就是想现在看：cargo run -- solution {id} --anyway"),
            ));
        }
        let path = self.home.solution(exercise);
        match fs::read_to_string(&path) {
            Ok(text) => {
                self.print(text.trim_end());
                self.print("");
                self.lead_on(progress.next())
            }
            Err(error) => self.lost(&path, &error),
        }
    }
}

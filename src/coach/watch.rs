//! The command `watch`: checks whenever the student saves.

use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use super::check_options::CheckOptions;
use super::context::Coach;
use super::exercise::Exercise;
use super::exercises;

/// The interval between looks at the files. Notifications of the system do not work on every file system, and a person
/// does not notice a quarter of a second.
const EVERY: Duration = Duration::from_millis(250);

/// Checks one exercise, or the next one, and then every one whose file changes. Ends on `q` and Enter, and at the end of the
/// input.
pub(super) fn run(coach: &Coach, first: Option<&'static Exercise>) -> ExitCode {
    let (typed, keys) = channel();
    thread::spawn(move || {
        for line in stdin().lock().lines() {
            if line.is_err() || line.is_ok_and(|line| line.trim() == "q") {
                break;
            }
        }
        let _ = typed.send(());
    });
    let mut seen: Vec<State> = exercises::all().iter().map(|one| state(coach, one)).collect();
    let mut due = match first {
        Some(first) => Some(first),
        None => match coach.progress() {
            Ok(progress) => progress.next(),
            Err(code) => return code,
        },
    };
    loop {
        if let Some(exercise) = due.take() {
            let _ = coach.check(exercise, &CheckOptions::default());
        }
        let watching = coach
            .voice
            .say("\n(watching; q and Enter ends it)", "\n（正在监视文件；按 q 再回车退出）");
        if writeln!(stdout(), "{watching}").is_err() {
            return ExitCode::SUCCESS; // nobody reads it any more
        }
        while due.is_none() {
            if keys.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                return ExitCode::SUCCESS;
            }
            for (exercise, seen) in exercises::all().iter().zip(&mut seen) {
                let now = state(coach, exercise);
                if now.is_some() && now != *seen {
                    *seen = now;
                    due = Some(exercise);
                    break; // the others are still as they were seen, and so will be next
                }
            }
        }
    }
}

/// The time of the last change of a file, and its length; `None` while an editor replaces it.
type State = Option<(SystemTime, u64)>;

fn state(coach: &Coach, exercise: &Exercise) -> State {
    let metadata = fs::metadata(coach.home.file(exercise)).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

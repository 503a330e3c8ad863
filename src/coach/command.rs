//! The coach's commands. Each ends by naming the next one.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use super::build;
use super::exercise::Exercise;
use super::home::Home;
use super::output::{Voice, system_lang};
use super::progress::Progress;
use super::watch;
use crate::check::Lang;

/// All that a command needs.
#[derive(Debug)]
pub(super) struct Coach {
    pub(super) home: Home,
    pub(super) voice: Voice,
}

const HELP: (&str, &str) = (
    "cargo run                          the path: what is done, and what comes next
cargo run -- check [03]            judge your program; without a number: the next one
cargo run -- run 03 [ARGS]         start your program
cargo run -- hint 03 [2]           a hint, and with each call the next one
cargo run -- solution 03           a good answer, when you have passed (or with --anyway)
cargo run -- reset 03              begin again; asks first, and keeps a copy (--yes: does not ask)
cargo run -- watch [03]            check whenever you save; q and Enter ends it
cargo run -- list --json           the path, for programs
--lang en, --lang zh               the language; otherwise as your system is set (LANG)",
    "cargo run                          学习路线：完成了哪些，下一个是什么
cargo run -- check [03]            检查你的程序；不写编号就检查下一个
cargo run -- run 03 [参数]         启动你的程序
cargo run -- hint 03 [2]           一条提示，每执行一次给下一条
cargo run -- solution 03           参考答案，通过之后才给看（加 --anyway 可以提前看）
cargo run -- reset 03              从头再来；会先问一声，并留一份备份（--yes 则不问）
cargo run -- watch [03]            一保存就检查；按 q 再回车退出
cargo run -- list --json           学习路线，给程序读
--lang en, --lang zh               选语言；不写就跟系统设置走（LANG）",
);

/// Finds out what is asked for, and does it.
pub(super) fn run(mut args: Vec<String>) -> ExitCode {
    let mut lang = Some(system_lang());
    // Behind `run 03` all is the student's program's.
    let ours = if args.first().is_some_and(|first| first == "run") { 2 } else { args.len() };
    if let Some(at) = args.iter().take(ours).position(|arg| arg == "--lang") {
        lang = match args.get(at + 1).map(String::as_str) {
            Some("en") => Some(Lang::En),
            Some("zh") => Some(Lang::Zh),
            _ => None,
        };
        args.drain(at..(at + 2).min(args.len()));
    }
    let coach = Coach { home: Home::new(), voice: Voice::new(lang.unwrap_or(Lang::En)) };
    if lang.is_none() {
        return coach.misunderstood("--lang en | --lang zh");
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] | ["list"] => coach.list(),
        ["list", "--json"] => coach.list_json(),
        ["help" | "--help" | "-h"] => coach.print(coach.voice.say(HELP.0, HELP.1)),
        ["check"] => coach.with_next(Coach::check),
        ["check", which] => coach.with(which, Coach::check),
        ["run", which, ref rest @ ..] => coach.with(which, |coach, one| coach.start(one, rest)),
        ["hint"] => coach.with_next(|coach, one| coach.hint(one, None)),
        ["hint", which] => coach.with(which, |coach, one| coach.hint(one, None)),
        ["hint", which, number] => coach.with(which, |coach, one| coach.hint(one, Some(number))),
        ["solution", which] => coach.with(which, |coach, one| coach.solution(one, false)),
        ["solution", which, "--anyway"] | ["solution", "--anyway", which] => {
            coach.with(which, |coach, one| coach.solution(one, true))
        }
        ["reset", which] => coach.with(which, |coach, one| coach.reset(one, false)),
        ["reset", which, "--yes"] | ["reset", "--yes", which] => {
            coach.with(which, |coach, one| coach.reset(one, true))
        }
        ["watch"] => watch::run(&coach, None),
        ["watch", which] => coach.with(which, |coach, one| watch::run(coach, Some(one))),
        _ => coach.misunderstood(&args.join(" ")),
    }
}

impl Coach {
    /// Starts the student's program in this terminal.
    fn start(&self, exercise: &Exercise, args: &[&str]) -> ExitCode {
        let source = self.home.file(exercise);
        let program = match build::program(&self.home, &source, self.voice.colour) {
            Ok(program) => program,
            Err(build::Error::Compiler(why) | build::Error::Io(why)) => {
                let _ = self.failed(&why);
                return self.failed(&self.again(exercise));
            }
        };
        let mut command = Command::new(program);
        command.args(args);
        // In our place where that can be: then whoever ends us has ended the program, and nobody holds its port.
        #[cfg(unix)]
        let error = std::os::unix::process::CommandExt::exec(&mut command);
        #[cfg(not(unix))]
        let error = match command.status().map(|status| status.code()) {
            Ok(code) => return ExitCode::from(code.and_then(|n| n.try_into().ok()).unwrap_or(1)),
            Err(error) => error,
        };
        self.failed(&error.to_string())
    }

    pub(super) fn progress(&self) -> Result<Progress, ExitCode> {
        Progress::read(&self.home).map_err(|error| {
            let path = self.home.shown(&self.home.progress());
            self.failed(&self.voice.say(
                format!(
                    "{path} cannot be read: {error}\nRemove it to begin with no exercise done."
                ),
                format!("读不了 {path}：{error}\n删掉它，就从第一个练习重新开始。"),
            ))
        })
    }

    /// What to do after a failure.
    pub(super) fn again(&self, exercise: &Exercise) -> String {
        let (id, file) = (exercise.id(), Home::short_file(exercise));
        if !self.home.file(exercise).exists() {
            return self.voice.say(
                format!("to get the file back: cargo run -- reset {id}"),
                format!("把文件找回来：cargo run -- reset {id}"),
            );
        }
        self.voice.say(
            format!("then        edit {file}, and: cargo run -- check {id}"),
            format!("然后        修改 {file}，再执行：cargo run -- check {id}"),
        )
    }

    /// A file that comes with the repository cannot be read.
    pub(super) fn lost(&self, path: &Path, error: &io::Error) -> ExitCode {
        let path = self.home.shown(path);
        self.failed(&self.voice.say(
            format!("{path}: {error}\nTo get it back: git checkout -- {path}"),
            format!("{path}：{error}\n把它找回来：git checkout -- {path}"),
        ))
    }

    pub(super) fn not_saved(&self, error: &io::Error) {
        let _ = self.failed(&self.voice.say(
            format!(
                "note: .progress could not be written ({error}), so this will not be remembered"
            ),
            format!("注意：写不了 .progress（{error}），所以这次的进度记不下来"),
        ));
    }

    /// Does something with the exercise that is meant.
    fn with(
        &self,
        which: &str,
        act: impl FnOnce(&Coach, &'static Exercise) -> ExitCode,
    ) -> ExitCode {
        match Exercise::find(which) {
            Some(exercise) => act(self, exercise),
            None => {
                let ids: Vec<&str> = Exercise::all().iter().map(Exercise::id).collect();
                let ids = ids.join(" ");
                let _ = self.failed(&self.voice.say(
                    format!("there is no exercise {which:?}; there are: {ids}"),
                    format!("没有 {which:?} 这个练习；有这些：{ids}"),
                ));
                ExitCode::from(2)
            }
        }
    }

    /// Does something with the first exercise that is not done.
    pub(super) fn with_next(
        &self,
        act: impl FnOnce(&Coach, &'static Exercise) -> ExitCode,
    ) -> ExitCode {
        match self.progress().map(|progress| progress.next()) {
            Ok(Some(next)) => act(self, next),
            Ok(None) => self.lead_on(None),
            Err(code) => code,
        }
    }

    fn misunderstood(&self, what: &str) -> ExitCode {
        let _ = self.failed(&self.voice.say(
            format!("not understood: {what}\n\n{}", HELP.0),
            format!("看不懂：{what}\n\n{}", HELP.1),
        ));
        ExitCode::from(2)
    }

    /// A line on standard output. That it may be closed (`| head`) is no reason to panic.
    pub(super) fn print(&self, text: &str) -> ExitCode {
        let _ = writeln!(io::stdout(), "{text}");
        ExitCode::SUCCESS
    }

    /// A line on standard error.
    pub(super) fn failed(&self, text: &str) -> ExitCode {
        let _ = writeln!(io::stderr(), "{text}");
        ExitCode::FAILURE
    }
}

//! The coach's commands. Each ends by naming the next one.

use std::io::{self, Write};
use std::process::{Command, ExitCode};

use net_notes::check::Lang;

use super::advice::advice;
use super::build;
use super::check_options::CheckOptions;
use super::context::Coach;
use super::exercise::Exercise;
use super::exercises;
use super::home::Home;
use super::language::{self, language};
use super::output::Voice;
use super::watch;
use super::workbench::Opened;

const HELP: (&str, &str) = (
    "cargo run                          the path: what is done, and what comes next
cargo run -- check [03]            judge your program; without a number: the next one
cargo run -- run 03 [ARGS]         start your program
cargo run -- hint 03 [2]           a hint, and with each call the next one
cargo run -- solution 03           a good answer, when you have passed (or with --anyway)
cargo run -- reset 03              begin again; asks first, and keeps a copy (--yes: does not ask)
cargo run -- watch [03]            check whenever you save; q and Enter ends it
cargo run -- open [--port N]       the course in the browser (--host NAME: also under this name)
cargo run -- wire [--port N]       what crosses the wire, in the browser
cargo run -- list --json           the path, for programs
cargo run -- check --all           judge all of your programs; --json: for programs
cargo run -- check 03 --file F     judge another file; --program P: a program, in any language
cargo run -- export DIR            the lessons as pages for a browser, to read without a terminal
cargo run -- lang zh               用中文; lang en: English; without either: which it is, and why
--lang en, --lang zh               the language of this one command",
    "cargo run                          学习路线：完成了哪些，下一个是什么
cargo run -- check [03]            检查你的程序；不写编号就检查下一个
cargo run -- run 03 [参数]         启动你的程序
cargo run -- hint 03 [2]           一条提示，每执行一次给下一条
cargo run -- solution 03           参考答案，通过之后才给看（加 --anyway 可以提前看）
cargo run -- reset 03              从头再来；会先问一声，并留一份备份（--yes 则不问）
cargo run -- watch [03]            一保存就检查；按 q 再回车退出
cargo run -- open [--port N]       在浏览器里学（--host 名字：也可以用这个名字访问）
cargo run -- wire [--port N]       在浏览器里看线上的往来
cargo run -- list --json           学习路线，给程序读
cargo run -- check --all           检查你写的所有程序；加 --json 给程序读
cargo run -- check 03 --file F     检查另一个源文件；--program P 检查一个程序，用什么语言写的都行
cargo run -- export 目录           把课程导出成网页，不开终端也能读
cargo run -- lang en               English；lang zh 是中文；都不写就告诉你现在用哪种语言、为什么
--lang en, --lang zh               只管这一条命令的语言",
);

/// Parses the arguments and runs the command.
pub(crate) fn run(mut args: Vec<String>) -> ExitCode {
    let home = Home::new();
    let usual = language(&home);
    let asked = take_lang(&mut args);
    let lang = asked.unwrap_or(Some(usual));
    let coach = Coach { home, voice: Voice::new(lang.unwrap_or(usual), usual) };
    if lang.is_none() {
        return coach.misunderstood("--lang en | --lang zh");
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] | ["list"] => coach.list(),
        ["list", "--json"] => coach.list_json(),
        ["help" | "--help" | "-h"] => coach.print_as_is(coach.voice.say(HELP.0, HELP.1)),
        ["check", "--all"] => coach.check_all(false),
        ["check", "--all", "--json"] | ["check", "--json", "--all"] => coach.check_all(true),
        ["check", ref rest @ ..] => coach.check_as_asked(rest),
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
        ["export", folder] => coach.export(folder),
        ["render", ref files @ ..] if !files.is_empty() => coach.render(files),
        ["lang"] => coach.lang(),
        ["lang", name] => match language::named(name) {
            Some(lang) => coach.set_lang(lang),
            None => coach.misunderstood("lang en | lang zh"),
        },
        ["open", ref rest @ ..] => coach.open(Opened::Path, rest),
        ["wire", ref rest @ ..] => coach.open(Opened::Wire, rest),
        ["watch"] => watch::run(&coach, None),
        ["watch", which] => coach.with(which, |coach, one| watch::run(coach, Some(one))),
        _ => coach.misunderstood(&args.join(" ")),
    }
}

/// Removes `--lang zh` or `--lang=zh` from the arguments. `Some(None)`: the name is not one of our languages.
fn take_lang(args: &mut Vec<String>) -> Option<Option<Lang>> {
    // All arguments behind `run 03` are for the student's program.
    let ours = args.iter().position(|arg| arg == "run").map_or(args.len(), |run| run + 2);
    let at = args.iter().take(ours).position(|arg| arg.split('=').next() == Some("--lang"))?;
    let option = args.remove(at);
    let name = match option.split_once('=') {
        Some((_, name)) => Some(name.to_string()),
        None => (at < args.len()).then(|| args.remove(at)),
    };
    Some(name.as_deref().and_then(language::named))
}

impl Coach {
    /// Judges one program: by default the student's own, of the next exercise.
    fn check_as_asked(&self, args: &[&str]) -> ExitCode {
        let Some(options) = CheckOptions::parse(args) else {
            return self.misunderstood(&format!("check {}", args.join(" ")));
        };
        match &options.which {
            Some(which) => self.with(which, |coach, one| coach.check(one, &options)),
            None => self.with_next(|coach, one| coach.check(one, &options)),
        }
    }

    /// Starts the student's program in this terminal.
    fn start(&self, exercise: &Exercise, args: &[&str]) -> ExitCode {
        let source = self.home.file(exercise);
        let program = match build::program(&self.home, &source, self.voice.colour) {
            Ok(program) => program,
            Err(error) => {
                let why = match error {
                    build::Error::Compiler(message) => message,
                    build::Error::Io(why) => why.in_lang(self.voice.lang).to_string(),
                };
                let _ = self.failed(&why);
                for advice in advice(&why, self.voice.lang) {
                    let _ = self.failed(&format!("{advice}\n"));
                }
                return self.failed(&self.again(exercise));
            }
        };
        let mut command = Command::new(&program);
        command.args(args);
        // It replaces this process where the system can do that: a signal to us then ends the program, too, and frees its port.
        #[cfg(unix)]
        let error = std::os::unix::process::CommandExt::exec(&mut command);
        #[cfg(not(unix))]
        let error = match command.status().map(|status| status.code()) {
            Ok(code) => return ExitCode::from(code.and_then(|n| n.try_into().ok()).unwrap_or(1)),
            Err(error) => error,
        };
        let (why, program) = (self.reason(&error), program.display());
        self.failed(&self.voice.say(
            format!("{program} cannot be started: {why}"),
            format!("启动不了 {program}：{why}"),
        ))
    }

    /// Calls `act` with the exercise of this number or name.
    fn with(
        &self,
        which: &str,
        act: impl FnOnce(&Coach, &'static Exercise) -> ExitCode,
    ) -> ExitCode {
        match exercises::find(which) {
            Some(exercise) => act(self, exercise),
            None => {
                let ids: Vec<&str> = exercises::all().iter().map(Exercise::id).collect();
                let ids = ids.join(" ");
                let _ = self.failed(&self.voice.say(
                    format!("there is no exercise {which:?}; there are: {ids}"),
                    format!("没有 {which:?} 这个练习；有这些：{ids}"),
                ));
                ExitCode::from(2)
            }
        }
    }

    /// Calls `act` with the first exercise that is not done.
    fn with_next(&self, act: impl FnOnce(&Coach, &'static Exercise) -> ExitCode) -> ExitCode {
        match self.progress().map(|progress| progress.next()) {
            Ok(Some(next)) => act(self, next),
            Ok(None) => self.lead_on(None),
            Err(code) => code,
        }
    }

    pub(super) fn misunderstood(&self, what: &str) -> ExitCode {
        let help = self.voice.say(("not understood: ", HELP.0), ("看不懂这条命令：", HELP.1));
        let _ = writeln!(io::stderr(), "{}{what}\n\n{}", help.0, help.1);
        ExitCode::from(2)
    }
}

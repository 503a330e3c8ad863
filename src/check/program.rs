//! The program under check: started, listened to, typed to, waited for, and always ended.

mod lines;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::failure::Failure;
use super::observed::Observed;
use super::process::Process;
use super::rule::Rule;
use super::run::Run;
use super::transcript::{Output, What, Who};
use super::tree::Tree;
use super::{Verdict, process};
use crate::sync::lock;

const STARTS: Rule =
    Rule {
        name: "starts", en: "The program starts.", zh: "程序要能启动。", see: "Exercise"
    };

/// What is checked: a program, and the environment to start it in.
#[derive(Debug, Clone)]
pub struct Subject {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Subject {
    /// The program at this path.
    pub fn new(program: impl Into<PathBuf>) -> Subject {
        Subject { program: program.into(), environment: Vec::new() }
    }

    /// The same, with a variable in its environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Subject {
        self.environment.push((name.into(), value.into()));
        self
    }
}

/// A running program. Killed with its children when it is dropped.
#[derive(Debug)]
pub struct Program {
    process: Arc<Process>,
    run: Arc<Run>,
    /// The thread that types for us; the input ends with it. `None` once the input has ended.
    typist: Mutex<Option<Sender<Typed>>>,
    /// How much of its output the lines that were asked for have taken.
    taken: Mutex<usize>,
}

/// What is to be typed, and where to report that the program's pipe has taken it.
type Typed = (Vec<u8>, Sender<()>);

/// How a program ended, and all that it printed.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit status; `None` if a signal killed it.
    pub status: Option<i32>,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error, without the lines of `NET_TRACE`.
    pub stderr: String,
    /// The lines of `NET_TRACE` on its standard error.
    pub trace: Vec<String>,
}

impl Program {
    pub(super) fn start<A: AsRef<OsStr>>(
        run: &Arc<Run>,
        subject: &Subject,
        args: impl IntoIterator<Item = A>,
    ) -> Verdict<Program> {
        let mut command = Command::new(&subject.program);
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_os_string()).collect();
        // The session's settings are not the program's: of a panic the first line says enough, and the wire is shown by us.
        command.env_remove("RUST_BACKTRACE").env_remove("NET_TRACE");
        command.args(&args).envs(subject.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Tree::plant(&mut command);
        let cannot = |error: io::Error| {
            let what = subject.program.display();
            let expected = Observed::text(format!("{what} runs"), format!("{what} 能运行"));
            run.failed(&STARTS, vec![expected], vec![Observed::Text((&error).into())])
        };
        let mut child = command.spawn().map_err(cannot)?;
        let tree = Tree::of(&child).inspect_err(|_| _ = child.kill()).map_err(cannot)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Arc::new(Process::new(child, tree, run.patience));
        lock(&run.programs).push(process.clone());
        let args = args.join(OsStr::new(" "));
        let args = args.to_string_lossy();
        let starts = What::other(format!("is started with: {args}"), format!("启动，参数：{args}"));
        run.transcript.add(Who::PROGRAM, starts); // before anything that it prints
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            process.follow(run, stdout, Output::Stdout);
            process.follow(run, stderr, Output::Stderr);
        }
        let typist = stdin.map(|stdin| {
            let (typist, typed) = channel();
            thread::spawn(move || types(stdin, &typed));
            typist
        });
        Ok(Program { process, run: run.clone(), typist: Mutex::new(typist), taken: Mutex::new(0) })
    }

    /// Types this into the program, and waits until it is taken. If it is not, or the program has ended, that shows in what is
    /// expected next.
    pub fn type_in(&self, text: impl AsRef<[u8]>) {
        let Some(typist) = lock(&self.typist).clone() else { return };
        self.run.transcript.add(Who::PROGRAM, What::typed(text.as_ref()));
        let (taken, wait) = channel();
        let _ = typist.send((text.as_ref().to_vec(), taken));
        if wait.recv_timeout(self.run.patience) == Err(RecvTimeoutError::Timeout) {
            let stuck = What::other("does not take all of it", "没有全部收下");
            self.run.transcript.add(Who::PROGRAM, stuck);
        }
    }

    /// The end of its standard input, as by Ctrl-D.
    pub fn close_stdin(&self) {
        if lock(&self.typist).take().is_some() {
            let end = What::other("its input ends", "它的输入结束");
            self.run.transcript.add(Who::PROGRAM, end);
        }
    }

    /// Waits until the program has ended by itself.
    pub fn wait(&self, rule: &Rule) -> Verdict<Ended> {
        let _waits = self.run.waits_for(rule);
        let deadline = self.run.deadline();
        let Some(status) = self.process.end_by(deadline) else {
            let after = self.run.patience;
            let hangs = Observed::text(
                format!("it still runs after {after:?}"),
                format!("{after:?} 之后程序还在运行"),
            );
            let ends = Observed::text("the program ends by itself", "程序自己结束");
            return Err(self.failed(rule, vec![ends], vec![hangs]));
        };
        self.process.was_awaited();
        let printed = self.process.printed.lock();
        let stderr = String::from_utf8_lossy(&printed.stderr);
        let (trace, stderr): (Vec<&str>, _) =
            stderr.split_inclusive('\n').partition(|line| process::is_trace(line));
        Ok(Ended {
            status: status.code(),
            stdout: printed.stdout.clone(),
            stderr: stderr.concat(),
            trace: trace.into_iter().map(|line| line.trim().to_string()).collect(),
        })
    }

    /// Waits until the program has ended by itself, which must be with this exit status.
    pub fn expect_exit(&self, status: i32, rule: &Rule) -> Verdict<Ended> {
        let ended = self.wait(rule)?;
        if ended.status == Some(status) {
            return Ok(ended);
        }
        let (expected, actual) = (Observed::Exit(Some(status)), Observed::Exit(ended.status));
        Err(self.failed(rule, vec![expected], vec![actual]))
    }

    /// Waits until the program has ended by itself, with exit status 1 and a message on standard error. It may say what it
    /// likes.
    pub fn expect_error(&self, rule: &Rule) -> Verdict {
        let said = self.expect_exit(1, rule)?.stderr;
        if !said.trim().is_empty() {
            return Ok(());
        }
        let message = Observed::text("a message on standard error", "标准错误上有一句说明");
        Err(self.failed(rule, vec![message], vec![Observed::bytes(said)]))
    }

    /// Waits until the program has ended by itself. All of its standard output must be these bytes, 1 MiB at most.
    pub fn expect_output(&self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        let printed = self.wait(rule)?.stdout;
        if printed == bytes.as_ref() {
            return Ok(());
        }
        Err(self.failed(rule, vec![Observed::bytes(bytes)], vec![Observed::Bytes(printed)]))
    }

    /// Whether the program has not ended yet.
    pub fn is_running(&self) -> bool {
        self.process.status().is_none()
    }

    /// The program must be running now.
    pub fn expect_running(&self, rule: &Rule) -> Verdict {
        match self.process.status() {
            None => Ok(()),
            Some(status) => {
                let runs = Observed::text("the program continues running", "程序继续运行");
                Err(self.failed(rule, vec![runs], vec![Observed::Exit(status.code())]))
            }
        }
    }

    /// The program must be running now, as every server must that has said where it listens.
    pub fn expect_up(&self) -> Verdict {
        self.expect_running(&lines::STAYS_UP)
    }

    /// A failure of this program by this rule, for what no building block expects by itself.
    pub fn failure(&self, rule: &Rule, expected: Observed, actual: Observed) -> Failure {
        self.failed(rule, vec![expected], vec![actual])
    }

    pub(super) fn failed(
        &self,
        rule: &Rule,
        expected: Vec<Observed>,
        actual: Vec<Observed>,
    ) -> Failure {
        self.run.failed_with(Some(&self.process), rule, expected, actual)
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the program and its children now.
    pub fn kill(&self) {
        self.process.kill();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Types, and waits for the program where that does not read. With the last sender its input ends.
fn types(mut stdin: ChildStdin, typed: &Receiver<Typed>) {
    for (text, taken) in typed {
        // It may have ended: nobody is left to type for.
        let _ = stdin.write_all(&text);
        let _ = taken.send(());
    }
}

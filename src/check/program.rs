//! [`Program`]: the program under check. It is started, gets input, is waited for, and is always
//! ended.

mod lines;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::failure::Failure;
use super::group::ProcessGroup;
use super::observed::Observed;
use super::process::Process;
use super::rule::Rule;
use super::run::Run;
use super::transcript::{OutputStream, Participant, TranscriptEvent};
use super::{Verdict, process};
use crate::sync::lock;

const STARTS: Rule =
    Rule {
        name: "starts", en: "The program starts.", zh: "程序要能启动。", see: "Exercise"
    };

/// The program to check, and its environment.
#[derive(Debug, Clone)]
pub struct Subject {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Subject {
    /// Creates a subject from the path of the program.
    pub fn new(program: impl Into<PathBuf>) -> Subject {
        Subject { program: program.into(), environment: Vec::new() }
    }

    /// Adds a variable to the environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Subject {
        self.environment.push((name.into(), value.into()));
        self
    }
}

/// A running program. Dropping it kills it with its children.
#[derive(Debug)]
pub struct Program {
    process: Arc<Process>,
    run: Arc<Run>,
    /// The thread that writes its standard input, which ends with this sender. `None` once the
    /// input has ended.
    input: Mutex<Option<Sender<InputText>>>,
    /// The number of bytes of its output that were taken as lines.
    taken: Mutex<usize>,
}

/// The text to write, and where to report that the program's pipe has taken it.
type InputText = (Vec<u8>, Sender<()>);

/// The end of a program, and all its output.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit status; `None` if a signal killed it.
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
        // The settings of our session are not for the program: the first line of a panic is enough,
        // and we show the wire ourselves.
        command.env_remove("RUST_BACKTRACE").env_remove("NET_TRACE");
        command.args(&args).envs(subject.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let cannot = |error: io::Error| {
            let what = subject.program.display();
            let expected = Observed::text(format!("{what} runs"), format!("{what} 能运行"));
            run.failed(&STARTS, vec![expected], vec![Observed::Text((&error).into())])
        };
        let group = ProcessGroup::new().map_err(cannot)?;
        let mut child = group.spawn(&mut command).map_err(cannot)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Arc::new(Process::new(child, group, run.time_limit));
        lock(&run.programs).push(process.clone());
        let args = args.join(OsStr::new(" "));
        let args = args.to_string_lossy();
        let starts = TranscriptEvent::other(
            format!("is started with: {args}"),
            format!("启动，参数：{args}"),
        );
        run.transcript.add(Participant::PROGRAM, starts); // before anything that it prints
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            let record =
                |run: Arc<Run>| move |event| run.transcript.add(Participant::PROGRAM, event);
            process.collect_output(stdout, OutputStream::Stdout, record(run.clone()));
            process.collect_output(stderr, OutputStream::Stderr, record(run.clone()));
        }
        let input = stdin.map(|stdin| {
            let (input, typed) = channel();
            thread::spawn(move || write_input(stdin, &typed));
            input
        });
        Ok(Program { process, run: run.clone(), input: Mutex::new(input), taken: Mutex::new(0) })
    }

    /// Writes this to the program's standard input, and waits until the pipe has taken it. If it is
    /// not taken in time, the transcript says so; a program that has ended takes nothing.
    pub fn type_in(&self, text: impl AsRef<[u8]>) {
        let Some(input) = lock(&self.input).clone() else { return };
        self.run.transcript.add(Participant::PROGRAM, TranscriptEvent::typed(text.as_ref()));
        let (taken, wait) = channel();
        let _ = input.send((text.as_ref().to_vec(), taken));
        if wait.recv_timeout(self.run.time_limit) == Err(RecvTimeoutError::Timeout) {
            let stuck = TranscriptEvent::other("does not take all of it", "没有全部收下");
            self.run.transcript.add(Participant::PROGRAM, stuck);
        }
    }

    /// Ends its standard input, as Ctrl-D does.
    pub fn close_stdin(&self) {
        if lock(&self.input).take().is_some() {
            let end = TranscriptEvent::other("its input ends", "它的输入结束");
            self.run.transcript.add(Participant::PROGRAM, end);
        }
    }

    /// Waits until the program has ended without being killed.
    pub fn wait(&self, rule: &Rule) -> Verdict<Ended> {
        let _waits = self.run.waits_for(rule);
        let deadline = self.run.deadline();
        let Some(status) = self.process.end_by(deadline) else {
            let after = self.run.time_limit;
            let hangs = Observed::text(
                format!("it still runs after {after:?}"),
                format!("{after:?} 之后程序还在运行"),
            );
            let ends = Observed::text("the program ends by itself", "程序自己结束");
            return Err(self.failed(rule, vec![ends], vec![hangs]));
        };
        self.process.mark_awaited();
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

    /// Waits until the program has ended, which must be with this exit status.
    pub fn expect_exit(&self, status: i32, rule: &Rule) -> Verdict<Ended> {
        let ended = self.wait(rule)?;
        if ended.status == Some(status) {
            return Ok(ended);
        }
        let (expected, actual) = (Observed::Exit(Some(status)), Observed::Exit(ended.status));
        Err(self.failed(rule, vec![expected], vec![actual]))
    }

    /// Waits until the program has ended, which must be with exit status 1 and any message on
    /// standard error.
    pub fn expect_error(&self, rule: &Rule) -> Verdict {
        let said = self.expect_exit(1, rule)?.stderr;
        if !said.trim().is_empty() {
            return Ok(());
        }
        let message = Observed::text("a message on standard error", "标准错误上有一句说明");
        Err(self.failed(rule, vec![message], vec![Observed::bytes(said)]))
    }

    /// Waits until the program has ended. All of its standard output must be these bytes, 1 MiB at
    /// most.
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

    /// The program must be running now, as each server must that has printed its port.
    pub fn expect_up(&self) -> Verdict {
        self.expect_running(&lines::STAYS_UP)
    }

    /// Creates a failure of this program by this rule, for a condition that no other method checks.
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

/// Writes the input, and waits while the program does not read. The input ends with the last
/// sender.
fn write_input(mut stdin: ChildStdin, typed: &Receiver<InputText>) {
    for (text, taken) in typed {
        // The program may have ended: then the input has no reader.
        let _ = stdin.write_all(&text);
        let _ = taken.send(());
    }
}

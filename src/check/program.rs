//! The program under check: started, listened to, typed to, waited for, and always ended.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Seen;
use super::rule::{Rule, Words};
use super::transcript::What;
use super::tree::Tree;
use super::{Run, Verdict};
use crate::sync::{Monitor, lock};

/// How much of what a program prints is kept; one that prints for ever is read on, and not kept.
const KEPT: usize = 1 << 20;
/// How long the end of a program is waited for that has just closed its connections: it may be about to end.
const LAST_WORDS: Duration = Duration::from_millis(300);

const STARTS: Rule =
    Rule {
        name: "starts", en: "The program starts.", zh: "程序要能启动。", see: "Exercise"
    };
const STAYS: Rule = Rule {
    name: "stays-up",
    en: "The program says on which port it listens, and goes on running: it does not end by itself.",
    zh: "程序要打印自己监听的端口，然后一直运行：不能自己退出。",
    see: "Exercise",
};
const SAYS_PORT: Rule = Rule {
    name: "says-port",
    en: "The program listens on the port that it is given (0: any free one), and prints a line with \"port\" and the number.",
    zh: "程序要监听给它的端口（0 表示任意空闲端口），并打印一行，里面有 \"port\" 和端口号。",
    see: "Exercise",
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
    stdin: Mutex<Option<ChildStdin>>,
    /// How much of its output the lines that were asked for have taken.
    taken: Mutex<usize>,
}

/// How a program ended, and all that it printed.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit status; `None` if a signal killed it.
    pub status: Option<i32>,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Mutex<Child>,
    tree: Mutex<Tree>,
    printed: Monitor<Printed>,
}

/// What came out of a program so far. Its two readers add to it, and whoever waits for a line or for the end looks again.
#[derive(Debug, Default)]
struct Printed {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// The streams that have not ended yet.
    open: usize,
}

impl Program {
    pub(super) fn start<A: AsRef<OsStr>>(
        run: &Arc<Run>,
        subject: &Subject,
        args: impl IntoIterator<Item = A>,
    ) -> Verdict<Program> {
        let mut command = Command::new(&subject.program);
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_os_string()).collect();
        command.args(&args).envs(subject.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Tree::plant(&mut command);
        let cannot = |error: io::Error| {
            let (what, error) = (subject.program.display(), error.to_string());
            let expected = Seen::words(format!("{what} runs"), format!("{what} 能运行"));
            run.failed(&STARTS, vec![expected], vec![Seen::words(error.clone(), error)])
        };
        let mut child = command.spawn().map_err(cannot)?;
        let tree = Tree::of(&child).inspect_err(|_| _ = child.kill()).map_err(cannot)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Arc::new(Process {
            child: Mutex::new(child),
            tree: Mutex::new(tree),
            printed: Monitor::new(Printed { open: 2, ..Printed::default() }),
        });
        lock(&run.programs).push(process.clone());
        let args = args.join(OsStr::new(" "));
        let args = args.to_string_lossy();
        let starts = Words::new(format!("is started with: {args}"), format!("启动，参数：{args}"));
        run.transcript.add(PROGRAM, What::Other(starts)); // before anything that it prints
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            process.follow(run, stdout, |printed| &mut printed.stdout);
            process.follow(run, stderr, |printed| &mut printed.stderr);
        }
        Ok(Program { process, run: run.clone(), stdin: Mutex::new(stdin), taken: Mutex::new(0) })
    }

    /// Waits for a line of the output with `port` and a number, and gives the number.
    pub fn port(&self) -> Verdict<u16> {
        loop {
            let line = match self.next_line() {
                Ok(line) => line,
                Err(came) => {
                    let rule = if let Seen::Exit(_) = came { &STAYS } else { &SAYS_PORT };
                    let expected = Seen::words(
                        "a line with \"port\" and a number",
                        "一行输出，里面有 \"port\" 和数字",
                    );
                    return Err(self.run.failed(rule, vec![expected], vec![came]));
                }
            };
            let digits = line.split("port ").nth(1).unwrap_or_default();
            let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            if let Ok(port) = digits.parse() {
                return Ok(port);
            }
        }
    }

    /// The next line of the output, without its line end.
    pub fn line(&self, rule: &Rule) -> Verdict<String> {
        self.next_line().map_err(|came| {
            let expected = Seen::words("a line on standard output", "标准输出上的一行");
            self.run.failed(rule, vec![expected], vec![came])
        })
    }

    /// The next line of the output, or `None` when the program has ended without one.
    pub fn line_or_end(&self, rule: &Rule) -> Verdict<Option<String>> {
        match self.next_line() {
            Ok(line) => Ok(Some(line)),
            Err(Seen::Exit(_)) => Ok(None),
            Err(came) => {
                let expected = Seen::words("a line, or the end", "一行输出，或者程序结束");
                Err(self.run.failed(rule, vec![expected], vec![came]))
            }
        }
    }

    /// The next line of the output has to be this one.
    pub fn expect_line(&self, line: &str, rule: &Rule) -> Verdict {
        let wrong = |came| self.run.failed(rule, vec![Seen::bytes(line)], vec![came]);
        match self.next_line() {
            Ok(came) if came == line => Ok(()),
            Ok(came) => Err(wrong(Seen::bytes(came))),
            Err(came) => Err(wrong(came)),
        }
    }

    /// Types this into the program. If it does not read, or has ended, that shows in what is expected next.
    pub fn type_in(&self, text: &str) {
        if let Some(stdin) = &mut *lock(&self.stdin) {
            self.run.transcript.add(PROGRAM, What::typed(text));
            let _ = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
        }
    }

    /// The end of its standard input, as by Ctrl-D.
    pub fn close_stdin(&self) {
        if lock(&self.stdin).take().is_some() {
            let end = Words::new("its input ends", "输入到头");
            self.run.transcript.add(PROGRAM, What::Other(end));
        }
    }

    /// Waits until the program has ended by itself.
    pub fn wait(&self, rule: &Rule) -> Verdict<Ended> {
        let deadline = self.run.deadline();
        match self.process.end_by(deadline) {
            Some(status) => {
                let printed = self.process.printed.lock();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let (stdout, stderr) = (text(&printed.stdout), text(&printed.stderr));
                Ok(Ended { status: status.code(), stdout, stderr })
            }
            None => {
                let after = self.run.patience;
                let hangs = Seen::words(
                    format!("it still runs after {after:?}"),
                    format!("{after:?} 之后程序还在运行"),
                );
                let ends = Seen::words("the program ends by itself", "程序自己结束");
                Err(self.run.failed(rule, vec![ends], vec![hangs]))
            }
        }
    }

    /// Waits until the program has ended by itself, which has to be with this exit status.
    pub fn expect_exit(&self, status: i32, rule: &Rule) -> Verdict<Ended> {
        let ended = self.wait(rule)?;
        if ended.status == Some(status) {
            return Ok(ended);
        }
        let (expected, came) = (Seen::Exit(Some(status)), Seen::Exit(ended.status));
        Err(self.run.failed(rule, vec![expected], vec![came]))
    }

    /// Waits until the program has ended by itself. All of its standard output has to be these bytes, 1 MiB at most.
    pub fn expect_output(&self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.wait(rule)?;
        let printed = self.process.printed.lock().stdout.clone();
        if printed == bytes.as_ref() {
            return Ok(());
        }
        Err(self.run.failed(rule, vec![Seen::bytes(bytes)], vec![Seen::Bytes(printed)]))
    }

    /// The program has to be running now.
    pub fn expect_running(&self, rule: &Rule) -> Verdict {
        match self.process.status() {
            None => Ok(()),
            Some(status) => {
                let runs = Seen::words("the program goes on running", "程序继续运行");
                Err(self.run.failed(rule, vec![runs], vec![Seen::Exit(status.code())]))
            }
        }
    }

    /// Kills the program and its children now.
    pub fn kill(&self) {
        let mut child = lock(&self.process.child);
        let _ = child.kill();
        lock(&self.process.tree).kill(); // its children; before `wait`, which frees the number of the group
        let _ = child.wait();
    }

    /// The next line, or what there was in its place: the program's end, or nothing.
    fn next_line(&self) -> Result<String, Seen> {
        let deadline = self.run.deadline();
        let mut taken = lock(&self.taken);
        let mut printed = self.process.printed.lock();
        loop {
            let rest = &printed.stdout[*taken..];
            let ended = printed.open == 0;
            let end = rest.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            // The last line of a program that has ended may have no line end.
            if let Some(end) = end.or((ended && !rest.is_empty()).then_some(rest.len())) {
                let line = String::from_utf8_lossy(&rest[..end]);
                *taken += end;
                return Ok(line.trim_end_matches(['\n', '\r']).to_string());
            }
            if ended {
                drop(printed);
                return Err(match self.process.end_by(deadline) {
                    Some(status) => Seen::Exit(status.code()),
                    None => Seen::words("it has closed its output", "程序关闭了自己的输出"),
                });
            }
            if Instant::now() >= deadline {
                return Err(Seen::Nothing(self.run.patience));
            }
            printed = self.process.printed.wait(printed, Some(deadline));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(super) const PROGRAM: &str = "program";

impl Process {
    /// Keeps what comes out of one of the program's streams, on a thread that ends with the stream.
    fn follow(
        self: &Arc<Self>,
        run: &Arc<Run>,
        mut stream: impl Read + Send + 'static,
        into: fn(&mut Printed) -> &mut Vec<u8>,
    ) {
        let (process, run) = (self.clone(), run.clone());
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let size = match stream.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(size) => size,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                run.transcript.add(PROGRAM, What::printed(&chunk[..size]));
                let mut printed = process.printed.lock();
                let kept = into(&mut printed);
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..size.min(room)]);
                process.printed.notify(&printed);
            }
            let mut printed = process.printed.lock();
            printed.open -= 1;
            process.printed.notify(&printed);
        });
    }

    fn status(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    /// How it ended, if it does so in time, with all that it printed read.
    fn end_by(&self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            // std can wait for a child, or look, but not wait for a while: so look again every millisecond.
            let Some(status) = self.status() else {
                if Instant::now() >= deadline {
                    return None;
                }
                thread::park_timeout(Duration::from_millis(1));
                continue;
            };
            let mut printed = self.printed.lock();
            // A child that the program has left behind may hold its streams open: then what it printed so far is all.
            let end = Instant::now() + LAST_WORDS;
            while printed.open > 0 && Instant::now() < end {
                printed = self.printed.wait(printed, Some(end));
            }
            return Some(status);
        }
    }
}

/// What the program that was started last said on standard error, and whether it has ended: for the failure to show.
pub(super) fn last_words(programs: &[Arc<Process>], came: &[Seen]) -> (String, Option<Seen>) {
    let Some(process) = programs.last() else { return (String::new(), None) };
    let cut_off = matches!(came.last(), Some(Seen::Fin | Seen::Reset | Seen::Words(_)));
    let patience = if cut_off { LAST_WORDS } else { Duration::ZERO };
    let ended = process.end_by(Instant::now() + patience).map(|status| Seen::Exit(status.code()));
    let known = came.iter().any(|seen| matches!(seen, Seen::Exit(_)));
    let stderr = String::from_utf8_lossy(&process.printed.lock().stderr).into_owned();
    (stderr, ended.filter(|_| !known))
}

//! The program under check: started, listened to, typed to, waited for, and always ended.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::failure::{Failure, Seen};
use super::process::{PROGRAM, Process};
use super::rule::{Rule, Words};
use super::transcript::What;
use super::tree::Tree;
use super::{Run, Verdict};
use crate::sync::lock;

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
    /// Who types for us; the input ends with it. Nothing yet, or nothing any more, is there to be typed.
    typist: Mutex<Option<Sender<Typed>>>,
    /// How much of its output the lines that were asked for have taken.
    taken: Mutex<usize>,
}

/// What is to be typed, and whom to tell when the program's pipe has taken it.
type Typed = (String, Sender<()>);

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
            let (what, error) = (subject.program.display(), error.to_string());
            let expected = Seen::words(format!("{what} runs"), format!("{what} 能运行"));
            run.failed(&STARTS, vec![expected], vec![Seen::words(error.clone(), error)])
        };
        let mut child = command.spawn().map_err(cannot)?;
        let tree = Tree::of(&child).inspect_err(|_| _ = child.kill()).map_err(cannot)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Arc::new(Process::new(child, tree));
        lock(&run.programs).push(process.clone());
        let args = args.join(OsStr::new(" "));
        let args = args.to_string_lossy();
        let starts = Words::new(format!("is started with: {args}"), format!("启动，参数：{args}"));
        run.transcript.add(PROGRAM, What::Other(starts)); // before anything that it prints
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            process.follow(run, stdout, |printed| &mut printed.stdout);
            process.follow(run, stderr, |printed| &mut printed.stderr);
        }
        let typist = stdin.map(|stdin| {
            let (typist, typed) = channel();
            thread::spawn(move || types(stdin, &typed));
            typist
        });
        Ok(Program { process, run: run.clone(), typist: Mutex::new(typist), taken: Mutex::new(0) })
    }

    /// Waits for a line of the output with `port` and a number, and gives the number.
    pub fn port(&self) -> Verdict<u16> {
        let deadline = self.run.deadline(); // for all lines together: it may print others without end
        loop {
            let line = match self.next_line(deadline) {
                Ok(line) => line,
                Err(came) => {
                    let rule = if let Seen::Exit(_) = came { &STAYS } else { &SAYS_PORT };
                    let expected = Seen::words(
                        "a line with \"port\" and a number",
                        "一行输出，里面有 \"port\" 和数字",
                    );
                    return Err(self.failed(rule, vec![expected], vec![came]));
                }
            };
            if let Some(port) = port_in(&line) {
                return Ok(port);
            }
        }
    }

    /// The next line of the output, without its line end.
    pub fn line(&self, rule: &Rule) -> Verdict<String> {
        self.line_with("", rule)
    }

    /// The next line of the output with this in it, without its line end. A program may say more than it was asked for: all
    /// others are passed over.
    pub fn line_with(&self, mark: &str, rule: &Rule) -> Verdict<String> {
        self.find_line(mark).map_err(|came| {
            let expected = match mark {
                "" => Seen::words("a line on standard output", "标准输出上的一行"),
                _ => Seen::words(
                    format!("a line with {mark:?} on standard output"),
                    format!("标准输出上带 {mark:?} 的一行"),
                ),
            };
            self.failed(rule, vec![expected], came)
        })
    }

    /// The next line of the output with this in it has to be this one; all others are passed over. A space behind it can
    /// hardly be seen, and does no harm.
    pub fn expect_line(&self, mark: &str, line: &str, rule: &Rule) -> Verdict {
        match self.find_line(mark) {
            Ok(came) if came.trim_end() == line.trim_end() => Ok(()),
            Ok(came) => Err(self.failed(rule, vec![Seen::bytes(line)], vec![Seen::bytes(came)])),
            Err(came) => Err(self.failed(rule, vec![Seen::bytes(line)], came)),
        }
    }

    /// Types this into the program, and waits until it is taken. If it is not, or the program has ended, that shows in what is
    /// expected next.
    pub fn type_in(&self, text: &str) {
        let Some(typist) = lock(&self.typist).clone() else { return };
        self.run.transcript.add(PROGRAM, What::typed(text));
        let (taken, wait) = channel();
        let _ = typist.send((text.to_string(), taken));
        if wait.recv_timeout(self.run.patience) == Err(RecvTimeoutError::Timeout) {
            let stuck = Words::new("does not take all of it", "没有全部收下");
            self.run.transcript.add(PROGRAM, What::Other(stuck));
        }
    }

    /// The end of its standard input, as by Ctrl-D.
    pub fn close_stdin(&self) {
        if lock(&self.typist).take().is_some() {
            let end = Words::new("its input ends", "它的输入结束");
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
                Err(self.failed(rule, vec![ends], vec![hangs]))
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
        Err(self.failed(rule, vec![expected], vec![came]))
    }

    /// Waits until the program has ended by itself, with exit status 1 and a message on standard error that has one of these
    /// words in it, in whatever case; without words, any message will do.
    pub fn expect_error(&self, words: &[&str], rule: &Rule) -> Verdict {
        let said = self.expect_exit(1, rule)?.stderr;
        let (lower, said) = (said.to_lowercase(), said.trim());
        if !said.is_empty() && (words.is_empty() || words.iter().any(|word| lower.contains(word))) {
            return Ok(());
        }
        let words = words.join("/");
        let message = match &*words {
            "" => Seen::words("a message on standard error", "标准错误上有一句说明"),
            _ => Seen::words(
                format!("a message on standard error with {words}"),
                format!("标准错误上有一句说明，里面有 {words}"),
            ),
        };
        Err(self.failed(rule, vec![message], vec![Seen::bytes(said)]))
    }

    /// Waits until the program has ended by itself. All of its standard output has to be these bytes, 1 MiB at most.
    pub fn expect_output(&self, bytes: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.wait(rule)?;
        let printed = self.process.printed.lock().stdout.clone();
        if printed == bytes.as_ref() {
            return Ok(());
        }
        Err(self.failed(rule, vec![Seen::bytes(bytes)], vec![Seen::Bytes(printed)]))
    }

    /// The program has to be running now.
    pub fn expect_running(&self, rule: &Rule) -> Verdict {
        match self.process.status() {
            None => Ok(()),
            Some(status) => {
                let runs = Seen::words("the program goes on running", "程序继续运行");
                Err(self.failed(rule, vec![runs], vec![Seen::Exit(status.code())]))
            }
        }
    }

    fn failed(&self, rule: &Rule, expected: Vec<Seen>, came: Vec<Seen>) -> Failure {
        self.run.failed_with(Some(&self.process), rule, expected, came)
    }

    /// Kills the program and its children now.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// The next line with this in it; or what came in its place, and the last of the others.
    fn find_line(&self, mark: &str) -> Result<String, Vec<Seen>> {
        let deadline = self.run.deadline(); // for all of them together
        let mut other = None;
        loop {
            match self.next_line(deadline) {
                Ok(line) if line.contains(mark) => return Ok(line),
                Ok(line) => other = Some(Seen::bytes(line)),
                Err(came) => return Err(other.into_iter().chain([came]).collect()),
            }
        }
    }

    /// The next line, or what there was in its place: the program's end, or nothing.
    fn next_line(&self, deadline: Instant) -> Result<String, Seen> {
        let mut taken = lock(&self.taken);
        let mut printed = self.process.printed.lock();
        loop {
            if Instant::now() >= deadline {
                let status = self.process.status(); // a child that it left may keep its output open
                let nothing = Seen::Nothing(self.run.patience);
                return Err(status.map_or(nothing, |status| Seen::Exit(status.code())));
            }
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
            printed = self.process.printed.wait(printed, Some(deadline));
        }
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
        // It may have ended: there is nobody to type for then.
        let _ = stdin.write_all(text.as_bytes());
        let _ = taken.send(());
    }
}

/// The number behind the word: `listening on port 5000`, `Port: 5000`, `端口 5000`.
fn port_in(line: &str) -> Option<u16> {
    let line = line.to_lowercase().replace("端口", "port");
    line.split("port").skip(1).find_map(|behind| {
        let digits = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_the_number_behind_the_word() {
        for line in ["listening on port 5000", "Port: 5000.", "端口：5000", "port = 5000 (80)"] {
            assert_eq!(port_in(line), Some(5000), "{line}");
        }
        assert_eq!(port_in("it supports me on PORT 5000"), Some(5000));
        for line in ["listening on 5000", "port", "port 70000", "a port for 2", "5000 is my port"] {
            assert_eq!(port_in(line), None, "{line}");
        }
    }
}

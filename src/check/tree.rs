//! Ending a program together with all processes that it has started, even if the check itself is
//! killed.

use std::io;
#[cfg(not(unix))]
use std::process::Stdio;
use std::process::{Child, Command};

#[cfg(unix)]
use super::guard::Guard;

/// Kills the program's process group, even if this process has ended.
#[derive(Debug)]
#[cfg(unix)]
pub(super) struct ProcessTree {
    guard: Option<Guard>,
}

#[cfg(unix)]
impl ProcessTree {
    /// Must be called before the program is started: puts it in a new process group.
    pub(super) fn prepare(program: &mut Command) {
        use std::os::unix::process::CommandExt;
        program.process_group(0);
    }

    pub(super) fn of(program: &Child) -> io::Result<ProcessTree> {
        let guard = Guard::spawn(r#"kill -s KILL -- "-$0""#, program.id().to_string())?;
        Ok(ProcessTree { guard: Some(guard) })
    }

    /// Kills the whole group. Processes that have already ended do not matter.
    pub(super) fn kill(&mut self) {
        drop(self.guard.take());
    }
}

/// Windows has no process groups in std; its own tool knows the parents of all processes.
#[derive(Debug)]
#[cfg(not(unix))]
pub(super) struct ProcessTree {
    program: Option<u32>,
}

#[cfg(not(unix))]
impl ProcessTree {
    pub(super) fn prepare(_program: &mut Command) {}

    pub(super) fn of(program: &Child) -> io::Result<ProcessTree> {
        Ok(ProcessTree { program: Some(program.id()) })
    }

    pub(super) fn kill(&mut self) {
        if let Some(id) = self.program.take() {
            let mut kill = Command::new("taskkill");
            kill.args(["/T", "/F", "/PID", &id.to_string()]);
            let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::time::Duration;
    use std::{env, thread};

    use super::*;
    use crate::check::{Check, Rule, Subject, Verdict};

    const TEST: &str = "check::tree::tests::the_children_of_a_program_end_with_it";
    const PART: &str = "NET_NOTES_PART";
    const PORT: &str = "NET_NOTES_PORT";
    const RULE: Rule =
        Rule { name: "x", en: "A child ends.", zh: "子进程要结束。", see: "" };

    /// Three processes: the judge starts the program, which starts a child, which connects to the
    /// judge.
    #[test]
    fn the_children_of_a_program_end_with_it() {
        let program = env::current_exe().unwrap();
        let args = ["--exact", TEST, "--nocapture"];
        match env::var(PART).as_deref() {
            Ok("child") => {
                let port: u16 = env::var(PORT).unwrap().parse().unwrap();
                let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                stream.write_all(b"here").unwrap();
                thread::sleep(Duration::from_secs(30)); // unless it is killed
            }
            Ok(_) => drop(Command::new(program).args(args).env(PART, "child").status()),
            Err(_) => {
                let judged: Verdict = (|| {
                    let host = Check::new(Subject::new("")).listen()?;
                    let subject = Subject::new(program).env(PART, "program");
                    let check = Check::new(subject.env(PORT, host.port().to_string()));
                    let program = check.start(args)?;
                    let mut child = host.accept("child", &RULE)?;
                    child.expect_exactly("here", &RULE)?;
                    program.kill();
                    child.expect_end(&RULE)
                })();
                judged.unwrap();
            }
        }
    }
}

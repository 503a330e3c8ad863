//! [`ProcessGroup`]: ending programs together with all processes that they have started, even if
//! this process is killed.

use std::io;
use std::process::{Child, Command, Stdio};
#[cfg(not(unix))]
use std::sync::Mutex;

#[cfg(unix)]
use super::guard::Guard;

/// A group of programs. They are killed, with their children, when this value is dropped, or when
/// this process ends for any reason.
///
/// On Unix it is a process group. Its leader exists before the first program, so there is no moment
/// at which a program runs and would outlive this process. A child that leaves the group is not
/// killed. Windows has no process groups in std: there, the programs are killed only by dropping
/// this value.
#[derive(Debug)]
pub struct ProcessGroup {
    #[cfg(unix)]
    leader: Guard,
    #[cfg(not(unix))]
    programs: Mutex<Vec<u32>>,
}

#[cfg(unix)]
impl ProcessGroup {
    /// Creates a group without programs.
    pub fn new() -> io::Result<ProcessGroup> {
        Ok(ProcessGroup { leader: Guard::spawn("kill -s KILL 0", "")? })
    }

    /// Starts a program in this group. It is not in the foreground of the terminal, so Ctrl-C there
    /// does not reach it.
    pub fn spawn(&self, program: &mut Command) -> io::Result<Child> {
        use std::os::unix::process::CommandExt;
        let group = self.leader.id().try_into().map_err(io::Error::other)?;
        program.process_group(group).spawn()
    }

    /// Sends SIGINT to the programs, as Ctrl-C does. Unix only.
    pub fn interrupt(&self) -> io::Result<()> {
        let mut kill = Command::new("sh");
        // The `kill` that is part of the shell: a separate program is not on each system.
        kill.arg("-c").arg(r#"kill -s INT -- "-$0""#).arg(self.leader.id().to_string());
        kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        kill.status().map(|_| ())
    }
}

#[cfg(not(unix))]
impl ProcessGroup {
    /// Creates a group without programs.
    pub fn new() -> io::Result<ProcessGroup> {
        Ok(ProcessGroup { programs: Mutex::default() })
    }

    /// Starts a program in this group.
    pub fn spawn(&self, program: &mut Command) -> io::Result<Child> {
        let child = program.spawn()?;
        crate::sync::lock(&self.programs).push(child.id());
        Ok(child)
    }
}

#[cfg(not(unix))]
impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // The system's tool knows the parents of all processes.
        for id in crate::sync::lock(&self.programs).drain(..) {
            let mut kill = Command::new("taskkill");
            kill.args(["/T", "/F", "/PID", &id.to_string()]);
            let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
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

    const TEST: &str = "check::group::tests::the_children_of_a_program_end_with_it";
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

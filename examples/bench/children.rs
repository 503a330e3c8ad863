//! Child processes: servers and holders of idle connections. None outlives its handle, and every
//! wait has a deadline.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{env, fs, thread};

use crate::rows::Contender;

/// The deadline for steps that should take no time at all. Reached only if something is broken.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A process that prints one line when it is ready, and ends when its stdin does.
pub struct Process {
    child: Child,
    pub first_line: String,
}

impl Process {
    pub fn start(mut command: Command) -> io::Result<Process> {
        // stdin stays open inside `child`, unused: its end makes the process end, also if this
        // process is killed.
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut process = Process { child, first_line: String::new() };
        let stdout = process.child.stdout.take().map(BufReader::new);
        // A pipe has no read timeout, so a thread waits for the line and this one waits for the
        // thread.
        let (send, line) = channel();
        thread::spawn(move || {
            let _ = send.send(stdout.and_then(|stdout| stdout.lines().next()));
        });
        match line.recv_timeout(PATIENCE) {
            Ok(Some(line)) => process.first_line = line?,
            Ok(None) => {
                return Err(io::Error::other("the child process ended before it was ready"));
            }
            Err(_) => {
                return Err(io::Error::other(format!(
                    "the child process is not ready after {PATIENCE:?}"
                )));
            }
        }
        Ok(process)
    }

    /// Returns a command that runs this program in another role.
    pub fn this(arguments: &[&str]) -> io::Result<Command> {
        let mut command = Command::new(env::current_exe()?);
        command.args(arguments);
        Ok(command)
    }

    /// Returns all output of a program that must end within `limit`.
    pub fn output(mut command: Command, limit: Duration) -> io::Result<String> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take();
        let process = Process { child, first_line: String::new() };
        let (send, text) = channel();
        thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut text));
            let _ = send.send(read.map(|_| text));
        });
        let text = text.recv_timeout(limit);
        drop(process);
        text.unwrap_or_else(|_| Err(io::Error::other(format!("not done after {limit:?}"))))
    }

    /// Returns the resident memory in KiB. Only Linux reports it in a file.
    pub fn resident_kib(&self) -> Option<f64> {
        self.status("VmRSS:")
    }

    pub fn threads(&self) -> Option<f64> {
        self.status("Threads:")
    }

    pub fn descriptors(&self) -> Option<f64> {
        Some(fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?.count() as f64)
    }

    fn status(&self, field: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix(field))?;
        value.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // At once, not by closing stdin: with 10,000 threads an orderly end takes longer than the
        // measurement.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server in a new process – so that no cell inherits threads, memory or ports of another
/// one – and returns its port.
pub fn server(contender: Contender, how: &str) -> io::Result<(Process, u16)> {
    let process = Process::start(match contender {
        Contender::Bare => Process::this(&["serve", "bare", how])?,
        Contender::Event => Process::this(&["serve", "event", how])?,
        Contender::Node => {
            let mut node = Command::new("node");
            node.args(["-e", include_str!("server.js"), how]);
            node
        }
    })?;
    let port = process.first_line.parse();
    let port =
        port.map_err(|_| io::Error::other(format!("not a port: {:?}", process.first_line)))?;
    Ok((process, port))
}

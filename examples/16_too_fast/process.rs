//! The same program in a second process, so that its memory can be measured alone. Its standard
//! input stays open, unused: it ends when that ends, so it never outlives the first process.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Killed when it is dropped.
pub struct Process(Child);

impl Process {
    /// Starts it and reads its first line, which is a port.
    pub fn start(arguments: &[&str]) -> io::Result<(Process, u16)> {
        let mut command = Command::new(std::env::current_exe()?);
        let pipes = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = pipes.spawn()?;
        let mut process = Process(child);
        let stdout = process.0.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| io::Error::other("it prints no port"))?;
        Ok((process, port))
    }

    /// Returns the memory that it uses now (its resident set size), in MiB. `None` if the system
    /// does not report it.
    pub fn memory(&self) -> Option<f64> {
        let id = self.0.id();
        let kib = if cfg!(target_os = "linux") {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(digits)
        } else if cfg!(windows) {
            let filter = format!("PID eq {id}");
            let row = output("tasklist", &["/FI", &filter, "/FO", "CSV", "/NH"])?;
            row.rsplit("\",\"").next().map(digits)
        } else {
            output("ps", &["-o", "rss=", "-p", &id.to_string()]).map(|row| digits(&row))
        };
        kib?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

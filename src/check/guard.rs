//! Tidying up that is done also when the check itself is killed, by Ctrl-C for example.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A small shell that waits for the end of its standard input, which comes when this is dropped, or when this process is
/// gone. Then it does its work. Whoever drops this waits until that is done.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// `work` is a shell command, in which `$0` is `on`.
    pub(super) fn spawn(work: &str, on: impl AsRef<OsStr>) -> io::Result<Guard> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("read -r _; {work}")).arg(on);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.process_group(0); // Ctrl-C is for us; the guard has to outlive us
        shell.spawn().map(Guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

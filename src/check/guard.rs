//! Cleaning up, even if the check itself is killed, for example by Ctrl-C.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A small shell that waits for the end of its standard input, which arrives when this value is
/// dropped, or when this process has ended. Then it runs its command. Dropping this value waits
/// until the command is done.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Starts the shell. `work` is a shell command, in which `$0` is `on`.
    pub(super) fn spawn(work: &str, on: impl AsRef<OsStr>) -> io::Result<Guard> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("read -r _; {work}")).arg(on);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.process_group(0); // Ctrl-C is for this process; the guard must outlive it
        shell.spawn().map(Guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

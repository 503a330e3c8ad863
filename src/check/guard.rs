//! Cleaning up, even if this process is killed, for example by Ctrl-C.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A small shell that waits for the end of its standard input, which arrives when this value is
/// dropped, or when this process has ended. Then it runs its command. Dropping this value waits
/// until the command is done.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Starts the shell as the leader of a new process group, and waits until it ignores the signals
    /// that end programs. `work` is a shell command, in which `$0` is `on`.
    pub(super) fn spawn(work: &str, on: impl AsRef<OsStr>) -> io::Result<Guard> {
        let mut shell = Command::new("sh");
        let wait = "trap '' INT TERM HUP; echo; exec >/dev/null; read -r _";
        shell.arg("-c").arg(format!("{wait}; {work}")).arg(on);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        shell.process_group(0); // Ctrl-C is for this process; the guard must outlive it
        let mut guard = Guard(shell.spawn()?);
        if let Some(mut ready) = guard.0.stdout.take() {
            ready.read_exact(&mut [0])?;
        }
        Ok(guard)
    }

    /// The process id of the shell, which is also the id of its process group.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

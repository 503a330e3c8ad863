//! Programs that end together, at the latest with the workbench: also when that is killed.
//!
//! A process group whose first member is a small shell. It waits for the end of its standard input, which comes when the group
//! is dropped, and when this process is gone in whatever way; then it kills the group and itself with it. Programs are started
//! into the group, so there is no moment at which one runs and nobody would end it.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What the shell does: `$0` is a folder to remove at the end, if there is one. The signals are for the programs of the group,
/// and not for the shell. It says when it is ready for them.
const GUARD: &str = r#"trap '' INT TERM HUP; echo; exec >/dev/null; read -r _; kill -s TERM 0
if [ -n "$0" ]; then rm -rf -- "$0"; fi; kill -s KILL 0"#;

/// Ends its programs when it is dropped.
#[derive(Debug)]
pub(super) struct Group(Child);

impl Group {
    /// A group without programs yet. `folder` is removed at its end.
    pub(super) fn new(folder: Option<&Path>) -> io::Result<Group> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(GUARD).arg(folder.unwrap_or(Path::new("")));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut group = Group(shell.process_group(0).spawn()?);
        if let Some(mut ready) = group.0.stdout.take() {
            ready.read_exact(&mut [0])?;
        }
        Ok(group)
    }

    /// Starts a program as a member.
    pub(super) fn start(&self, command: &mut Command) -> io::Result<Child> {
        command.process_group(self.0.id().try_into().map_err(io::Error::other)?).spawn()
    }

    /// Ctrl-C for the programs.
    pub(super) fn interrupt(&self) {
        let mut kill = Command::new("sh");
        // By the shell's own `kill`, which is there on every system. The group is there as long as its guard.
        kill.arg("-c").arg(r#"kill -s INT -- "-$0""#).arg(self.0.id().to_string());
        kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = kill.status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

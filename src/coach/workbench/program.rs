//! One program that runs in a terminal of a session.

use std::io;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::ProcessGroup;

/// How many pieces of input may wait for a program that does not read.
const INPUT_MAX: usize = 16;
/// How long a program may go on after Ctrl-C.
const INTERRUPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How much is read of what a program prints, and how long it is waited after a full piece: nobody reads faster than that, and
/// one that prints without end must not keep a processor busy for it.
const PIECE: usize = 8 * 1024;
const FULL_PIECE_PAUSE: Duration = Duration::from_millis(5);

/// A running program. When this is dropped it is killed, with all that it has started.
#[derive(Debug)]
pub(super) struct Program {
    /// `None`: it was killed.
    group: Option<ProcessGroup>,
    /// The thread that types; the input ends with it.
    typist: Option<SyncSender<String>>,
    interrupted: Option<Instant>,
}

/// Why nothing was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTyped {
    /// The input has ended.
    Ended,
    /// What was typed before is not read yet.
    NotRead,
}

impl Program {
    /// Starts a line of the shell in this folder. `status`: the shell's `$?`. `NET_TRACE` is set to `trace`. `echo` is called
    /// with what is typed, before the program can read it, and so before it can answer.
    pub(super) fn start(
        line: &str,
        status: i32,
        folder: &Path,
        trace: &str,
        echo: impl Fn(&str) + Send + 'static,
    ) -> io::Result<(Program, Child)> {
        let group = ProcessGroup::new()?;
        let mut shell = Command::new("sh");
        // One pipe for both streams: then their lines stay in the order in which they were written.
        shell.arg("-c").arg(format!("exec 2>&1; (exit {status})\n{line}"));
        shell.current_dir(folder).env("NET_TRACE", trace);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = group.spawn(&mut shell)?;
        let typist = child.stdin.take().map(|stdin| {
            let (typist, typed) = sync_channel(INPUT_MAX);
            thread::spawn(move || types(stdin, &typed, echo));
            typist
        });
        Ok((Program { group: Some(group), typist, interrupted: None }, child))
    }

    pub(super) fn type_in(&self, text: &str) -> Result<(), NotTyped> {
        let typist = self.typist.as_ref().ok_or(NotTyped::Ended)?;
        typist.try_send(text.into()).map_err(|error| match error {
            TrySendError::Full(_) => NotTyped::NotRead,
            TrySendError::Disconnected(_) => NotTyped::Ended,
        })
    }

    /// Ctrl-D.
    pub(super) fn end_input(&mut self) {
        self.typist = None;
    }

    /// Ctrl-C.
    pub(super) fn interrupt(&mut self) {
        self.interrupted.get_or_insert_with(Instant::now);
        if let Some(group) = &self.group {
            let _ = group.interrupt(); // what is stubborn is killed a little later
        }
    }

    /// What kills the program when it is dropped.
    pub(super) fn take_group(&mut self) -> Option<ProcessGroup> {
        self.group.take()
    }

    /// Whether Ctrl-C was not enough.
    pub(super) fn is_stubborn(&self) -> bool {
        self.interrupted.is_some_and(|at| at.elapsed() >= INTERRUPT_TIMEOUT)
    }
}

/// Types, and waits for the program where that does not read. Ends with the sender, or with the program.
fn types(mut stdin: ChildStdin, typed: &Receiver<String>, echo: impl Fn(&str)) {
    for text in typed {
        echo(&text);
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Hands over all that the program prints, and waits for its end.
pub(super) fn follow(mut child: Child, mut print: impl FnMut(&[u8])) -> io::Result<ExitStatus> {
    if let Some(mut stdout) = child.stdout.take() {
        let mut piece = vec![0; PIECE];
        loop {
            match stdout.read(&mut piece) {
                Ok(0) => break,
                Ok(size) => {
                    print(&piece[..size]);
                    if size == PIECE {
                        thread::sleep(FULL_PIECE_PAUSE);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    }
    child.wait()
}

/// What the shell's `$?` is after this, and the name that a tab shows.
pub(super) fn status(ended: &io::Result<ExitStatus>) -> (i32, String) {
    use std::os::unix::process::ExitStatusExt;
    let Ok(ended) = ended else { return (1, "?".into()) };
    match (ended.code(), ended.signal()) {
        (Some(code), _) => (code, code.to_string()),
        (None, Some(2)) => (130, "SIGINT".into()),
        (None, Some(9)) => (137, "SIGKILL".into()),
        (None, Some(15)) => (143, "SIGTERM".into()),
        (None, signal) => (1, format!("signal {}", signal.unwrap_or_default())),
    }
}

//! One program that runs in a terminal of a session.

use std::io;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::ProcessGroup;

/// The number of pieces of input that may wait for a program that does not read.
const INPUT_MAX: usize = 16;
/// The time that a program may continue after Ctrl-C.
const INTERRUPT_TIMEOUT: Duration = Duration::from_secs(2);
/// The length of a read of a program's output, and the pause after a full one: no person reads faster, and
/// a program that prints without end must not keep a processor busy here.
const PIECE: usize = 8 * 1024;
const FULL_PIECE_PAUSE: Duration = Duration::from_millis(5);

/// A running program. It is killed, with all that it has started, when this value is dropped.
#[derive(Debug)]
pub(super) struct Program {
    /// `None`: it was killed.
    group: Option<ProcessGroup>,
    /// Sends to the thread that types; the input ends when this is dropped.
    typist: Option<SyncSender<String>>,
    interrupted: Option<Instant>,
}

/// The reason why nothing was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTyped {
    /// The input has ended.
    Ended,
    /// The program has not read what was typed before.
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
        // One pipe for both streams keeps their lines in the order in which they were written.
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

    /// Ends the input, as Ctrl-D does.
    pub(super) fn end_input(&mut self) {
        self.typist = None;
    }

    /// Interrupts the program, as Ctrl-C does.
    pub(super) fn interrupt(&mut self) {
        self.interrupted.get_or_insert_with(Instant::now);
        if let Some(group) = &self.group {
            let _ = group.interrupt(); // what is stubborn is killed a little later
        }
    }

    /// Takes the group, which kills the program when it is dropped.
    pub(super) fn take_group(&mut self) -> Option<ProcessGroup> {
        self.group.take()
    }

    /// Whether it has ignored Ctrl-C for too long.
    pub(super) fn is_stubborn(&self) -> bool {
        self.interrupted.is_some_and(|at| at.elapsed() >= INTERRUPT_TIMEOUT)
    }
}

/// Types, and waits while the program does not read. Returns when the sender is dropped or the program has ended.
fn types(mut stdin: ChildStdin, typed: &Receiver<String>, echo: impl Fn(&str)) {
    for text in typed {
        echo(&text);
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Passes the program's output to `print`, and waits for its end.
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

/// The shell's `$?` after this, and the name that a tab shows.
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

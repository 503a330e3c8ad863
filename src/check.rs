//! Black-box checks of a program that speaks over sockets: start it, talk to it, expect, and say what went wrong.
//!
//! A check knows nothing of the program's source. It starts it, connects to it as a client (or waits for it as a server),
//! and every wait has a deadline: a program that hangs is a result, not a hanging check. What cannot be seen on the wire or
//! on the terminal is not checked. Node has no counterpart; one would write it with `child_process` and `net`.
//!
//! ```no_run
//! use net_notes::check::{Check, Rule, Subject};
//!
//! const ECHO: Rule = Rule {
//!     name: "echo",
//!     en: "What the client sends comes back, however it was cut.",
//!     zh: "客户端发来什么就原样发回去，不管它是怎么切开的。",
//!     see: "Watch out",
//! };
//!
//! let check = Check::new(Subject::new("target/debug/examples/my_echo"));
//! let judged = (|| {
//!     let server = check.start(["0"])?; // port 0: the system chooses, and the program says which
//!     let mut client = check.connect("client", server.port()?)?;
//!     client.send_pieces([&b"hel"[..], b"lo\n"]);
//!     client.half_close();
//!     client.expect_until_fin(b"hello\n", &ECHO)
//! })();
//! if let Err(failure) = judged {
//!     eprintln!("{failure}"); // the rule, the first wrong byte, and all that crossed the wire
//! }
//! ```
//!
//! Everything blocks the thread that calls it, and for no longer than the check's patience: an expectation as a whole, a send
//! for each 64 KiB. Nothing panics; what goes wrong, also with the check itself, is a [`Failure`].
//!
//! # The hostile peers
//!
//! Each is something that real networks and real clients do, and that a program tried only on one's own machine never meets:
//!
//! | peer | building block |
//! |---|---|
//! | one byte at a time; split in the middle of a header or a character | [`Peer::send_pieces`], [`byte_by_byte`], [`cut`] |
//! | two messages glued together | [`Peer::send`] with both |
//! | ends its direction early and still reads | [`Peer::half_close`] |
//! | resets the connection | [`Peer::reset`] |
//! | pauses in the middle | [`Peer::pause`] |
//! | reads late, or never | [`Peer::wait_unread`], [`Peer::stall`], [`Peer::flood`] |
//! | many at once | [`Check::at_once`] |

mod failure;
#[cfg(unix)]
mod guard;
mod host;
mod peer;
mod process;
mod program;
mod rule;
mod scratch;
mod transcript;
mod tree;

use std::ffi::OsStr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub use self::failure::{Failure, Seen};
pub use self::host::Host;
pub use self::peer::{Peer, byte_by_byte, cut};
use self::process::Process;
pub use self::program::{Ended, Program, Subject};
pub use self::rule::{Lang, Rule, Words};
pub use self::scratch::Scratch;
use self::transcript::Transcript;
use crate::endpoint::Endpoint;
use crate::stream::Stream;
use crate::sync::lock;

const HAS_ROOM: Rule = Rule {
    name: "check-has-room",
    en: "The check itself has to find room for a folder.",
    zh: "检查程序自己要能建一个临时目录。",
    see: "Exercise",
};

/// What a step of a check gives: its result, or why the check ends here.
pub type Verdict<T = ()> = Result<T, Failure>;

/// One run of a check on one program. Every [`Program`] it starts is killed, with its children, when that is dropped.
#[derive(Debug)]
pub struct Check {
    subject: Subject,
    run: Arc<Run>,
}

/// What all parts of one run share.
#[derive(Debug)]
struct Run {
    transcript: Transcript,
    /// How long anything may take that the program is expected to do at once.
    patience: Duration,
    programs: Mutex<Vec<Arc<Process>>>,
    /// Connections that nobody reads any more, and that stay open until the check is over.
    stalled: Mutex<Vec<Stream>>,
}

impl Check {
    /// A check of this program that waits as long as 5 s for each thing that it expects. Nothing happens before
    /// [`start`](Self::start).
    pub fn new(subject: Subject) -> Check {
        Check::with_patience(subject, Duration::from_secs(5))
    }

    /// A check with another patience.
    pub fn with_patience(subject: Subject, patience: Duration) -> Check {
        Check { subject, run: Arc::new(Run::new(patience)) }
    }

    /// Starts the program with these arguments. Its output is kept for the [`Failure`].
    pub fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Verdict<Program> {
        Program::start(&self.run, &self.subject, args)
    }

    /// Connects to where the program listens, as a client with this name in the transcript.
    pub fn connect(&self, name: &str, to: impl Into<Endpoint>) -> Verdict<Peer> {
        Peer::connect(&self.run, name, &to.into())
    }

    /// Listens on a free port of 127.0.0.1 as a server for the program to connect to.
    pub fn listen(&self) -> Verdict<Host> {
        Host::listen(&self.run)
    }

    /// A free port of 127.0.0.1, for a program that is to be given one, or that is to find nobody there. The system does not
    /// give it away by itself, so it stays free.
    pub fn free_port(&self) -> Verdict<u16> {
        host::free_port(&self.run)
    }

    /// A folder for what the program leaves on the disk. To be made before the program is started: it has to be dropped after
    /// it.
    pub fn scratch(&self) -> Verdict<Scratch> {
        Scratch::new().map_err(|error| {
            let (folder, why) = (Seen::words("a folder", "一个目录"), error.to_string());
            self.run.failed(&HAS_ROOM, vec![folder], vec![Seen::words(why.clone(), why)])
        })
    }

    /// Does the same for `0..count` at once, each on a thread of its own; the first failure, if there is one. Panics if one of
    /// them does.
    pub fn at_once(&self, count: usize, each: impl Fn(usize) -> Verdict + Sync) -> Verdict {
        let each = &each;
        thread::scope(|scope| {
            let all: Vec<_> = (0..count).map(|n| scope.spawn(move || each(n))).collect();
            // A panic is a bug of the check, and shows as one.
            all.into_iter().try_for_each(|one| {
                one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })
    }

    /// A failure by this rule, for what no building block expects by itself.
    pub fn failed(&self, rule: &Rule, expected: Seen, came: Seen) -> Failure {
        self.run.failed(rule, vec![expected], vec![came])
    }
}

impl Run {
    fn new(patience: Duration) -> Run {
        let (programs, stalled) = (Mutex::default(), Mutex::default());
        Run { transcript: Transcript::new(), patience, programs, stalled }
    }

    fn failed(&self, rule: &Rule, expected: Vec<Seen>, came: Vec<Seen>) -> Failure {
        let last = lock(&self.programs).last().cloned();
        self.failed_with(last.as_deref(), rule, expected, came)
    }

    /// With the last words of this program.
    fn failed_with(
        &self,
        program: Option<&Process>,
        rule: &Rule,
        expected: Vec<Seen>,
        came: Vec<Seen>,
    ) -> Failure {
        let (stderr, ended) = program.map(|it| it.last_words(&came)).unwrap_or_default();
        let transcript = self.transcript.entries();
        Failure::new(rule, expected, came).with_program(stderr, ended).with_transcript(transcript)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }
}

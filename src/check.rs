//! Black-box checks of a program that communicates over sockets: starts it, exchanges bytes with
//! it, compares, and reports what went wrong.
//!
//! A check does not read the program's source. It starts the program and connects to it as a client
//! (or waits for it as a server), and each wait has a deadline: a program that hangs is a result,
//! not a hanging check. Only what is visible from outside is checked: the bytes on the wire and the
//! terminal and, where the system reports them, the processor time, the sockets and the memory of
//! the program. Node has no counterpart; a program there would use `child_process` and `net`.
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
//!     let server = check.start(["0"])?; // port 0: the system chooses, and the program prints it
//!     let mut client = check.connect("client", server.port()?)?;
//!     client.send_pieces([&b"hel"[..], b"lo\n"]);
//!     client.half_close();
//!     client.expect_until_fin(b"hello\n", &ECHO)
//! })();
//! if let Err(failure) = judged {
//!     eprintln!("{failure}"); // the rule, the first wrong byte, and everything on the wire
//! }
//! ```
//!
//! Each method blocks the calling thread, but not for longer than the time limit of the check: an
//! expectation as a whole, a send for each 64 KiB. (A connect to a Unix domain socket has no limit.)
//! No method panics, except [`Check::at_once`], which passes a panic on, and [`random::choice`] of
//! nothing; a problem of the program, or of the check itself, is a [`Failure`].
//!
//! # The hostile peers
//!
//! Real networks and real clients behave like this, but a program that is only tried out on its own
//! machine never sees it:
//!
//! | behaviour | method |
//! |---|---|
//! | sends one byte at a time; splits a header or a character | [`Peer::send_pieces`], [`byte_by_byte`], [`cut`] |
//! | sends two messages in one piece | [`Peer::send`] with both |
//! | ends its direction early and still reads | [`Peer::half_close`] |
//! | resets the connection | [`Peer::reset`] |
//! | pauses in the middle, briefly or long | [`Peer::pause`], [`Peer::wait_out`] |
//! | reads late, or never | [`Peer::wait_unread`], [`Peer::stall`], [`Peer::flood`] |
//! | many clients at once | [`Check::at_once`] |

mod failure;
mod group;
#[cfg(unix)]
mod guard;
mod host;
pub mod layout;
mod observed;
mod pause;
mod peer;
mod process;
mod program;
pub mod random;
mod rule;
mod run;
mod scratch;
mod system_error;
mod transcript;
mod usage;
mod watch;

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub use self::failure::{Failure, FailureParts};
pub use self::group::ProcessGroup;
pub use self::host::Host;
pub use self::observed::Observed;
pub use self::pause::Pause;
pub use self::peer::{Peer, byte_by_byte, cut};
pub use self::program::{Ended, Program, Subject};
pub use self::rule::{Lang, Localized, Rule, Standing};
use self::run::Run;
pub use self::run::Waiting;
pub use self::scratch::Scratch;
pub use self::transcript::TranscriptLine;
pub use self::watch::Watch;
use crate::endpoint::Endpoint;
use crate::sync::lock;

const HAS_ROOM: Rule = Rule {
    name: "check-has-room",
    en: "The check itself must find room for a folder.",
    zh: "检查程序自己要能建一个临时目录。",
    see: "Exercise",
};
const ACCEPTS: Rule = Rule {
    name: "accepts",
    en: "Whoever connects is let in.",
    zh: "谁来连，都要让它连上。",
    see: "Exercise",
};

/// How often an exchange that must be prompt is tried: on a busy machine it may be late once.
const PROMPT_ATTEMPTS: usize = 2;

/// The result of a step of a check: a value, or the failure that ends the check.
pub type Verdict<T = ()> = Result<T, Failure>;

/// One run of a check on one program. Each [`Program`] that it starts is killed, with its children,
/// when the `Program` is dropped.
#[derive(Debug)]
pub struct Check {
    subject: Subject,
    run: Arc<Run>,
}

impl Check {
    /// Creates a check of this program with a time limit of 5 s for each expectation. Nothing
    /// happens before [`start`](Self::start).
    pub fn new(subject: Subject) -> Check {
        Check::with_patience(subject, Duration::from_secs(5))
    }

    /// Creates a check with another time limit.
    pub fn with_patience(subject: Subject, patience: Duration) -> Check {
        Check { subject, run: Arc::new(Run::new(patience)) }
    }

    /// Creates a second run of the same check, with its own programs and its own transcript. For
    /// long steps that run [at the same time](Self::at_once).
    pub fn beside(&self) -> Check {
        Check { subject: self.subject.clone(), run: Arc::new(self.run.beside()) }
    }

    /// Starts the program with these arguments. Its output is kept for the [`Failure`].
    pub fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Verdict<Program> {
        Program::start(&self.run, &self.subject, args)
    }

    /// Starts the program with `NET_TRACE` set: a program that uses this library then writes the
    /// wire events to standard error.
    pub fn start_traced<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Verdict<Program> {
        Program::start(&self.run, &self.subject.clone().env("NET_TRACE", "1"), args)
    }

    /// Connects to the address where the program listens. `name` is the name of this client in the
    /// transcript.
    pub fn connect(&self, name: &str, to: impl Into<Endpoint>) -> Verdict<Peer> {
        self.connect_by(name, to, &ACCEPTS)
    }

    /// Connects like [`connect`](Self::connect); if that fails, the program has broken this rule.
    pub fn connect_by(&self, name: &str, to: impl Into<Endpoint>, rule: &Rule) -> Verdict<Peer> {
        Peer::connect(&self.run, name, &to.into(), rule)
    }

    /// Listens on a free port of 127.0.0.1, as a server to which the program connects.
    pub fn listen(&self) -> Verdict<Host> {
        Host::listen(&self.run, Ipv4Addr::LOCALHOST, 0)
    }

    /// Listens on this port of 127.0.0.1: a [free](Self::free_port) one, or one whose host was
    /// dropped.
    pub fn listen_at(&self, port: u16) -> Verdict<Host> {
        Host::listen(&self.run, Ipv4Addr::LOCALHOST, port)
    }

    /// Listens at an address of this machine that a program cannot guess, and on the same port of
    /// 127.0.0.1, to detect a program that ignores its host. `None` on systems without other
    /// loopback addresses.
    pub fn listen_apart(&self) -> Verdict<Option<(Host, Host)>> {
        host::listen_apart(&self.run)
    }

    /// Listens on these ports, at an address of this machine that a program cannot guess, to detect
    /// a program that is given no port and guesses one. Ports that are not available are left out:
    /// on some systems, all of them.
    pub fn listen_on(&self, ports: &[u16]) -> Vec<Host> {
        host::listen_on(&self.run, ports)
    }

    /// Returns a free port of 127.0.0.1, for a program to listen on, or to find no server at. The
    /// system does not assign it automatically, and no other check gets it until this one is over.
    pub fn free_port(&self) -> Verdict<u16> {
        host::free_port(&self.run)
    }

    /// Creates a folder for files of the program. It must be created before the program is started,
    /// as it must be dropped after the program.
    pub fn scratch(&self) -> Verdict<Scratch> {
        Scratch::new().map_err(|error| {
            let folder = Observed::text("a folder", "一个目录");
            self.run.failed(&HAS_ROOM, vec![folder], vec![Observed::Text((&error).into())])
        })
    }

    /// Begins a pause that is longer than any other, to be [waited out](Peer::wait_out) later.
    pub fn long_pause(&self) -> Pause {
        Pause::begin()
    }

    /// Checks an exchange that a program must do at once, and not only after it has waited for more
    /// bytes. One attempt may be late, as the machine may be busy, but not all of them.
    pub fn promptly(&self, rule: &Rule, mut exchange: impl FnMut() -> Verdict) -> Verdict {
        let mut took = Duration::ZERO;
        for _ in 0..PROMPT_ATTEMPTS {
            let began = Instant::now();
            exchange()?;
            took = began.elapsed();
            if took < Pause::shortest() {
                return Ok(());
            }
        }
        let at_once = Observed::text("this happens at once", "马上就做");
        let took = observed::round_for_display(took);
        let late = Observed::text(
            format!("it took {took:?}, each time: as if it waited for more to come"),
            format!("每次都用了 {took:?}：好像还在等后面的数据"),
        );
        Err(self.run.failed(rule, vec![at_once], vec![late]))
    }

    /// Calls `each` for `0..count` at the same time, each on a separate thread. Returns the first
    /// failure, if there is one. Panics if one of the calls panics.
    pub fn at_once(&self, count: usize, each: impl Fn(usize) -> Verdict + Sync) -> Verdict {
        let each = &each;
        thread::scope(|scope| {
            let all: Vec<_> = (0..count).map(|n| scope.spawn(move || each(n))).collect();
            // A panic is a bug in the check, and is shown as one.
            all.into_iter().try_for_each(|one| {
                one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })
    }

    /// Records that everything under this rule was checked, and the program has kept the rule.
    pub fn kept(&self, rule: &Rule) {
        lock(&self.run.kept).push(rule.name);
    }

    /// Whether everything under this rule was checked, and the program has kept the rule.
    pub fn has_kept(&self, rule: &Rule) -> bool {
        lock(&self.run.kept).contains(&rule.name)
    }

    /// The current wait of the check, and how long it has lasted.
    pub fn waiting(&self) -> Option<(Duration, Waiting)> {
        self.run.waiting()
    }

    /// Creates a failure by this rule, for a condition that no other method checks.
    pub fn failed(&self, rule: &Rule, expected: Observed, actual: Observed) -> Failure {
        self.run.failed(rule, vec![expected], vec![actual])
    }
}

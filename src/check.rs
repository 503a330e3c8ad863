//! Black-box checks of a program that speaks over sockets: start it, talk to it, expect, and say what went wrong.
//!
//! A check knows nothing of the program's source. It starts it, connects to it as a client (or waits for it as a server),
//! and every wait has a deadline: a program that hangs is a result, not a hanging check. What cannot be seen from outside is
//! not checked: only what crosses the wire or the terminal and, where the system tells, how much processor time, how many
//! sockets and how much memory the program takes. Node has no counterpart; one would write it with `child_process` and `net`.
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
//! | pauses in the middle, for a moment or for long | [`Peer::pause`], [`Peer::wait_out`] |
//! | reads late, or never | [`Peer::wait_unread`], [`Peer::stall`], [`Peer::flood`] |
//! | many at once | [`Check::at_once`] |

mod failure;
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
mod tree;
mod usage;
mod watch;

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub use self::failure::Failure;
pub use self::host::Host;
pub use self::observed::Observed;
pub use self::pause::Pause;
pub use self::peer::{Peer, byte_by_byte, cut};
pub use self::program::{Ended, Program, Subject};
pub use self::rule::{Lang, Localized, Rule, Standing};
use self::run::Run;
pub use self::run::Waiting;
pub use self::scratch::Scratch;
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

/// How often something is tried that must be quick: on a busy machine it may be late once.
const ATTEMPTS: usize = 2;

/// What a step of a check gives: its result, or why the check ends here.
pub type Verdict<T = ()> = Result<T, Failure>;

/// One run of a check on one program. Every [`Program`] it starts is killed, with its children, when that is dropped.
#[derive(Debug)]
pub struct Check {
    subject: Subject,
    run: Arc<Run>,
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

    /// The same check in a run of its own: with its own programs, and a transcript of only those. For long steps that run
    /// [at the same time](Self::at_once).
    pub fn beside(&self) -> Check {
        Check { subject: self.subject.clone(), run: Arc::new(self.run.beside()) }
    }

    /// Starts the program with these arguments. Its output is kept for the [`Failure`].
    pub fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Verdict<Program> {
        Program::start(&self.run, &self.subject, args)
    }

    /// The same, with `NET_TRACE` set: a program that uses this library then writes to standard error what crosses the wire.
    pub fn start_traced<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Verdict<Program> {
        Program::start(&self.run, &self.subject.clone().env("NET_TRACE", "1"), args)
    }

    /// Connects to where the program listens, as a client with this name in the transcript.
    pub fn connect(&self, name: &str, to: impl Into<Endpoint>) -> Verdict<Peer> {
        self.connect_by(name, to, &ACCEPTS)
    }

    /// The same, where it is this rule that the program breaks if it cannot be connected to.
    pub fn connect_by(&self, name: &str, to: impl Into<Endpoint>, rule: &Rule) -> Verdict<Peer> {
        Peer::connect(&self.run, name, &to.into(), rule)
    }

    /// Listens on a free port of 127.0.0.1 as a server for the program to connect to.
    pub fn listen(&self) -> Verdict<Host> {
        Host::listen(&self.run, Ipv4Addr::LOCALHOST, 0)
    }

    /// Listens on this port of 127.0.0.1: one that was [free](Self::free_port), or whose host was dropped.
    pub fn listen_at(&self, port: u16) -> Verdict<Host> {
        Host::listen(&self.run, Ipv4Addr::LOCALHOST, port)
    }

    /// Listens at an address of this machine that no program guesses, and at the same port of 127.0.0.1, for a program that
    /// does not look at its host. `None` on systems that have no other address for themselves.
    pub fn listen_apart(&self) -> Verdict<Option<(Host, Host)>> {
        host::listen_apart(&self.run)
    }

    /// Listens on these ports of an address of this machine that no program guesses, for one that is given no port, and must
    /// not guess any. Ports that cannot be had are left out: on some systems, all of them.
    pub fn listen_on(&self, ports: &[u16]) -> Vec<Host> {
        host::listen_on(&self.run, ports)
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
            let folder = Observed::text("a folder", "一个目录");
            self.run.failed(&HAS_ROOM, vec![folder], vec![Observed::Text((&error).into())])
        })
    }

    /// Begins a pause that is longer than any other, to be [waited out](Peer::wait_out) later.
    pub fn long_pause(&self) -> Pause {
        Pause::begin()
    }

    /// Does something that a program must do at once, and not only when it has waited for a while for more to come. It may be
    /// late, as the machine may be busy, but not each time.
    pub fn promptly(&self, rule: &Rule, mut exchange: impl FnMut() -> Verdict) -> Verdict {
        let mut took = Duration::ZERO;
        for _ in 0..ATTEMPTS {
            let began = Instant::now();
            exchange()?;
            took = began.elapsed();
            if took < Pause::shortest() {
                return Ok(());
            }
        }
        let at_once = Observed::text("this happens at once", "马上就做");
        let took = observed::rounded(took);
        let late = Observed::text(
            format!("it took {took:?}, each time: as if it waited for more to come"),
            format!("每次都用了 {took:?}：好像还在等后面的数据"),
        );
        Err(self.run.failed(rule, vec![at_once], vec![late]))
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

    /// Says that all was asked of the program that this rule is about.
    pub fn kept(&self, rule: &Rule) {
        lock(&self.run.kept).push(rule.name);
    }

    /// Whether all was asked that this rule is about, and the program has kept it.
    pub fn has_kept(&self, rule: &Rule) -> bool {
        lock(&self.run.kept).contains(&rule.name)
    }

    /// What the check waits for, and for how long it has done so.
    pub fn waiting(&self) -> Option<(Duration, Waiting)> {
        self.run.waiting()
    }

    /// A failure by this rule, for what no building block expects by itself.
    pub fn failed(&self, rule: &Rule, expected: Observed, actual: Observed) -> Failure {
        self.run.failed(rule, vec![expected], vec![actual])
    }
}

//! Rules and steps that several exercises share.

use net_notes::Endpoint;
use net_notes::check::{Check, Peer, Program, Rule, Verdict};

pub(super) const CLOSES: Rule = Rule {
    name: "closes",
    en: "When a client has ended, the server ends that connection, too, and frees what it held for it.",
    zh: "客户端结束之后，服务器也要结束这条连接，并释放为它占用的东西。",
    see: "Exercise",
};
pub(super) const FREES: Rule = Rule {
    name: "frees",
    en: "When both sides have ended, the server frees what it held for the connection.",
    zh: "两边都结束之后，服务器要释放为这条连接占用的东西。",
    see: "Exercise",
};
pub(super) const IDLE: Rule = Rule {
    name: "idle",
    en: "While there is nothing to do, the program waits: a loop that asks again and again keeps a processor busy.",
    zh: "没有事可做的时候，程序就等着：反复轮询的循环，会一直占用处理器。",
    see: "Exercise",
};

/// The number of descriptors that a server may have for one connection: `try_clone` makes a second one.
const PER_CONNECTION: usize = 3;
/// The number that it may have for itself, beside the ones that it started with.
const SPARE: usize = 3;

/// The number of clients at the same time: more than the threads of a small pool.
pub(super) const MANY: usize = 40;

/// The program under check, as a server.
pub(super) struct Server<'c> {
    pub(super) check: &'c Check,
    pub(super) program: Program,
    at: Endpoint,
    /// The number of sockets before the first client.
    sockets: Option<usize>,
}

impl<'c> Server<'c> {
    /// Starts it on a free port.
    pub(super) fn start(check: &'c Check) -> Verdict<Server<'c>> {
        let program = check.start(["0"])?;
        let port = program.port()?;
        Ok(Server::at(check, program, port))
    }

    /// This program, which listens here.
    pub(super) fn at(check: &'c Check, program: Program, at: impl Into<Endpoint>) -> Server<'c> {
        let sockets = program.sockets();
        Server { check, program, at: at.into(), sockets }
    }

    pub(super) fn connect(&self, name: &str) -> Verdict<Peer> {
        self.check.connect(name, self.at.clone())
    }

    /// The same, where it is this rule that the server breaks if it cannot be connected to.
    pub(super) fn connect_by(&self, name: &str, rule: &Rule) -> Verdict<Peer> {
        self.check.connect_by(name, self.at.clone(), rule)
    }

    /// Serves many clients, of which none leaves before the last one has been served. They are given back, so that they
    /// leave when it is the turn of that.
    pub(super) fn serves_many(
        &self,
        rule: &Rule,
        asks: impl Fn(usize) -> Vec<u8>,
        served: impl Fn(Peer, usize) -> Verdict<Peer>,
    ) -> Verdict<Vec<Peer>> {
        let connect = |n: usize| {
            let mut client = self.connect_by(&format!("client {n}"), rule)?;
            client.send(asks(n));
            Ok(client)
        };
        let clients = (0..MANY).map(connect).collect::<Verdict<Vec<_>>>()?;
        clients.into_iter().zip(0..).map(|(client, n)| served(client, n)).collect()
    }

    /// Of all clients so far only so many are still connected: the server must have no more descriptors than for them.
    pub(super) fn expect_freed(&self, connected: usize, rule: &Rule) -> Verdict {
        let most = self.sockets.map(|sockets| sockets + connected * PER_CONNECTION + SPARE);
        self.program.expect_sockets_at_most(most, rule)
    }

    /// Judges a step that may have ended the program: if it has, this rule was broken, and not another one.
    pub(super) fn or_ended<T>(&self, step: Verdict<T>, rule: &Rule) -> Verdict<T> {
        step.or_else(|failure| self.program.expect_running(rule).and(Err(failure)))
    }

    /// A client says nothing until a long pause is over, which is what `waits` does, and the server has nothing to do
    /// meanwhile.
    pub(super) fn is_idle_while(&self, waits: impl FnOnce() -> Verdict) -> Verdict {
        let watch = self.program.watch();
        waits()?;
        watch.expect_idle(&IDLE)?;
        self.check.kept(&IDLE);
        Ok(())
    }
}

/// The number of bytes that both kernels may hold of a connection that is not read.
pub(super) fn buffers() -> usize {
    let most = |name: &str| {
        let limits = std::fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()?;
        limits.split_whitespace().nth(2)?.parse::<usize>().ok() // least, usual, most
    };
    match most("tcp_wmem").zip(most("tcp_rmem")) {
        Some((sent, received)) => sent + received,
        None => 48 << 20, // elsewhere than on Linux: more than any system's default
    }
}

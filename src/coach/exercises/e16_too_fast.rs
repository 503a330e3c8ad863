//! 16: a relay that is as fast as the slower side. The trap: it takes everything, and keeps it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Host, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{IDLE, Server, buffers};
use crate::coach::exercise::Exercise;
use crate::coach::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "16_too_fast",
    en: "a relay that is as fast as the slower side",
    zh: "快慢跟着慢的一边走的中继",
    rules: &[PASSES_ON, HALF_CLOSE, BOUNDED, ALL_ARRIVES, MANY, LOST, NO_SERVER, FREES, IDLE],
    needs_unix_sockets: false,
    judge,
};

const PASSES_ON: Rule = Rule {
    name: "passes-on",
    en: "As soon as a client connects, the relay connects to the server, and passes on what either of the two says: every byte, in order, and at once.",
    zh: "客户端一连上，中继就去连服务器；两边不管谁说了什么，都转给另一边：一个字节不差，次序不变，马上就转。",
    see: "In Node",
};
const HALF_CLOSE: Rule = Rule {
    name: "half-close",
    en: "When one side has ended its direction, the relay passes on what it had said, and then the end, and no more than this: the other side may answer for as long as it likes. It does not matter which side is the first.",
    zh: "一边半关闭了，中继把它说过的都转完，再把结束转过去，别的不动：另一边想回多久就回多久。哪一边先结束都一样。",
    see: "In Node",
};
const BOUNDED: Rule = Rule {
    name: "bounded",
    en: "While one side reads nothing, the relay keeps at most 4 MiB of what the other one says. Then it stops reading, and the rest is for the kernels.",
    zh: "一边一直不读，另一边说的，中继最多替它留 4 MiB。到了就不再读，其余的交给内核。",
    see: "Run it",
};
const ALL_ARRIVES: Rule = Rule {
    name: "all-arrives",
    en: "When a side that has not read for a while reads again, everything arrives, and then the end.",
    zh: "停了一阵没读的一边重新读起来，所有的都要到，最后是结束。",
    see: "Drain comes before the pause",
};
const MANY: Rule = Rule {
    name: "many",
    en: "Sixty-four clients are served at the same time, each by a connection of its own to the server; one that does not read holds up no other.",
    zh: "六十四个客户端同时来，各用各的一条到服务器的连接；有一个不读，也不能耽误别的。",
    see: "In Rust",
};
const LOST: Rule = Rule {
    name: "lost",
    en: "When one side resets its connection, the relay ends the connection to the other side, too, at once, also if that one has sent more than the lost one has read.",
    zh: "一边重置了连接，中继也要马上结束到另一边的连接，哪怕另一边发来的，断掉的那边还没读完。",
    see: "Two who wait for each other",
};
const NO_SERVER: Rule = Rule {
    name: "no-server",
    en: "When no server listens, the client is disconnected. The relay stays up, and serves the next client as soon as there is a server again.",
    zh: "没有服务器在监听，就断开客户端。中继照常运行，服务器一回来，下一个客户端就能用。",
    see: "Exercise",
};

const FREES: Rule = Rule {
    name: "frees",
    en: "When both sides have ended, the relay frees what it held for them.",
    zh: "两边都结束之后，中继要释放为它们占用的东西。",
    see: "Exercise",
};

const CROWD: usize = 64;
/// The number of bytes that the relay may keep of one direction, and the memory that it may use in addition.
const KEPT: usize = 4 << 20;
const SPARE: usize = 4 << 20;
/// A relay that takes nothing for this long has stopped reading.
const STUCK: Duration = Duration::from_millis(300);
/// The time in which a lost connection must have ended the other one, on a busy machine, too.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// The relay under check, and the server behind it.
struct Relay<'c> {
    server: Server<'c>,
    /// Locked from connecting to accepting, so that the two belong together.
    host: Mutex<Host>,
}

/// A client of the relay, and the relay's connection to the server for it.
struct Pair {
    client: Peer,
    server: Peer,
}

/// The side that does something first.
const SIDES: [Side; 2] = [Side::Client, Side::Server];

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Client,
    Server,
}

impl Side {
    /// The name of what this side does.
    fn named(self, [client, server]: [&'static str; 2]) -> &'static str {
        if self == Side::Client { client } else { server }
    }
}

impl Relay<'_> {
    /// A client beside others.
    fn pair(&self, name: &str) -> Verdict<Pair> {
        self.pair_by(name, &MANY)
    }

    fn pair_by(&self, name: &str, rule: &Rule) -> Verdict<Pair> {
        let host = lock(&self.host);
        let client = self.server.connect_by(name, rule)?;
        let server = host.accept(&format!("{name}: server"), rule)?;
        Ok(Pair { client, server })
    }
}

impl Pair {
    /// This side, and the other one.
    fn from(&mut self, side: Side) -> (&mut Peer, &mut Peer) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }
}

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let program = check.start(["0", &host.port().to_string()])?;
    let port = program.port()?;
    let relay = Relay { server: Server::at(check, program, port), host: Mutex::new(host) };

    passes_on(&relay)?;
    let (pause, mut patient) = (check.long_pause(), relay.pair("patient")?);
    let mut half = relay.pair("answers late")?;
    half.client.half_close();
    half.server.expect_until_fin("", &HALF_CLOSE)?;
    let both_sides = |step: fn(&Relay<'_>, Side) -> Verdict| {
        check.at_once(SIDES.len(), |n| step(&relay, SIDES[n]))
    };
    both_sides(ends)?;
    both_end(&relay)?;
    let before = relay.server.program.most_memory();
    check.at_once(SIDES.len(), |n| reads_late(&relay, SIDES[n], before))?;
    check.kept(&BOUNDED);
    check.kept(&ALL_ARRIVES);
    both_sides(is_lost)?;
    check.at_once(1 + SIDES.len(), |n| match n {
        0 => many(&relay),
        n => is_lost_while_full(&relay, SIDES[n - 1]),
    })?;
    check.kept(&MANY);
    relay.server.program.expect_running(&LOST)?;
    check.kept(&LOST);
    relay.server.expect_freed(6, &FREES)?; // `patient`, `half`, and the one that never reads: two each
    check.kept(&FREES);
    no_server(check)?;
    check.kept(&NO_SERVER);

    relay.server.is_idle_while(|| patient.client.wait_out(&pause, &PASSES_ON))?;
    for side in SIDES {
        let (from, to) = patient.from(side);
        from.send("are you there?");
        to.expect_exactly("are you there?", &PASSES_ON)?;
    }
    check.kept(&PASSES_ON);
    half.server.send("a late answer");
    half.client.expect_exactly("a late answer", &HALF_CLOSE)?;
    check.kept(&HALF_CLOSE);
    relay.server.program.expect_up()
}

fn passes_on(relay: &Relay<'_>) -> Verdict {
    let mut pair = relay.pair_by("first", &PASSES_ON)?;
    relay.server.check.promptly(&PASSES_ON, || {
        for side in SIDES {
            let ((from, to), word) = (pair.from(side), random::word());
            from.send(&word);
            to.expect_exactly(&word, &PASSES_ON)?;
        }
        Ok(())
    })?;
    for side in [Side::Server, Side::Client] {
        let (from, to) = pair.from(side);
        from.send_pieces(byte_by_byte(b"\0\xff\r\n\xe4\xbd"));
        to.expect_exactly(b"\0\xff\r\n\xe4\xbd", &PASSES_ON)?;
        let bytes = random::bytes(300_000);
        from.send(&bytes);
        to.expect_exactly(&bytes, &PASSES_ON)?;
    }
    Ok(())
}

/// One side sends something and ends; the other one answers twice after that, and ends.
fn ends(relay: &Relay<'_>, first: Side) -> Verdict {
    let mut pair = relay.pair(first.named(["client ends", "server ends"]))?;
    let (one, other) = pair.from(first);
    let words = random::bytes(100_000);
    one.send(&words);
    one.half_close();
    other.expect_until_fin(&words, &HALF_CLOSE)?;
    for answer in ["an answer", "and one more"] {
        other.pause(Duration::from_millis(100));
        other.send(answer);
        one.expect_exactly(answer, &HALF_CLOSE)?;
    }
    other.half_close();
    one.expect_until_fin("", &HALF_CLOSE)
}

/// Both sides end at the same time.
fn both_end(relay: &Relay<'_>) -> Verdict {
    let mut pair = relay.pair("both end")?;
    for side in SIDES {
        let (from, _) = pair.from(side);
        from.send("my last word");
        from.half_close();
    }
    pair.client.expect_until_fin("my last word", &HALF_CLOSE)?;
    pair.server.expect_until_fin("my last word", &HALF_CLOSE)
}

/// One side sends as fast as it can, and the other one does not read. In the end it does.
/// Both directions at the same time: `before` is the most memory that the program has used so far.
fn reads_late(relay: &Relay<'_>, fast: Side, before: Option<usize>) -> Verdict {
    let mut pair = relay.pair(fast.named(["slow server", "slow client"]))?;
    let program = &relay.server.program;
    let (from, to) = pair.from(fast);
    to.remark("does not read for a while", "暂时不读");
    // More than the kernels hold of two connections, and the relay in addition.
    let words = counted(2 * buffers() + KEPT + SPARE);
    let taken = from.send_until_stuck(&words, STUCK);
    let used = program.most_memory().zip(before).map_or(0, |(now, then)| now.saturating_sub(then));
    let mib = |bytes: usize| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let actual = if taken == words.len() {
        let (en, zh) = ("were taken, and nothing was read", "都收下了，而另一边一点也没读");
        Observed::text(format!("{} {en}", mib(taken)), format!("{} {zh}", mib(taken)))
    } else if used > SIDES.len() * KEPT + SPARE {
        let used = mib(used);
        let en = format!("the program uses {used} more than before");
        Observed::text(en, format!("程序比之前多用了 {used}"))
    } else {
        // What the slow one says is passed on in the meantime.
        to.send("slow down");
        let passed = from.expect_exactly("slow down", &PASSES_ON);
        // In pieces, as each expectation has a deadline.
        let mut pieces = words[..taken].chunks(256 << 10);
        pieces.try_for_each(|piece| to.expect_exactly(piece, &ALL_ARRIVES))?;
        passed?; // a relay that has given up the slow one passes on nothing either
        from.send("and this");
        from.half_close();
        return to.expect_until_fin("and this", &ALL_ARRIVES);
    };
    let kept = Observed::text("4 MiB at most are kept", "最多留 4 MiB");
    Err(program.failure(&BOUNDED, kept, actual))
}

/// Many clients at once, while one does not read.
fn many(relay: &Relay<'_>) -> Verdict {
    let mut slow = relay.pair("never reads")?;
    slow.server.send_until_stuck(counted(buffers()), STUCK / 3);
    slow.client.stall();
    let pairs = (0..CROWD).map(|n| relay.pair(&format!("client {n}")));
    let pairs = Mutex::new(pairs.collect::<Verdict<Vec<Pair>>>()?);
    relay.server.check.at_once(CROWD, |n| {
        let Some(mut pair) = lock(&pairs).pop() else { return Ok(()) };
        for side in SIDES {
            let ((from, to), words) = (pair.from(side), format!("I am number {n}. ").repeat(5000));
            from.send(&words);
            to.expect_exactly(&words, &MANY)?;
        }
        pair.client.half_close();
        pair.server.expect_until_fin("", &MANY)?;
        pair.server.half_close();
        pair.client.expect_until_fin("", &MANY)
    })
}

/// One side resets its connection.
fn is_lost(relay: &Relay<'_>, side: Side) -> Verdict {
    let mut pair = relay.pair(side.named(["client is lost", "server is lost"]))?;
    pair.from(side).1.send("nobody will read this");
    loses(relay.server.check, pair, side)
}

/// The same after the other side has filled the buffers. It reads nothing.
fn is_lost_while_full(relay: &Relay<'_>, side: Side) -> Verdict {
    let mut pair = relay.pair(side.named(["full client is lost", "full server is lost"]))?;
    pair.from(side).1.send_until_stuck(counted(buffers()), STUCK / 3);
    loses(relay.server.check, pair, side)
}

fn loses(check: &Check, pair: Pair, side: Side) -> Verdict {
    let (lost, mut other) = match side {
        Side::Client => (pair.client, pair.server),
        Side::Server => (pair.server, pair.client),
    };
    lost.reset();
    let began = Instant::now();
    other.expect_end(&LOST)?;
    let took = began.elapsed();
    if took > AT_ONCE {
        let at_once = Observed::text("this happens at once", "马上就做");
        let late = Observed::text(format!("after {took:.1?}"), format!("{took:.1?} 之后"));
        return Err(check.failed(&LOST, at_once, late));
    }
    Ok(())
}

/// The relay runs before its server does.
fn no_server(check: &Check) -> Verdict {
    let at = check.free_port()?;
    let program = check.start(["0", &at.to_string()])?;
    let port = program.port()?;
    let server = Server::at(check, program, port);
    for name in ["too early", "too early, too"] {
        let mut early = server.or_ended(server.connect_by(name, &NO_SERVER), &NO_SERVER)?;
        server.or_ended(early.expect_end(&NO_SERVER), &NO_SERVER)?;
    }
    let relay = Relay { server, host: Mutex::new(check.listen_at(at)?) };
    let mut pair = relay.pair_by("in time", &NO_SERVER)?;
    pair.client.send("hello");
    pair.server.expect_exactly("hello", &NO_SERVER)
}

/// Bytes in blocks that all differ, so that a block that is left out or doubled is noticed.
fn counted(length: usize) -> Vec<u8> {
    let block = random::bytes(64 << 10);
    let mut bytes = block.repeat(length.div_ceil(block.len()));
    for (number, block) in bytes.chunks_mut(block.len()).enumerate() {
        block[..8].copy_from_slice(&(number as u64).to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}

//! 17: a client that keeps a subscription alive. The trap: to a client that only waits, a dead host looks like a silent one.

mod pauses;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Host, Observed, Peer, Program, Rule, Verdict, byte_by_byte, random};

use self::pauses::comes_and_goes;
use super::common::IDLE;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "17_silence",
    en: "a client that keeps a subscription alive",
    zh: "断了也能接着听的订阅客户端",
    rules: &[
        SUBSCRIBES, COMES_BACK, RESUMES, ONCE, GAP, ENDS, PATIENCE, SILENCE, PAUSES, AFRESH,
        RANDOM, IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const SUBSCRIBES: Rule = Rule {
    name: "subscribes",
    en: "As soon as it is connected, the client sends `AFTER 0`, and nothing else. It prints each event at once, as a line, exactly as the host sent it: `1 the kettle boils`. It does not print heartbeats.",
    zh: "一连上，客户端就说 `AFTER 0`，别的不说。每收到一个事件，马上原样打印一行：`1 the kettle boils`。心跳不打印。",
    see: "Run it",
};
const COMES_BACK: Rule = Rule {
    name: "comes-back",
    en: "Whatever ends a connection, the client tries again, and never gives up: the host ends it, resets it or falls silent, or no program listens on the port.",
    zh: "不管连接是怎么没的：主机结束了、重置了、不出声了，还是端口上根本没有程序在监听，客户端都要再来，永不放弃。",
    see: "A thousand come back at once",
};
const RESUMES: Rule = Rule {
    name: "resumes",
    en: "On a new connection it sends the number of the last event that it has printed: `AFTER 17`. Half a line is no event.",
    zh: "重新连上以后，它说的是已经打印过的最后一个编号：`AFTER 17`。半行不算事件。",
    see: "Run it",
};
const ONCE: Rule = Rule {
    name: "once",
    en: "An event that has been printed is not printed again, however often the host sends it.",
    zh: "打印过的事件，主机再说多少遍，也不再打印。",
    see: "Asked twice is done twice",
};
const GAP: Rule = Rule {
    name: "gap",
    en: "If a number is left out, an event is missing. The client does not print what follows: it closes the connection, and asks again.",
    zh: "编号跳了，就是缺了东西。后面的不打印：客户端关闭连接，重新去要。",
    see: "Asked twice is done twice",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "At `END` the client closes the connection, and ends with exit status 0.",
    zh: "收到 `END`，客户端关闭连接，以退出状态 0 结束。",
    see: "Exercise",
};
const PATIENCE: Rule = Rule {
    name: "patience",
    en: "A host that sends anything within two heartbeats is alive: a heartbeat, an event, or a part of a line.",
    zh: "两次心跳的时间里，主机只要说了什么就还活着：心跳、事件，哪怕只是半行。",
    see: "In Rust",
};
const SILENCE: Rule = Rule {
    name: "silence",
    en: "A host that has sent nothing for two heartbeats is gone: the client closes the connection then, no earlier, and at most one heartbeat later. Until the host has sent `BEAT`, a heartbeat is 500 ms.",
    zh: "两次心跳的时间里一声不出，主机就是没了：客户端这时关闭连接，不能提前，最多再晚一次心跳。还没听到 `BEAT` 的时候，一次心跳按 500 毫秒算。",
    see: "Run it",
};
const PAUSES: Rule = Rule {
    name: "pauses",
    en: "Before each new attempt there is a pause: 50 to 100 ms before the first one, 100 to 200 ms before the second, then 200 to 400 ms, and 400 to 800 ms before all others.",
    zh: "每次再来之前都要停一停：第一次之前停 50 到 100 毫秒，第二次之前 100 到 200，然后 200 到 400，再往后都是 400 到 800。",
    see: "A thousand come back at once",
};
const AFRESH: Rule = Rule {
    name: "afresh",
    en: "When the host has sent `BEAT`, the pauses start again from the shortest. That it has accepted a connection is not enough.",
    zh: "听到过主机的 `BEAT`，停顿就从最短的重新开始。光是连上了还不算。",
    see: "A thousand come back at once",
};
const RANDOM: Rule = Rule {
    name: "random",
    en: "The exact length of each pause is random: clients that have lost their host at the same moment do not come back at the same moment.",
    zh: "到底停多久，要随机：同一刻丢了主机的客户端，不能又在同一刻回来。",
    see: "A thousand come back at once",
};

const BEAT_MS: u64 = 400;
/// Until the host has sent another one.
const FIRST_BEAT_MS: u64 = 500;
/// The delay that a client may have on a busy machine.
const LATE: Duration = Duration::from_millis(250);
/// The time by which it may be early: the system's clock may count in steps.
const EARLY: Duration = Duration::from_millis(5);
const ATTEMPTS: usize = 3;
/// A step that has lasted longer was not late: it has waited for what the client never did.
const TOO_LONG: Duration = Duration::from_secs(4);

/// The shortest and the longest pause before each attempt: the host closes four connections, and then sends `BEAT`.
const PAUSES_MS: [(u64, u64); 7] =
    [(50, 100), (100, 200), (200, 400), (400, 800), (400, 800), (50, 100), (100, 200)];

/// A client under check, and the host that it has subscribed to.
struct Subscriber {
    program: Program,
    host: Host,
}

impl Subscriber {
    fn start(check: &Check) -> Verdict<Subscriber> {
        let host = check.listen()?;
        let program = check.start([&host.ip(), &host.port().to_string()])?;
        Ok(Subscriber { program, host })
    }

    /// Its next connection, on which it must ask for the events after this one.
    fn accept(&self, name: &str, after: u64, rule: &Rule) -> Verdict<Peer> {
        let said = if after == 0 { &SUBSCRIBES } else { &RESUMES };
        // On a busy machine the check may be so late that the client has rightly given up: it comes again.
        let mut again = 1..ATTEMPTS;
        loop {
            let mut connection = self.host.accept(name, rule)?;
            connection.expect_exactly(format!("AFTER {after}\n"), said)?;
            if again.next().is_none() || !connection.has_ended() {
                return Ok(connection);
            }
        }
    }

    /// The next line of the host that it prints must be this one.
    fn prints(&self, line: &str, rule: &Rule) -> Verdict {
        let found = self.program.line_where(is_the_hosts, Observed::bytes(line), rule)?;
        match found.trim_end() == line.trim_end() {
            true => Ok(()),
            false => Err(self.program.failure(rule, Observed::bytes(line), Observed::bytes(found))),
        }
    }
}

/// Whether a line that was printed came from the host. The program may print other lines.
fn is_the_hosts(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit()) || line.starts_with("BEAT ")
}

/// The events of a host, as lines without their ends.
#[derive(Default)]
struct Events(Vec<String>);

impl Events {
    fn last(&self) -> u64 {
        self.0.len() as u64
    }

    fn next(&mut self, text: &str) -> String {
        self.0.push(format!("{} {text}", self.last() + 1));
        format!("{}\n", self.0[self.0.len() - 1])
    }
}

type Step = fn(&Check) -> Verdict;

fn judge(check: &Check) -> Verdict {
    // They mostly wait, so they run at the same time, each with its own clients and hosts. Those that
    // measure time may fail on a busy machine, but not each time.
    let steps: [(Step, usize); 5] = [
        (story, 1),
        (silence, ATTEMPTS),
        (never_says_a_word, ATTEMPTS),
        (refused, ATTEMPTS),
        (comes_and_goes, ATTEMPTS),
    ];
    let is_decided = AtomicBool::new(false);
    check.at_once(steps.len(), |n| {
        let (step, attempts) = steps[n];
        let mut first = Ok(());
        for _ in 0..attempts {
            let began = Instant::now();
            let verdict = step(&check.beside());
            if verdict.is_ok() {
                return verdict;
            }
            first = first.and(verdict);
            if is_decided.load(Ordering::SeqCst) || began.elapsed() > TOO_LONG {
                break;
            }
        }
        is_decided.store(true, Ordering::SeqCst);
        first
    })?;
    // Several steps have looked at them.
    for rule in [SUBSCRIBES, COMES_BACK, GAP, SILENCE, PAUSES, AFRESH, RANDOM, IDLE] {
        check.kept(&rule);
    }
    Ok(())
}

/// The life of a subscription.
fn story(check: &Check) -> Verdict {
    let (client, mut events) = (Subscriber::start(check)?, Events::default());
    // So long that a client that hangs up has not done so because of the silence.
    let beat = "BEAT 60000\n";

    let mut one = client.accept("first", 0, &SUBSCRIBES)?;
    check.promptly(&SUBSCRIBES, || {
        let event = events.next(&random::word());
        one.send(format!("{beat}{event}"));
        client.prints(event.trim_end(), &SUBSCRIBES)
    })?;
    one.send(beat);
    // The numbers get a second digit.
    for _ in 0..6 {
        let event = events.next(&random::word());
        one.send(&event);
        client.prints(event.trim_end(), &SUBSCRIBES)?;
    }
    for text in ["the kettle boils", "BEAT 1 is only a text", "END", "  水开了  ok"] {
        let event = events.next(text);
        one.send_pieces(byte_by_byte(event.as_bytes()));
        client.prints(event.trim_end(), &SUBSCRIBES)?;
    }
    one.expect_silence(Duration::from_millis(50), &SUBSCRIBES)?;
    let last = events.last();
    one.send(format!("{} I was about to", last + 1));
    one.half_close();
    one.expect_end(&COMES_BACK)?;

    let mut two = client.accept("second", last, &COMES_BACK)?;
    let old = events.0[1..].join("\n");
    let [event, other] = [events.next(&random::word()), events.next("twice")];
    two.send(format!("{beat}{old}\n{event}{event}{other}{beat}{event}"));
    client.prints(event.trim_end(), &ONCE)?;
    client.prints(other.trim_end(), &ONCE)?;
    two.send(format!("{} too far\n{} and further\n", events.last() + 2, events.last() + 3));
    two.expect_end(&GAP)?;

    // What the client sends is left unread, so that closing resets the connection.
    let mut three = client.host.accept("third", &COMES_BACK)?;
    let event = events.next("before the reset");
    three.send(format!("{beat}{event}"));
    client.prints(event.trim_end(), &GAP)?;
    three.reset();

    let mut four = client.accept("fourth", events.last(), &COMES_BACK)?;
    let event = events.next("the last one");
    four.send(format!("{beat}{event}END\n"));
    client.prints(event.trim_end(), &RESUMES)?;
    check.kept(&RESUMES);
    four.expect_end(&ENDS)?;
    let printed = client.program.expect_exit(0, &ENDS)?.stdout;
    check.kept(&ENDS);
    let printed = String::from_utf8_lossy(&printed);
    let printed: Vec<&str> =
        printed.lines().map(str::trim_end).filter(|line| is_the_hosts(line)).collect();
    if printed != events.0 {
        let [all, actual] = [events.0.join("\n"), printed.join("\n")].map(Observed::bytes);
        return Err(client.program.failure(&ONCE, all, actual));
    }
    check.kept(&ONCE);
    Ok(())
}

/// A host that is slow, which the client must bear, and then falls silent.
fn silence(check: &Check) -> Verdict {
    let client = Subscriber::start(check)?;
    let mut slow = client.accept("slow", 0, &SUBSCRIBES)?;
    // The last one counts.
    slow.send(format!("BEAT 2000\nBEAT {}\n1 a\n2 hal", BEAT_MS));
    client.prints("1 a", &SUBSCRIBES)?;
    let watch = client.program.watch();
    let mut said = Instant::now();
    // Together much more than two heartbeats: a client for which not all of these are signs of life may be late, too.
    for (pause, part) in [(5, "f an"), (3, " ev"), (3, "ent"), (3, "\n")] {
        slow.expect_no_bytes(Duration::from_millis(BEAT_MS * pause / 4), &SUBSCRIBES)?;
        slow.expect_silence(Duration::from_millis(1), &PATIENCE)?;
        said = Instant::now(); // before sending: the client cannot have received it earlier
        slow.send(part);
    }
    client.prints("2 half an event", &PATIENCE)?;
    check.kept(&PATIENCE);
    watch.expect_idle(&IDLE)?;
    slow.remark("sends nothing from now on", "从此一声不出");
    slow.expect_end(&SILENCE)?;
    expect_time(check, said.elapsed(), (2 * BEAT_MS, 3 * BEAT_MS), &SILENCE)?;
    client.accept("again", 2, &COMES_BACK).map(drop)
}

/// A host that accepts, and does nothing more.
fn never_says_a_word(check: &Check) -> Verdict {
    let started = Instant::now();
    let client = Subscriber::start(check)?;
    let mut silent = client.accept("silent", 0, &SUBSCRIBES)?;
    let said = Instant::now();
    silent.expect_end(&SILENCE)?;
    // It was connected at some time between the two.
    expect_time(check, started.elapsed(), (2 * FIRST_BEAT_MS, u64::MAX), &SILENCE)?;
    expect_time(check, said.elapsed(), (0, 3 * FIRST_BEAT_MS), &SILENCE)?;
    client.accept("again", 0, &COMES_BACK).map(drop)
}

/// A client that starts before its host.
fn refused(check: &Check) -> Verdict {
    let port = check.free_port()?;
    let program = check.start(["127.0.0.1", &port.to_string()])?;
    thread::sleep(Duration::from_millis(random::number(400..600) as u64));
    program.expect_running(&COMES_BACK)?;
    program.watch().expect_idle(&IDLE)?; // it pauses
    let client = Subscriber { program, host: check.listen_at(port)? };
    let late = client.accept("at last", 0, &COMES_BACK)?;
    // It was refused twice at least, and its next pause is the third one, or a longer one.
    let closed = Instant::now();
    drop(late);
    let mut late = client.accept("once more", 0, &COMES_BACK)?;
    expect_time(check, closed.elapsed(), (PAUSES_MS[2].0, u64::MAX), &PAUSES)?;
    // The first event has the number 1.
    late.send("BEAT 60000\n2 hello\n");
    late.expect_end(&GAP)?;
    let mut late = client.accept("and again", 0, &GAP)?;
    late.send("BEAT 2000\n1 hello\n");
    client.prints("1 hello", &COMES_BACK)
}

/// Expects a duration between these times, in milliseconds.
fn expect_time(check: &Check, time: Duration, range: (u64, u64), rule: &Rule) -> Verdict {
    let [least, most] = [range.0, range.1].map(Duration::from_millis);
    let expected = if time < least.saturating_sub(EARLY) {
        Observed::text(format!("not before {least:?} are over"), format!("不早于 {least:?}"))
    } else if time > most.saturating_add(LATE) {
        Observed::text(format!("at the latest after {most:?}"), format!("最晚 {most:?} 之后"))
    } else {
        return Ok(());
    };
    let time = Duration::from_millis(time.as_millis() as u64);
    Err(check.failed(
        rule,
        expected,
        Observed::text(format!("after {time:?}"), format!("{time:?} 之后")),
    ))
}

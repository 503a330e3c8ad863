//! 05: both sides in one program, and each prints its callbacks. On one side the order is certain, whichever side ends first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use net_notes::check::{Check, Observed, Program, Rule, Verdict};

use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "05_order",
    en: "print the order of the callbacks, either side first",
    zh: "打印回调的顺序，哪边先结束都行",
    rules: &[CALLBACKS, SERVER_FIRST, CLIENT_FIRST, REAL, ENDS],
    needs_unix_sockets: false,
    judge,
};

const CALLBACKS: Rule = Rule {
    name: "every-callback",
    en: "Each callback prints a line: `server: ` and listening, connection, data, finish, end, close; `client: ` and connect, data, finish, end, close.",
    zh: "每个回调打印一行：`server: ` 后面是 listening、connection、data、finish、end、close；`client: ` 后面是 connect、data、finish、end、close。",
    see: "Run it",
};
const SERVER_FIRST: Rule = Rule {
    name: "server-first",
    en: "With the argument `server`, the server ends first: it has finish before end, and the client has end before finish.",
    zh: "参数是 `server`，就由服务器先结束：它先 finish 后 end，客户端先 end 后 finish。",
    see: "`end` is not `close`",
};
const CLIENT_FIRST: Rule = Rule {
    name: "client-first",
    en: "With the argument `client`, the client ends first: it has finish before end, and the server has end before finish.",
    zh: "参数是 `client`，就由客户端先结束：它先 finish 后 end，服务器先 end 后 finish。",
    see: "`end` is not `close`",
};
const REAL: Rule = Rule {
    name: "real-sockets",
    en: "What is printed has happened: two sockets are connected, each sends something to the other, and the one that the argument names sends its FIN first.",
    zh: "打印的都真的发生过：两个套接字连在一起，互相发过数据，参数说的那一边先发 FIN。",
    see: "On the wire",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "When both sides are closed, the program ends by itself, with exit status 0.",
    zh: "两边都关闭之后，程序自己结束，退出状态为 0。",
    see: "In Rust",
};

/// The callbacks that are asked for. A program may print others, too.
const KNOWN: [&str; 7] = ["listening", "connection", "connect", "data", "finish", "end", "close"];

fn judge(check: &Check) -> Verdict {
    let sockets = Sockets::default();
    let first = [("server", &SERVER_FIRST), ("client", &CLIENT_FIRST)];
    first.iter().try_for_each(|(first, rule)| visit(check, first, rule, &sockets))?;
    // The lines of the two sides are mixed at random, so the program is run many times.
    check.at_once(8, |n| visit(check, first[n % 2].0, first[n % 2].1, &sockets))?;
    if sockets.missed.into_inner() && !sockets.seen.into_inner() {
        let two = Observed::text("two sockets", "两个套接字");
        let none = Observed::text("a program without any", "程序一个套接字也没有");
        return Err(check.failed(&REAL, two, none));
    }
    EXERCISE.rules.iter().for_each(|rule| check.kept(rule));
    Ok(())
}

/// Observations of the sockets of programs that do not use the library, and so leave no trace. They are looked for while the
/// program runs, which is so short that they may be missed.
#[derive(Default)]
struct Sockets {
    seen: AtomicBool,
    missed: AtomicBool,
}

/// Runs the program once, and looks at the order on each side.
fn visit(check: &Check, first: &str, rule: &Rule, sockets: &Sockets) -> Verdict {
    let program = check.start_traced([first])?;
    let seen = watch(&program);
    let ended = program.expect_exit(0, &ENDS)?;
    let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
    for (side, opening) in [("server", "listening connection"), ("client", "connect")] {
        let orders: &[&str] = match side == first {
            // It may end before it gets anything.
            true => &["data finish end close", "finish data end close"],
            false => &["data end finish close"],
        };
        let actual = calls(&printed, side, |call| KNOWN.contains(&call));
        let orders: Vec<String> =
            orders.iter().map(|rest| format!("{side}: {opening} {rest}")).collect();
        if orders.contains(&actual) {
            continue;
        }
        let at = |call: &str| actual.split(' ').position(|one| one == call);
        let ends_first = at("finish") < at("end");
        let all_there = sorted(&actual) == sorted(&orders[0]);
        let rule = if all_there && ends_first != (side == first) { rule } else { &CALLBACKS };
        let all = calls(&printed, side, |_| true);
        let [order, actual] = [&orders[0], &all].map(|calls| Observed::text(calls, calls));
        return Err(program.failure(rule, order, actual));
    }
    match ended.trace.is_empty() {
        true => match seen {
            Some(true) => sockets.seen.store(true, Ordering::Relaxed),
            Some(false) => sockets.missed.store(true, Ordering::Relaxed),
            None => {} // the system does not tell
        },
        false => ["server", "client"]
            .iter()
            // One side may be without the library, and so leave no trace.
            .filter(|side| ended.trace.iter().any(|line| has_side(line, side)))
            .try_for_each(|side| traced(&program, &ended.trace, side, *side == first))?,
    }
    Ok(())
}

/// Whether the program has a socket that listens and another one, while it runs.
fn watch(program: &Program) -> Option<bool> {
    let mut seen = None;
    while program.is_running() {
        let Some(sockets) = program.sockets() else { break };
        seen = Some(seen == Some(true) || sockets >= 2);
        if seen == Some(true) {
            break;
        }
        thread::park_timeout(Duration::from_micros(100));
    }
    seen
}

fn has_side(line: &str, side: &str) -> bool {
    line.split_once(" ms  #").is_some_and(|(_, event)| event.split(' ').nth(1) == Some(side))
}

/// The trace of this side must have data in both directions, and the FINs in the right order.
fn traced(program: &Program, trace: &[String], side: &str, is_first: bool) -> Verdict {
    // `0.004 ms  #1 server ← connect 127.0.0.1:43862`
    let events = trace.iter().filter_map(|line| {
        let (_, event) = line.split_once(" ms  #")?.1.split_once(side)?;
        Some(event.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    });
    let mut seen: Vec<String> = events.collect();
    let wanted = ["→ data", "← data", "→ FIN", "← FIN"];
    seen.retain(|event| wanted.contains(&&**event));
    let position = |event: &str| seen.iter().position(|one| one == event);
    let fins = [position("→ FIN"), position("← FIN")];
    let ordered = fins[0].zip(fins[1]).is_some_and(|(sent, got)| (sent < got) == is_first);
    if ordered && position("→ data").is_some() && position("← data").is_some() {
        return Ok(());
    }
    let order = if is_first { "→ FIN, ← FIN" } else { "← FIN, → FIN" };
    let happened = seen.join(", ");
    Err(program.failure(
        &REAL,
        Observed::text(
            format!("{side}: data in both directions, {order}"),
            format!("{side}：两个方向都有 data，{order}"),
        ),
        Observed::text(format!("{side}: {happened}"), format!("{side}：{happened}")),
    ))
}

/// All lines of one side as one. Of `data`, only the first: it may come in pieces.
fn calls(printed: &str, side: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut calls = format!("{side}:");
    for call in printed.lines().filter_map(|line| line.strip_prefix(side)?.strip_prefix(": ")) {
        let call = call.trim_end();
        if wanted(call) && (call != "data" || !calls.contains(" data")) {
            calls.push_str(&format!(" {call}"));
        }
    }
    calls
}

fn sorted(calls: &str) -> Vec<&str> {
    let mut words: Vec<&str> = calls.split(' ').collect();
    words.sort_unstable();
    words
}

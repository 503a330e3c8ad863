//! 05: both sides in one program, and each prints its callbacks. On one side the order is certain, whoever ends first.

use crate::check::{Check, Observed, Rule, Verdict};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "05_order",
    en: "print the order of the callbacks, either side first",
    zh: "打印回调的顺序，哪边先结束都行",
    rules: &[CALLBACKS, SERVER_FIRST, CLIENT_FIRST, ENDS],
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
const ENDS: Rule = Rule {
    name: "ends",
    en: "When both sides are closed, the program ends by itself, with exit status 0.",
    zh: "两边都关闭之后，程序自己结束，退出状态为 0。",
    see: "In Rust",
};

fn judge(check: &Check) -> Verdict {
    let first = [("server", &SERVER_FIRST), ("client", &CLIENT_FIRST)];
    first.iter().try_for_each(|(first, rule)| visit(check, first, rule))?;
    // How the lines of the two sides are mixed is chance: so, many times.
    check.at_once(8, |n| visit(check, first[n % 2].0, first[n % 2].1))
}

/// Runs the program once, and looks at the order on each side.
fn visit(check: &Check, first: &str, rule: &Rule) -> Verdict {
    let ended = check.start([first])?.expect_exit(0, &ENDS)?;
    for (side, opening) in [("server", "listening connection"), ("client", "connect")] {
        let orders: &[&str] = match side == first {
            // It may end before it gets anything.
            true => &["data finish end close", "finish data end close"],
            false => &["data end finish close"],
        };
        let came = calls(&String::from_utf8_lossy(&ended.stdout), side);
        let orders: Vec<String> =
            orders.iter().map(|rest| format!("{side}: {opening} {rest}")).collect();
        if orders.contains(&came) {
            continue;
        }
        let rule = if sorted(&came) == sorted(&orders[0]) { rule } else { &CALLBACKS };
        // Words, and not bytes: of those only the neighbourhood of the first wrong one would be shown.
        let [order, came] = [&orders[0], &came].map(|calls| Observed::text(calls, calls));
        return Err(check.failed(rule, order, came));
    }
    Ok(())
}

/// All lines of one side as one. Of `data`, only the first: it may come in pieces.
fn calls(printed: &str, side: &str) -> String {
    let mut calls = format!("{side}:");
    for call in printed.lines().filter_map(|line| line.strip_prefix(side)?.strip_prefix(": ")) {
        if call != "data" || !calls.contains(" data") {
            calls.push_str(&format!(" {}", call.trim_end()));
        }
    }
    calls
}

fn sorted(calls: &str) -> Vec<&str> {
    let mut words: Vec<&str> = calls.split(' ').collect();
    words.sort_unstable();
    words
}

//! 10: a server that never loses a byte. The myths: closing is harmless, and what was written has arrived.

use std::time::Duration;

use crate::check::{Check, Rule, Verdict, cut};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "10_data_loss",
    en: "a server that never loses a byte, whatever the client does",
    zh: "不管客户端怎么做，都一个字节不丢的服务器",
    rules: &[ANSWERS, UNREAD, WHOLE, HALF, SLOW, LEAVES, OTHERS, STAYS],
    judge,
};

/// More than the kernels of both sides hold while nobody reads: a part of the answer is still with the server then.
const LONG: usize = 8_000_000;

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To the line `hello` the server answers `5 bytes` and the line itself, and ends: at once, without waiting for the client's end.",
    zh: "收到一行 `hello`，服务器就回 `5 bytes` 和这一行本身，然后结束。读到行尾就回答，不等客户端先结束。",
    see: "The server has not read the request",
};
const UNREAD: Rule = Rule {
    name: "unread",
    en: "A client may send more than its line: the server reads that, too, before it closes, so that the connection is not reset.",
    zh: "客户端发来的可能比一行多：服务器要把多出来的也读完再关闭，免得连接被重置。",
    see: "The server has not read the request",
};
const WHOLE: Rule = Rule {
    name: "whole-line",
    en: "The server reads the line to its end before it answers, however long the line is and in however many pieces it comes.",
    zh: "不管这一行有多长、分成几段到，服务器都要读到行尾再回答。",
    see: "The cliff",
};
const HALF: Rule = Rule {
    name: "half-close",
    en: "A client that has ended its direction has not gone: it still gets the whole answer.",
    zh: "客户端结束了自己的方向，并不等于走了：它照样要收到完整的回答。",
    see: "On the wire",
};
const SLOW: Rule = Rule {
    name: "slow",
    en: "However slowly a client reads, and whatever it says meanwhile, it gets every byte of its answer.",
    zh: "不管客户端读得多慢，也不管它中间又说了什么，回答都要一个字节不少地送到。",
    see: "On the wire",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may end without a line, or in the middle of one: `read` says 0, nothing more will come, and the server ends the connection, too.",
    zh: "客户端可能一行都没发完就结束了：`read` 返回 0，不会再有数据，服务器也要结束这条连接。",
    see: "On the wire",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "A client that stays for ever, or never reads, holds up no other.",
    zh: "有的客户端一直不走，有的从来不读，都不能耽误别的客户端。",
    see: "The library reads on, and `close` does not",
};
const STAYS: Rule = Rule {
    name: "stays",
    en: "The server stays up, also when a client resets its connection.",
    zh: "哪怕有客户端重置了连接，服务器也要继续运行。",
    see: "On the wire",
};

fn answer_to(line: &str) -> String {
    format!("{} bytes\n{line}\n", line.len())
}

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;

    let mut stays = check.connect("stays", port)?;
    stays.send("hello\n");
    stays.expect_until_fin(answer_to("hello"), &ANSWERS)?;
    let mut second = check.connect("second", port)?;
    second.send("hi\n");
    second.expect_until_fin(answer_to("hi"), &OTHERS)?;
    let mut ends = check.connect("ends", port)?;
    ends.send("my last word\n");
    ends.half_close();
    ends.expect_until_fin(answer_to("my last word"), &HALF)?;
    for word in ["", "hel"] {
        let mut leaves = check.connect("leaves", port)?;
        leaves.send(word);
        leaves.half_close();
        leaves.read_to_fin(&LEAVES)?; // whatever it says to half a line
    }

    let mut more = check.connect("more", port)?;
    more.send("hello\n".to_string() + &"~".repeat(200_000));
    more.expect_until_fin(answer_to("hello"), &UNREAD)?;

    let line = "0123456789".repeat(100_000);
    let mut pieces = check.connect("pieces", port)?;
    pieces.send_pieces(cut(format!("{line}\n").as_bytes(), &[1, 1024, 70_000, line.len()]));
    pieces.expect_until_fin(answer_to(&line), &WHOLE)?;

    // All of the answer may be with the server's kernel when the client speaks again. If nobody is there any more to read
    // that, the kernel throws the answer away.
    let mut slow = check.connect("slow", port)?;
    slow.send(format!("{line}\n"));
    slow.wait_unread();
    slow.pause(Duration::from_millis(100));
    slow.send("are you still there?\n");
    slow.pause(Duration::from_millis(50));
    slow.expect_until_fin(answer_to(&line), &SLOW)?;

    let line = "0123456789".repeat(LONG / 10);
    let mut ends_early = check.connect("ends early", port)?;
    ends_early.send(format!("{line}\n"));
    ends_early.half_close();
    ends_early.wait_unread();
    ends_early.pause(Duration::from_millis(100));
    ends_early.expect_until_fin(answer_to(&line), &HALF)?;

    let mut stuck = check.connect("never reads", port)?;
    stuck.send(format!("{line}\n"));
    stuck.stall();
    let mut resets = check.connect("resets", port)?;
    resets.send("hello\n");
    resets.reset();
    let mut after = check.connect("after it", port)?;
    after.send("still there?\n");
    after.expect_until_fin(answer_to("still there?"), &STAYS)?;
    check.at_once(8, |n| {
        let mut client = check.connect(&format!("client {n}"), port)?;
        let line = format!("I am number {n}").repeat(1000);
        client.send(format!("{line}\nand this is too much"));
        client.expect_until_fin(answer_to(&line), &OTHERS)
    })?;
    server.expect_running(&STAYS)
}

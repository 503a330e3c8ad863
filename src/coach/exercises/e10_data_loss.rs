//! 10: a server that never loses a byte. The myths: closing is harmless, and what was written has arrived.

use std::time::Duration;

use net_notes::check::{Check, Peer, Rule, Verdict, cut, random};

use super::common::{FREES, IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "10_data_loss",
    en: "a server that never loses a byte, whatever the client does",
    zh: "不管客户端怎么做，都一个字节不丢的服务器",
    rules: &[ANSWERS, BYTES, LEAVES, UNREAD, WHOLE, HALF, SLOW, OTHERS, STAYS, FREES, IDLE],
    needs_unix_sockets: false,
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To the line `hello` the server answers `5 bytes` and the line itself, each in a line of its own, and ends: at once, without waiting for the client's end. There is one answer, to the first line.",
    zh: "收到一行 `hello`，服务器就回两行：`5 bytes` 和这一行本身，然后结束。读到行尾马上就回，不等客户端先结束。只回一次，回的是第一行。",
    see: "The server has not read the request",
};
const BYTES: Rule = Rule {
    name: "any-byte",
    en: "A line is given back byte by byte, blanks and all, whether it is text or not; it is bytes that are counted.",
    zh: "一行要一个字节不差地还回去，空格也不能少，不管它是不是文本；数的是字节。",
    see: "Exercise",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may end without a line, or in the middle of one: `read` says 0, nothing more will come, and the server ends the connection, too.",
    zh: "客户端可能一行都没发完就结束了：`read` 返回 0，不会再有数据，服务器也要结束这条连接。",
    see: "Exercise",
};
const UNREAD: Rule = Rule {
    name: "unread",
    en: "A client may send more than its line: the server reads that, too, before it closes, so that the connection is not reset.",
    zh: "客户端发来的可能比一行多：服务器要把多出来的也读完再关闭，免得连接被重置。",
    see: "The server has not read the request",
};
const WHOLE: Rule = Rule {
    name: "whole-line",
    en: "The server reads the line to its end before it answers, however long the line is, in however many pieces it arrives, and however long the client pauses.",
    zh: "不管这一行有多长、分成几块到、中间停多久，服务器都要读到行尾再回。",
    see: "The cliff",
};
const HALF: Rule = Rule {
    name: "half-close",
    en: "A client that has ended its direction has not gone: it still gets the whole answer.",
    zh: "客户端半关闭，并不等于走了：它照样要收到完整的回复。",
    see: "On the wire",
};
const SLOW: Rule = Rule {
    name: "slow",
    en: "However slowly a client reads, and whatever it says meanwhile, and however often, it gets every byte of its answer.",
    zh: "不管客户端读得多慢，也不管它中间又说了什么、说了几次，回复都要一个字节不少地送到。",
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
    see: "Exercise",
};

/// More bytes than the kernels of both sides hold while no program reads: a part of the answer is then still in the server.
const LONG: usize = 6_000_000;

/// The bytes that a client sends after its line.
const MUCH: usize = 16 << 20;

fn answer_to(line: impl AsRef<[u8]>) -> Vec<u8> {
    let line = line.as_ref();
    [format!("{} bytes\n", line.len()).as_bytes(), line, b"\n"].concat()
}

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let mut stay = Vec::new();
    let word = random::word();
    check.promptly(&ANSWERS, || {
        let mut stays = server.connect("stays")?;
        stays.send(format!("{word}\n"));
        stays.expect_lines_until_fin(answer_to(&word), &ANSWERS)?;
        stay.push(stays);
        Ok(())
    })?;
    let mut second = server.connect("second")?;
    second.send("hi\n");
    second.expect_lines_until_fin(answer_to("hi"), &OTHERS)?;
    drop(server.serves_many(
        &OTHERS,
        |n| format!("{n}\n").into(),
        |mut client, n| {
            let answer = answer_to(n.to_string());
            client.expect_lines_until_fin(answer, &OTHERS).map(|()| client)
        },
    )?);
    let mut two = server.connect("two lines")?;
    two.send("the first\nthe second\n");
    two.expect_lines_until_fin(answer_to("the first"), &ANSWERS)?;
    let mut begins = server.connect("begins another line")?;
    begins.send("the first\nthe sec");
    begins.expect_lines_until_fin(answer_to("the first"), &ANSWERS)?;
    drop(begins);
    check.kept(&ANSWERS);
    for line in [b"  \xe4\xbd\xa0\xe5\xa5\xbd\xff ".to_vec(), b"\0\t\xe4\xbd".to_vec(), Vec::new()]
    {
        let mut bytes = server.connect("bytes")?;
        bytes.send([&line[..], b"\n"].concat());
        bytes.expect_lines_until_fin(answer_to(line), &BYTES)?;
    }
    check.kept(&BYTES);
    for word in ["", "hel"] {
        let mut leaves = server.connect("leaves")?;
        leaves.send(word);
        leaves.half_close();
        leaves.read_to_fin(&LEAVES)?; // whatever it says to half a line
    }
    check.kept(&LEAVES);
    let mut more = server.connect("more")?;
    more.send("hello\n".to_string() + &"~".repeat(200_000));
    more.expect_lines_until_fin(answer_to("hello"), &UNREAD)?;

    let (pause, mut patient) = (check.long_pause(), server.connect("patient")?);
    patient.send(&word);
    let mut meanwhile = server.connect("meanwhile")?;
    meanwhile.send("me first\n");
    meanwhile.expect_lines_until_fin(answer_to("me first"), &OTHERS)?;
    let line = "0123456789".repeat(100_000);
    let mut pieces = server.connect("pieces")?;
    pieces.send_pieces(cut(format!("{line}\n").as_bytes(), &[1, 1024, 70_000, line.len()]));
    pieces.expect_lines_until_fin(answer_to(&line), &WHOLE)?;

    // The whole answer may be in the server's kernel when the client sends again. If no program is left to read
    // that, the kernel throws the answer away.
    let mut talks = asks(&server, "talks", &line)?;
    speaks(&mut talks, 5);
    talks.expect_lines_until_fin(answer_to(&line), &SLOW)?;
    talks.expect_all_taken(&SLOW)?;
    let mut early = ends_early(&server)?;
    server.or_ended(others(&server), &STAYS)?;
    check.kept(&OTHERS);
    drop((second, two, more, pieces, talks, meanwhile));
    server.expect_freed(stay.len() + 3, &FREES)?; // `patient`, `early`, and the one that never reads
    check.kept(&FREES);

    // As late as possible: a server may close a connection that is silent for five seconds.
    let mut slow = asks(&server, "slow", &line)?;
    speaks(&mut slow, 1);
    server.is_idle_while(|| patient.wait_out(&pause, &WHOLE))?;
    patient.send(" and more\n");
    patient.expect_lines_until_fin(answer_to(word + " and more"), &WHOLE)?;
    early.expect_line(format!("{LONG} bytes"), &WHOLE)?; // however long the line is
    check.kept(&WHOLE);
    early.expect_lines_until_fin("0123456789".repeat(LONG / 10) + "\n", &HALF)?;
    check.kept(&HALF);
    speaks(&mut slow, 2);
    slow.expect_lines_until_fin(answer_to(&line), &SLOW)?;
    check.kept(&SLOW);
    let mut much = server.connect("much more")?;
    much.send("hello\n");
    much.flood(MUCH);
    much.expect_lines_until_fin(answer_to("hello"), &UNREAD)?;
    much.expect_all_taken(&UNREAD)?;
    check.kept(&UNREAD);
    server.program.expect_running(&STAYS)?;
    check.kept(&STAYS);
    Ok(())
}

/// A client that sends a line, and does not read what the server answers.
fn asks(server: &Server<'_>, name: &str, line: &str) -> Verdict<Peer> {
    let mut client = server.connect(name)?;
    client.send(format!("{line}\n"));
    client.wait_unread();
    Ok(client)
}

fn speaks(client: &mut Peer, times: usize) {
    for _ in 0..times {
        client.pause(Duration::from_millis(random::number(20..60) as u64));
        client.send("are you still there?\n");
    }
    client.pause(Duration::from_millis(50));
}

/// Two clients that end after their line. One of them reads later: much of its answer is still in the server.
fn ends_early(server: &Server<'_>) -> Verdict<Peer> {
    let mut ends = server.connect("ends")?;
    ends.send("my last word\n");
    ends.half_close();
    ends.expect_lines_until_fin(answer_to("my last word"), &HALF)?;
    let line = "0123456789".repeat(LONG / 10);
    let mut early = server.connect("ends early")?;
    early.send(format!("{line}\n"));
    early.half_close();
    early.wait_unread();
    Ok(early)
}

fn others(server: &Server<'_>) -> Verdict {
    asks(server, "never reads", &"0123456789".repeat(LONG / 10))?.stall();
    for _ in 0..4 {
        let mut resets = server.connect("resets")?;
        resets.send("hello\n");
        resets.reset();
    }
    let mut after = server.connect_by("after it", &STAYS)?;
    after.send("still there?\n");
    after.expect_lines_until_fin(answer_to("still there?"), &STAYS)?;
    server.check.at_once(8, |n| {
        let mut client = server.connect(&format!("client {n}"))?;
        let line = format!("I am number {n}").repeat(1000);
        client.send(format!("{line}\nand this is too much"));
        client.expect_lines_until_fin(answer_to(&line), &OTHERS)
    })
}

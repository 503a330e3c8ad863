//! 07: a server that numbers lines. The myth: what one read brings is lines, and whole ones.

use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{CLOSES, IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "07_free_form",
    en: "lines out of a stream of bytes, whatever it looks like",
    zh: "把字节流切成一行一行，不管它长什么样",
    rules: &[
        NUMBERS,
        WHOLE,
        CHARACTERS,
        ORDER,
        ENDS,
        ANY,
        LAST,
        TOO_LONG,
        THROWN_AWAY,
        OTHERS,
        CLOSES,
        IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const NUMBERS: Rule = Rule {
    name: "numbers",
    en: "Each line is answered at once, with its number and the line in brackets: `1 [tea]`. Each client has numbers of its own.",
    zh: "每一行都马上回复：行号，加上方括号里的这一行：`1 [tea]`。每个客户端各编各的号。",
    see: "Exercise",
};
const WHOLE: Rule = Rule {
    name: "whole-lines",
    en: "A line is over at its line end and nowhere before: what has arrived of it is kept until the rest is there, however long the client pauses.",
    zh: "一行要到行尾才算完：先到的部分留着，等剩下的到齐，不管客户端停多久。",
    see: "\"TCP glues my messages together, it is broken\"",
};
const CHARACTERS: Rule = Rule {
    name: "cut-characters",
    en: "A character may be cut in two as well: it comes back as the one that it is.",
    zh: "一个字也可能被切成两半：回复里还得是原来那个字。",
    see: "\"TCP glues my messages together, it is broken\"",
};
const ORDER: Rule = Rule {
    name: "in-order",
    en: "Many lines in one piece are many lines: each is answered, in the order in which they were sent.",
    zh: "一块数据里有很多行，就是很多行：每行都要回复，按发来的顺序。",
    see: "\"TCP glues my messages together, it is broken\"",
};
const ENDS: Rule = Rule {
    name: "line-ends",
    en: "A line ends with `\\n` or `\\r\\n`, and its end is no part of it. All else is: blanks, or a `\\r` that no `\\n` follows. A line with nothing in it is a line, too.",
    zh: "行尾是 `\\n` 或者 `\\r\\n`，它不算在行里。别的都算：空格算，后面没有 `\\n` 的 `\\r` 也算。一个字都没有的行也是一行。",
    see: "Exercise",
};
const ANY: Rule = Rule {
    name: "any-byte",
    en: "A line is bytes, and need not be text: what is no text comes back as it is, or as `�`.",
    zh: "一行是一串字节，不一定是文本：不是文本的，原样发回去，或者换成 `�`。",
    see: "Exercise",
};
const LAST: Rule = Rule {
    name: "last-line",
    en: "When the client has ended its direction, its last line is over, even without a line end: it is answered, and then the server ends, too.",
    zh: "客户端结束之后，它的最后一行就到头了，没有行尾也算：先回复，然后服务器也结束。",
    see: "Exercise",
};
const TOO_LONG: Rule = Rule {
    name: "too-long",
    en: "A line of more than 1000 bytes, its end not counted, is refused as soon as it has become too long, end or no end: `1 too long`. It is the bytes that count, not the characters.",
    zh: "一行只要超过 1000 字节（行尾不算），就马上拒绝，不等行尾：`1 too long`。数的是字节，不是字符。",
    see: "Exercise",
};
const THROWN_AWAY: Rule = Rule {
    name: "thrown-away",
    en: "The rest of a line that was refused is thrown away, and takes no memory. The next line has the next number.",
    zh: "拒绝了的行，剩下的都扔掉，不占内存。下一行用下一个号。",
    see: "Exercise",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "Any number of clients are served at the same time: nobody waits for another one to leave.",
    zh: "不管来多少客户端，都要同时服务：谁也不用等别人走。",
    see: "Exercise",
};

/// The time for which a program is watched that must not do anything yet.
const A_MOMENT: Duration = Duration::from_millis(50);
/// The number of bytes of a line that are sent after it should have been refused.
const MUCH: usize = 6 << 20;

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let mut ada = server.connect("ada")?;
    let mut number = 0;
    check.promptly(&NUMBERS, || {
        number += 1;
        answered(&mut ada, &random::word(), number, &NUMBERS)
    })?;
    answered(&mut ada, "Tea & 茶", number + 1, &NUMBERS)?;
    let mut bob = server.connect("bob")?;
    answered(&mut bob, "tea", 1, &OTHERS)?;
    check.kept(&NUMBERS);
    drop(server.serves_many(
        &OTHERS,
        |n| format!("tea for {n}\n").into(),
        |mut client, n| client.expect_line(format!("1 [tea for {n}]"), &OTHERS).map(|()| client),
    )?);

    pieces(&server)?;
    check.kept(&CHARACTERS);
    let (pause, mut patient) = (check.long_pause(), server.connect("patient")?);
    patient.send("one\nhalf a l");
    patient.expect_lines("1 [one]\n", &ORDER)?;

    let mut glued = server.connect("glued")?;
    let lines = |line: fn(usize) -> String| (1..=300).map(line).collect::<String>();
    glued.send(lines(|n| format!("line {n}\n")));
    glued.expect_lines(lines(|n| format!("{n} [line {n}]\n")), &ORDER)?;
    check.kept(&ORDER);

    line_ends(&server)?;
    no_text(&server)?;
    let ended = |name: &str, sent: &[u8], answers: &str, rule: &Rule| -> Verdict {
        let mut client = server.connect(name)?;
        client.send(sent);
        client.half_close();
        client.expect_lines_until_fin(answers, rule)
    };
    ended("no end", b"whole\nwithout an end", "1 [whole]\n2 [without an end]\n", &LAST)?;
    ended("an end", b"whole\n", "1 [whole]\n", &LAST)?;
    ended("nothing", b"", "", &LAST)?;
    let mut half = server.connect("half a character")?;
    half.send(b"caf\xc3"); // and neither its rest nor a line end
    half.half_close();
    let answers = [&b"1 [caf\xc3]"[..], "1 [caf\u{fffd}]".as_bytes()];
    half.expect_any(&answers, &ANY)?;
    half.expect_lines_until_fin("\n", &ANY)?;
    check.kept(&ANY);
    ended("half an end", b"whole\r\nand\r", "1 [whole]\n2 [and\r]\n", &ENDS)?;
    ended("no more than that", b"whole\n\r", "1 [whole]\n2 [\r]\n", &ENDS)?;
    check.kept(&LAST);
    check.kept(&ENDS);

    long_lines(&server)?;
    ended("long, no end", "x".repeat(1500).as_bytes(), "1 too long\n", &TOO_LONG)?;
    let just = "x".repeat(1000);
    ended("just, no end", just.as_bytes(), &format!("1 [{just}]\n"), &TOO_LONG)?;
    ended("half its end", (just + "\r").as_bytes(), "1 too long\n", &TOO_LONG)?;
    check.kept(&TOO_LONG);
    thrown_away(&server)?;
    check.kept(&THROWN_AWAY);

    check.at_once(20, |n| {
        let mut client = server.connect(&format!("client {n}"))?;
        answered(&mut client, &format!("I am {n}"), 1, &OTHERS)
    })?;
    answered(&mut ada, "sugar", number + 2, &NUMBERS)?;
    check.kept(&OTHERS);
    drop((bob, glued));
    ada.half_close();
    ada.expect_lines_until_fin("", &CLOSES)?;
    server.expect_freed(1, &CLOSES)?;
    check.kept(&CLOSES);
    server.is_idle_while(|| patient.wait_out(&pause, &WHOLE))?;
    patient.send("ine\n");
    patient.expect_lines("2 [half a line]\n", &WHOLE)?;
    check.kept(&WHOLE);
    server.program.expect_running(&OTHERS)
}

fn answered(client: &mut Peer, line: &str, number: usize, rule: &Rule) -> Verdict {
    client.send(format!("{line}\n"));
    client.expect_lines(format!("{number} [{line}]\n"), rule)
}

/// The first half arrives together with a whole line. When that is answered, the half was read as well, and what follows
/// is another read, however slow the program is.
fn pieces(server: &Server<'_>) -> Verdict {
    let mut half = server.connect("half")?;
    half.send("one\nsugar a");
    half.expect_lines("1 [one]\n", &WHOLE)?;
    half.expect_silence(A_MOMENT, &WHOLE)?;
    half.send("nd milk\n");
    half.expect_lines("2 [sugar and milk]\n", &WHOLE)?;
    let tea = random::chinese(2);
    half.send(&format!("three\n{tea}\n").as_bytes()[..8]);
    half.expect_lines("3 [three]\n", &WHOLE)?;
    half.send(&format!("{tea}\n").as_bytes()[2..]);
    half.expect_lines(format!("4 [{tea}]\n"), &CHARACTERS)?;
    half.send_pieces(byte_by_byte("牛奶 \u{1f600}\n".as_bytes()));
    half.expect_lines("5 [牛奶 \u{1f600}]\n", &CHARACTERS)
}

fn line_ends(server: &Server<'_>) -> Verdict {
    let mut mixed = server.connect("mixed")?;
    mixed.send("unix\nwindows\r\n\n\r\n  two  blanks \r\na\rb\n\rc\r\n\t\nd\r\r\n");
    let answers = "1 [unix]\n2 [windows]\n3 []\n4 []\n5 [  two  blanks ]\n6 [a\rb]\n7 [\rc]\n8 [\t]\n9 [d\r]\n";
    mixed.expect_lines(answers, &ENDS)?;
    mixed.send("ten\ncut\r");
    mixed.expect_lines("10 [ten]\n", &ENDS)?;
    mixed.send("\ntwelve\r\n");
    mixed.expect_lines("11 [cut]\n12 [twelve]\n", &ENDS)
}

fn no_text(server: &Server<'_>) -> Verdict {
    let mut no_text = server.connect("no text")?;
    let lines: [(&[u8], &Rule); 3] = [
        (b"  \xe4\xbd\xa0\xe5\xa5\xbd\xff ", &ANY),
        (b"\0\x01\x7f\xfe", &ANY),
        (&[0xff; 400], &TOO_LONG), // 400 bytes, and as `�` three times as many
    ];
    for (n, (line, rule)) in (1..).zip(lines) {
        no_text.send([line, b"\n"].concat());
        let lossy = String::from_utf8_lossy(line);
        let answers = [line, lossy.as_bytes()].into_iter().flat_map(|line| {
            [&b"]\n"[..], b"]\r\n"].map(|end| [format!("{n} [").as_bytes(), line, end].concat())
        });
        no_text.expect_any(&answers.collect::<Vec<_>>(), rule)?;
    }
    Ok(())
}

fn long_lines(server: &Server<'_>) -> Verdict {
    let mut client = server.connect("long")?;
    let just = "x".repeat(1000);
    client.send(&just);
    client.expect_silence(A_MOMENT, &TOO_LONG)?;
    // The last byte that it takes may be the first one of its end.
    client.send(format!("\n{just}\r"));
    client.expect_lines(format!("1 [{just}]\n"), &TOO_LONG)?;
    client.expect_silence(A_MOMENT, &TOO_LONG)?;
    client.send(format!("\n{just}"));
    client.expect_lines(format!("2 [{just}]\n"), &TOO_LONG)?;
    client.expect_silence(A_MOMENT, &TOO_LONG)?;
    client.send("y"); // one byte too much, and no end
    client.expect_lines("3 too long\n", &TOO_LONG)?;
    client.send("z\nfour\n");
    client.expect_lines("4 [four]\n", &THROWN_AWAY)?;
    client.send(format!("{just}\r"));
    client.expect_silence(A_MOMENT, &TOO_LONG)?;
    client.send("y"); // so the `\r` was no part of an end
    client.expect_lines("5 too long\n", &TOO_LONG)?;
    client.send(format!("\n{just}x\n{just}x{just}\nshort\n"));
    client.expect_lines("6 too long\n7 too long\n8 [short]\n", &TOO_LONG)?;
    let [fits, long] = [333, 334].map(random::chinese);
    client.send(format!("{fits}\n{long}\n"));
    client.expect_lines(format!("9 [{fits}]\n10 too long\n"), &TOO_LONG)
}

fn thrown_away(server: &Server<'_>) -> Verdict {
    let mut client = server.connect("much")?;
    client.send("x".repeat(4000)); // and no end
    client.expect_lines("1 too long\n", &TOO_LONG)?;
    let before = server.program.most_memory();
    client.flood(MUCH);
    client.send("x\nnext\n");
    client.expect_lines("2 [next]\n", &THROWN_AWAY)?;
    let after = server.program.most_memory();
    let more = after.zip(before).map_or(0, |(after, before)| after.saturating_sub(before));
    if more > MUCH / 2 {
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let (sent, more) = (mib(MUCH), mib(more));
        return Err(server.program.failure(
            &THROWN_AWAY,
            Observed::text("no more memory than before", "内存没有变多"),
            Observed::text(
                format!("after {sent:.0} MiB of such a line, {more:.1} MiB more"),
                format!("这样的一行发了 {sent:.0} MiB 之后，内存多了 {more:.1} MiB"),
            ),
        ));
    }
    client.send("x".repeat(4000));
    client.expect_lines("3 too long\n", &THROWN_AWAY)?;
    client.half_close();
    client.expect_lines_until_fin("", &THROWN_AWAY)
}

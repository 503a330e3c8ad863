//! 07: a server that numbers lines. The myth: what one read brings is lines, and whole ones.

use std::time::Duration;

use crate::check::{Check, Peer, Rule, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "07_free_form",
    en: "lines out of a stream of bytes, whatever it looks like",
    zh: "把字节流切成一行一行，不管它长什么样",
    rules: &[NUMBERS, WHOLE, CHARACTERS, ORDER, ENDS, LAST, TOO_LONG],
    judge,
};

const NUMBERS: Rule = Rule {
    name: "numbers",
    en: "Each line is answered with its number and the line in brackets: `1 [tea]`. Each client has numbers of its own.",
    zh: "每一行的回答是行号，加上方括号里的这一行：`1 [tea]`。每个客户端各编各的号。",
    see: "Exercise",
};
const WHOLE: Rule = Rule {
    name: "whole-lines",
    en: "A line is over at its line end and nowhere before: what has come of it is kept until the rest is there.",
    zh: "一行要到行尾才算完：先到的部分留着，等剩下的到齐。",
    see: "Watch out",
};
const CHARACTERS: Rule = Rule {
    name: "cut-characters",
    en: "A character may be cut in two as well: bytes become text when the line is whole, and not before.",
    zh: "一个字也可能被切成两半：等整行到齐了，才能把字节变成文本。",
    see: "Watch out",
};
const ORDER: Rule = Rule {
    name: "in-order",
    en: "Many lines in one piece are many lines: each is answered, in the order in which they came.",
    zh: "一块数据里有很多行，就是很多行：每行都要回答，按来的顺序。",
    see: "Watch out",
};
const ENDS: Rule = Rule {
    name: "line-ends",
    en: "A line ends with `\\n` or `\\r\\n`, and its end is no part of it. All else stays: blanks, for example. A line with nothing in it is a line, too.",
    zh: "行尾是 `\\n` 或者 `\\r\\n`，它不算在行里。别的都算，空格也算；一个字都没有的行也是一行。",
    see: "Exercise",
};
const LAST: Rule = Rule {
    name: "last-line",
    en: "When the client has ended its direction, its last line is over, even without a line end: it is answered, and then the server ends, too.",
    zh: "客户端结束了自己的方向，它的最后一行就到头了，没有行尾也算：先回答，然后服务器也结束。",
    see: "Exercise",
};
const TOO_LONG: Rule = Rule {
    name: "too-long",
    en: "A line of more than 1000 bytes is refused as soon as it has become too long, end or no end: `1 too long`. The rest of it is thrown away, and the next line is as welcome as ever.",
    zh: "一行只要超过 1000 字节，就马上拒绝，不等行尾：`1 too long`。这一行剩下的都扔掉，下一行照常回答。",
    see: "Exercise",
};

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let mut ada = check.connect("ada", port)?;
    ada.send("tea\n");
    ada.expect_exactly("1 [tea]\n", &NUMBERS)?;
    ada.send("milk\n");
    ada.expect_exactly("2 [milk]\n", &NUMBERS)?;

    // The first half comes together with a whole line. So when that is answered, the half has been read as well, and what
    // follows is another read: however slow the program is.
    let mut half = check.connect("half", port)?;
    half.send("one\nsugar a");
    half.expect_exactly("1 [one]\n", &NUMBERS)?;
    half.expect_silence(Duration::from_millis(50), &WHOLE)?;
    half.send("nd milk\n");
    half.expect_exactly("2 [sugar and milk]\n", &WHOLE)?;
    half.send(&"three\n红茶\n".as_bytes()[..8]);
    half.expect_exactly("3 [three]\n", &NUMBERS)?;
    half.send(&"红茶\n".as_bytes()[2..]);
    half.expect_exactly("4 [红茶]\n", &CHARACTERS)?;
    half.send_pieces(byte_by_byte("牛奶\n".as_bytes()));
    half.expect_exactly("5 [牛奶]\n", &CHARACTERS)?;

    let mut glued = check.connect("glued", port)?;
    let lines = |line: fn(usize) -> String| (1..=200).map(line).collect::<String>();
    glued.send(lines(|n| format!("line {n}\n")));
    glued.expect_exactly(lines(|n| format!("{n} [line {n}]\n")), &ORDER)?;

    let mut mixed = check.connect("mixed", port)?;
    mixed.send("unix\nwindows\r\n\n\r\n  two  blanks \r\na\rb\n");
    let answers = "1 [unix]\n2 [windows]\n3 []\n4 []\n5 [  two  blanks ]\n6 [a\rb]\n";
    mixed.expect_exactly(answers, &ENDS)?;
    mixed.send("seven\ncut\r");
    mixed.expect_exactly("7 [seven]\n", &NUMBERS)?;
    mixed.send("\nnine\r\n");
    mixed.expect_exactly("8 [cut]\n9 [nine]\n", &ENDS)?;

    let ended = |name: &str, sent: &str, answers: &str, rule: &Rule| -> Verdict {
        let mut client = check.connect(name, port)?;
        client.send(sent);
        client.half_close();
        client.expect_until_fin(answers, rule)
    };
    ended("no end", "whole\nwithout an end", "1 [whole]\n2 [without an end]\n", &LAST)?;
    ended("an end", "whole\n", "1 [whole]\n", &LAST)?;

    long_lines(&mut check.connect("long", port)?)?;
    ended("long, no end", &"x".repeat(1500), "1 too long\n", &TOO_LONG)?;

    ada.send("sugar\n");
    ada.expect_exactly("3 [sugar]\n", &NUMBERS)
}

fn long_lines(client: &mut Peer) -> Verdict {
    let just = "x".repeat(1000);
    client.send(&just);
    client.expect_silence(Duration::from_millis(50), &TOO_LONG)?;
    // The last byte that it takes may be the first one of its end.
    client.send(format!("\n{just}\r"));
    client.expect_exactly(format!("1 [{just}]\n"), &TOO_LONG)?;
    client.expect_silence(Duration::from_millis(50), &TOO_LONG)?;
    client.send(format!("\n{just}x\n{just}x{just}\nshort\n"));
    let answers = format!("2 [{just}]\n3 too long\n4 too long\n5 [short]\n");
    client.expect_exactly(answers, &TOO_LONG)?;
    client.send("x".repeat(4000)); // and no end
    client.expect_exactly("6 too long\n", &TOO_LONG)?;
    client.send_pieces([just.repeat(100), just.repeat(100), "x\nnext\n".to_string()]);
    client.expect_exactly("7 [next]\n", &TOO_LONG)?;
    client.send("x".repeat(4000));
    client.expect_exactly("8 too long\n", &TOO_LONG)?;
    client.half_close();
    client.expect_until_fin("", &TOO_LONG)
}

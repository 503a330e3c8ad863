//! 03: a server that greets every client and answers every line. The myth: what one read brings is one message.

use std::time::Duration;

use crate::check::{Check, Peer, Rule, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "03_server",
    en: "a greeting server for any number of clients",
    zh: "会打招呼的服务器，来多少客户端都行",
    rules: &[GREETS, ANSWERS, HALF, GLUED, APART, LEAVES, MANY],
    judge,
};

const GREETING: &str = "Hello! Who is there?\n";

const GREETS: Rule = Rule {
    name: "greets",
    en: "The server greets every client as soon as it connects, before the client has said a word.",
    zh: "客户端一连上，服务器就先打招呼，不等客户端开口。",
    see: "In Rust",
};
const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To a line with a name, the server answers `Welcome, NAME!` in a line of its own.",
    zh: "收到一行名字，服务器就回一行 `Welcome, 名字!`。",
    see: "In Rust",
};
const HALF: Rule = Rule {
    name: "half-a-line",
    en: "Half a line is no line: the server answers when the rest has come, and then to all of it.",
    zh: "半行不算一行：等剩下的到了，再对整行回复。",
    see: "Reflect",
};
const GLUED: Rule = Rule {
    name: "glued-lines",
    en: "Two lines in one piece are two lines: each gets its own answer.",
    zh: "一块数据里有两行，就是两行：每行各回一次。",
    see: "Reflect",
};
const APART: Rule = Rule {
    name: "apart",
    en: "What one client has sent of its line has nothing to do with the line of another.",
    zh: "一个客户端发来的半行，不能和别的客户端的混在一起。",
    see: "Reflect",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may leave without a word, or in the middle of one. The server stays up for the others.",
    zh: "客户端可能一声不吭就走，也可能话说一半就走。服务器要继续为别人服务。",
    see: "Run it",
};
const MANY: Rule = Rule {
    name: "many",
    en: "Any number of clients are served at the same time.",
    zh: "不管来多少客户端，都要同时服务。",
    see: "Run it",
};

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let greeted = |name: &str, rule: &Rule| -> Verdict<Peer> {
        let mut client = check.connect(name, port)?;
        client.expect_exactly(GREETING, rule)?;
        Ok(client)
    };

    let mut ada = greeted("ada", &GREETS)?;
    ada.send("Ada\n");
    ada.expect_exactly("Welcome, Ada!\n", &ANSWERS)?;
    ada.send("Ada again\r\n");
    ada.expect_exactly("Welcome, Ada again!\n", &ANSWERS)?;

    let mut half = greeted("half", &MANY)?;
    half.send("Gra");
    half.expect_silence(Duration::from_millis(150), &HALF)?;
    half.send("ce\n");
    half.expect_exactly("Welcome, Grace!\n", &HALF)?;
    half.send_pieces(byte_by_byte("李雷\n".as_bytes()));
    half.expect_exactly("Welcome, 李雷!\n", &HALF)?;

    let mut glued = greeted("glued", &MANY)?;
    glued.send("Tim\nVint\nBo");
    glued.expect_exactly("Welcome, Tim!\nWelcome, Vint!\n", &GLUED)?;
    glued.send("b\n");
    glued.expect_exactly("Welcome, Bob!\n", &GLUED)?;

    let (mut one, mut two) = (greeted("one", &MANY)?, greeted("two", &MANY)?);
    one.send("On");
    two.send("Tw");
    one.expect_silence(Duration::from_millis(50), &HALF)?;
    two.send("o\n");
    two.expect_exactly("Welcome, Two!\n", &APART)?;
    one.send("e\n");
    one.expect_exactly("Welcome, One!\n", &APART)?;

    drop(greeted("silent", &MANY)?);
    let mut cut_off = greeted("cut off", &MANY)?;
    cut_off.send("I am about to l");
    cut_off.half_close();
    drop(cut_off);
    check.connect("resets", port)?.reset();
    let mut after = greeted("after them", &LEAVES)?;
    after.send("Eve\n");
    after.expect_exactly("Welcome, Eve!\n", &LEAVES)?;

    check.at_once(20, |n| {
        let mut client = greeted(&format!("client {n}"), &MANY)?;
        client.send(format!("number {n}\n"));
        client.expect_exactly(format!("Welcome, number {n}!\n"), &MANY)
    })?;
    ada.send("Ada\n");
    ada.expect_exactly("Welcome, Ada!\n", &MANY)?;
    server.expect_running(&LEAVES)
}

//! 01: a server that reports what it got. What comes are bytes, in however many pieces, until the client has ended.

use crate::check::{Check, Program, Rule, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "01_concept",
    en: "a server that reports which bytes it got",
    zh: "收到哪些字节，就报告哪些字节的服务器",
    rules: &[REPORTS, ANY, PIECES, NOTHING, APART, STAYS],
    judge,
};

const REPORTS: Rule = Rule {
    name: "reports",
    en: "When a client has ended, the server prints one line: how many bytes came, and each as a number, as in `3 bytes: 72 105 10`.",
    zh: "客户端结束之后，服务器打印一行：一共多少字节，再把每个字节写成数字，例如 `3 bytes: 72 105 10`。",
    see: "Run it",
};
const ANY: Rule = Rule {
    name: "any-byte",
    en: "Every byte is reported as it is, from 0 to 255, whether it is text or not.",
    zh: "从 0 到 255，每个字节原来是多少就报多少，不管它是不是文本。",
    see: "In Node",
};
const PIECES: Rule = Rule {
    name: "pieces",
    en: "One client, one report: the same bytes give the same report, in however many pieces they come.",
    zh: "一个客户端，一份报告：字节一样，报告就一样，不管分成几块到。",
    see: "In Rust",
};
const NOTHING: Rule = Rule {
    name: "nothing",
    en: "A client that ends without having sent a byte is reported, too: `0 bytes:`.",
    zh: "客户端一个字节没发就结束，也要报告：`0 bytes:`。",
    see: "\"TCP is: one request, one response\"",
};
const APART: Rule = Rule {
    name: "apart",
    en: "Each client has a report of its own, with its own bytes and no others.",
    zh: "每个客户端各有各的报告，里面只有它自己的字节。",
    see: "In Rust",
};
const STAYS: Rule = Rule {
    name: "stays",
    en: "The server stays up, however many clients come and go.",
    zh: "不管多少客户端来来去去，服务器都要一直运行。",
    see: "Run it",
};

/// The next report has to be that of these bytes.
fn reported(server: &Program, bytes: &[u8], rule: &Rule) -> Verdict {
    let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
    server.expect_line(" byte", &format!("{} bytes:{numbers}", bytes.len()), rule)
}

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let all_in_one = |name: &str, bytes: &[u8], rule: &Rule| -> Verdict {
        let mut client = check.connect(name, port)?;
        if !bytes.is_empty() {
            client.send(bytes);
        }
        client.half_close();
        reported(&server, bytes, rule)
    };

    all_in_one("text", b"Good morning\n", &REPORTS)?;
    all_in_one("no text", &[0, 255, 10, 0, 128, 13, 254], &ANY)?;

    let mut pieces = check.connect("pieces", port)?;
    pieces.send_pieces(byte_by_byte("Hi,\n你好\n".as_bytes()));
    pieces.half_close();
    reported(&server, "Hi,\n你好\n".as_bytes(), &PIECES)?;

    all_in_one("silent", b"", &NOTHING)?;

    let (mut one, mut two) = (check.connect("one", port)?, check.connect("two", port)?);
    one.send("Ada");
    two.send_pieces(byte_by_byte(b"Grace\n"));
    one.send("\n");
    two.half_close();
    reported(&server, b"Grace\n", &APART)?;
    one.half_close();
    reported(&server, b"Ada\n", &APART)?;

    let many: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    all_in_one("much", &many, &PIECES)?;
    server.expect_running(&STAYS)
}

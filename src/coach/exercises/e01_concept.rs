//! 01: a server that reports what it has received: bytes, in any number of pieces, until the client has ended.

use std::sync::Mutex;

use net_notes::check::{Check, Failure, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{CLOSES, IDLE, MANY, Server};
use crate::coach::exercise::Exercise;
use crate::coach::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "01_concept",
    en: "a server that reports which bytes it got",
    zh: "收到哪些字节，就报告哪些字节的服务器",
    rules: &[REPORTS, ANY, PIECES, NOTHING, OTHERS, APART, CLOSES, IDLE, STAYS],
    needs_unix_sockets: false,
    judge,
};

const REPORTS: Rule = Rule {
    name: "reports",
    en: "When a client has ended, the server prints one line: how many bytes it has sent, and each of them as a number, as in `3 bytes: 72 105 10`.",
    zh: "客户端结束之后，服务器打印一行：它一共发了多少字节，再把每个字节写成数字，例如 `3 bytes: 72 105 10`。",
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
    en: "One client, one report: the same bytes give the same report, in however many pieces they arrive, and however long the client pauses between them.",
    zh: "一个客户端，一份报告：字节一样，报告就一样，不管分成几块到，也不管客户端中间停多久。",
    see: "In Rust",
};
const NOTHING: Rule = Rule {
    name: "nothing",
    en: "A client that ends without having sent a byte is reported, too: `0 bytes:`.",
    zh: "客户端一个字节没发就结束，也要报告：`0 bytes:`。",
    see: "\"TCP is: one request, one response\"",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "A client that stays holds up no other.",
    zh: "有的客户端一直不走，不能因此耽误别的客户端。",
    see: "In Rust",
};
const APART: Rule = Rule {
    name: "apart",
    en: "Each client has a report of its own, with its own bytes and no others, also when many end at the same moment.",
    zh: "每个客户端各有各的报告，里面只有它自己的字节，哪怕很多客户端同时结束。",
    see: "In Rust",
};
const STAYS: Rule = Rule {
    name: "stays",
    en: "The server stays up, however many clients come and go.",
    zh: "不管多少客户端来来去去，服务器都要一直运行。",
    see: "Run it",
};

/// The server, and what it must not report: half of what a client has sent, or something for a second time.
struct Reporter<'c> {
    server: Server<'c>,
    half: Vec<u8>,
    last: Mutex<Vec<u8>>,
}

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let reporter = Reporter { server, half: random::bytes(5), last: Mutex::default() };
    let server = &reporter.server;

    let text = format!("Good morning, {}\n", random::word());
    reporter.all_in_one("text", text.as_bytes(), &REPORTS)?;
    check.kept(&REPORTS);
    let all = [&b"\0\xff\n\0\x80\r\xfe\xe4\xbd\xa0"[..], &random::bytes(20)].concat();
    reporter.all_in_one("no text", &all, &ANY)?;
    check.kept(&ANY);

    let mut pieces = server.connect("pieces")?;
    pieces.send_pieces(byte_by_byte("Hi,\n你好\n".as_bytes()));
    pieces.half_close();
    reporter.reported("Hi,\n你好\n".as_bytes(), &PIECES)?;
    reporter.all_in_one("silent", b"", &NOTHING)?;
    check.kept(&NOTHING);

    let mut stays = server.connect("stays")?;
    reporter.all_in_one("meanwhile", b"me first\n", &OTHERS)?;
    let pause = check.long_pause();
    let mut patient = server.connect("patient")?;
    patient.send(&reporter.half);

    let (mut one, mut two) = (server.connect("one")?, server.connect("two")?);
    one.send("Ada");
    two.send_pieces(byte_by_byte(b"Grace\n"));
    one.send("\n");
    two.half_close();
    reporter.reported(b"Grace\n", &APART)?;
    one.half_close();
    reporter.reported(b"Ada\n", &APART)?;

    // More than any buffer that is not meant to grow.
    reporter.all_in_one("much", &random::bytes(70_000), &PIECES)?;
    // Two lines mix only when they meet, and that takes luck.
    (0..5).try_for_each(|_| reporter.crowd())?;
    [APART, OTHERS].iter().for_each(|rule| check.kept(rule));
    stays.half_close();
    reporter.reported(b"", &NOTHING)?;
    [stays, one, two, pieces].iter_mut().try_for_each(|client| client.expect_end(&CLOSES))?;
    server.expect_freed(1, &CLOSES)?;
    check.kept(&CLOSES);

    server.is_idle_while(|| patient.expect_open(&pause, &PIECES))?;
    let rest = random::bytes(5);
    patient.send(&rest);
    patient.half_close();
    reporter.reported(&[&*reporter.half, &rest].concat(), &PIECES)?;
    if let Some(more) = server.program.line_so_far().filter(|line| is_report(line)) {
        let none = Observed::text("no report more", "不再有报告");
        return Err(check.failed(&PIECES, none, Observed::bytes(more)));
    }
    check.kept(&PIECES);
    server.program.expect_running(&STAYS)?;
    check.kept(&STAYS);
    Ok(())
}

impl Reporter<'_> {
    /// A client that sends this, ends, and waits for the server's end. What the server sends does not count.
    fn all_in_one(&self, name: &str, bytes: &[u8], rule: &Rule) -> Verdict {
        let mut client = self.server.connect(name)?;
        if !bytes.is_empty() {
            client.send(bytes);
        }
        client.half_close();
        self.reported(bytes, rule)?;
        client.expect_end(&CLOSES)
    }

    /// Expects the report of these bytes next.
    fn reported(&self, bytes: &[u8], rule: &Rule) -> Verdict {
        let expected = report(bytes);
        let line = self.next(&expected, rule)?;
        if is_report_of(&line, bytes) {
            *lock(&self.last) = bytes.to_vec();
            return Ok(());
        }
        Err(self.other(&expected, &line, rule))
    }

    /// Another report than the one that was expected.
    fn other(&self, expected: &str, line: &str, rule: &Rule) -> Failure {
        let again = [&self.half, &*lock(&self.last)].iter().any(|it| is_report_of(line, it));
        // A report that was made before all had arrived lacks the last numbers, and not only those of the line end.
        let numbers = |report: &str| report.split_once(':').map(|(_, rest)| rest.to_string());
        let (all, some) =
            (numbers(expected).unwrap_or_default(), numbers(line).unwrap_or_default());
        let rest = all.strip_prefix(&*some).unwrap_or_default();
        let blank = |number: &str| matches!(number, "10" | "13" | "32");
        let early = !some.is_empty() && !rest.split_whitespace().all(blank);
        let rule = if again || early { &PIECES } else { rule };
        self.server.check.failed(rule, Observed::bytes(expected), Observed::bytes(line))
    }

    fn next(&self, expected: &str, rule: &Rule) -> Verdict<String> {
        // No report at all is no mixed one: the client waits, as others are still connected.
        let rule = if rule.name == APART.name { &OTHERS } else { rule };
        self.server.program.line_where(is_report, Observed::bytes(expected), rule)
    }

    /// Many clients end at the same moment. Their reports may come in any order.
    fn crowd(&self) -> Verdict {
        let connect = |n: usize| -> Verdict<(Peer, Vec<u8>)> {
            let mut client = self.server.connect(&format!("client {n}"))?;
            let bytes = random::bytes(random::number(300..600));
            client.send(&bytes);
            Ok((client, bytes))
        };
        let crowd = (0..MANY).map(connect).collect::<Verdict<Vec<_>>>()?;
        self.all_in_one("one more", &random::bytes(5), &OTHERS)?;
        let (mut crowd, mut missing): (Vec<Peer>, Vec<Vec<u8>>) = crowd.into_iter().unzip();
        crowd.iter_mut().for_each(Peer::half_close);
        while let Some(next) = missing.first() {
            let line = self.next(&report(next), &APART)?;
            let Some(at) = missing.iter().position(|bytes| is_report_of(&line, bytes)) else {
                // The one that it is most like is shown beside it.
                let alike = |bytes: &Vec<u8>| common_start(&report(bytes), &line);
                let expected = missing.iter().max_by_key(|bytes| alike(bytes)).map(|it| report(it));
                return Err(self.other(&expected.unwrap_or_default(), &line, &APART));
            };
            missing.swap_remove(at);
        }
        crowd.iter_mut().try_for_each(|client| client.expect_end(&CLOSES))
    }
}

fn common_start(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

fn report(bytes: &[u8]) -> String {
    let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
    format!("{} bytes:{numbers}", bytes.len())
}

/// Whether the line begins as a report does: a number, and `byte` or `bytes`. A program may print other lines, too.
fn is_report(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let number = words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    number && words.next().is_some_and(|word| word.starts_with("byte"))
}

/// Whether the line is the report of these bytes. It may say `1 byte:`, and `0 bytes` without a colon.
fn is_report_of(line: &str, bytes: &[u8]) -> bool {
    if line == report(bytes) {
        return true;
    }
    let mut words = line.split_whitespace();
    let size = words.next() == Some(&bytes.len().to_string());
    let unit = matches!(
        (words.next(), bytes.len()),
        (Some("bytes:"), _) | (Some("byte:"), 1) | (Some("bytes"), 0)
    );
    size && unit && words.eq(bytes.iter().map(u8::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_number_and_bytes() {
        assert_eq!(report(b"Hi\n"), "3 bytes: 72 105 10");
        for (line, bytes) in [
            ("3 bytes: 72 105 10", &b"Hi\n"[..]),
            ("0 bytes:", b""),
            ("0 bytes: ", b""),
            ("0 bytes", b""),
            ("1 byte: 65", b"A"),
            ("1 bytes: 65", b"A"),
        ] {
            assert!(is_report(line) && is_report_of(line, bytes), "{line}");
        }
        for line in ["3 bytes 72 105 10", "3 bytes: 72 105", "3 bytes: 72, 105, 10"] {
            assert!(is_report(line) && !is_report_of(line, b"Hi\n"), "{line}");
        }
        for line in ["listening on port 3", "client 1: 3 bytes", "bytes: 3", ""] {
            assert!(!is_report(line), "{line}");
        }
    }
}

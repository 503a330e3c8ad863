//! 12: a page about the request that asked for it. The myths: a line feed is a line end, one read is the request, closing
//! is harmless. A browser and `curl` forgive them; this client reads by the standard (RFC 9112), and forgives nothing.

use std::time::Duration;

use crate::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;
use crate::message::{is_token, trim};

pub(super) const EXERCISE: Exercise = Exercise {
    name: "12_http_response",
    en: "an HTTP answer that every client accepts",
    zh: "所有客户端都认的 HTTP 响应",
    rules: &[ANSWERS, LINE_ENDS, HEAD, TYPE, LENGTH, PAGE, WHOLE, READS_ON, OTHERS],
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "The server answers a request, and ends when it has: one answer for each connection.",
    zh: "有请求就回答，答完就结束：一条连接只回答一次。",
    see: "\"Unless the server closes, the client gets nothing\"",
};
const LINE_ENDS: Rule = Rule {
    name: "line-ends",
    en: "Every line of the head ends in two characters, `\\r\\n`; so does the blank line.",
    zh: "头部的每一行都以 `\\r\\n` 两个字符结尾，空行也不例外。",
    see: "The wrong ones",
};
const HEAD: Rule = Rule {
    name: "head",
    en: "The head is a status line, then header lines `Name: value`, then a blank line. Nothing stands before it, and no line begins with a space.",
    zh: "头部先是状态行，再是若干行 `名字: 值`，最后一个空行。前面什么都不能有，哪一行也不能以空格开头。",
    see: "In Node",
};
const TYPE: Rule = Rule {
    name: "type",
    en: "The head says what the body is: text, in UTF-8.",
    zh: "头部要说明正文是什么：UTF-8 编码的文本。",
    see: "The wrong ones",
};
const LENGTH: Rule = Rule {
    name: "length",
    en: "`Content-Length` says how many bytes the body has. Bytes: a Chinese character is three of them.",
    zh: "`Content-Length` 写的是正文有多少字节。是字节：一个汉字占三个。",
    see: "A length is a number of bytes",
};
const PAGE: Rule = Rule {
    name: "page",
    en: "The body is the text that `page` makes of the request, once, and nothing else.",
    zh: "正文就是 `page` 根据请求做出来的那段文字，只出现一次，此外什么也没有。",
    see: "In Node",
};
const WHOLE: Rule = Rule {
    name: "whole-head",
    en: "A request may come in many pieces: it is answered when the blank line at the end of its head has come, and not before.",
    zh: "请求可能分成很多段到：要等头部末尾的空行到了才回答，早了不行。",
    see: "On the wire",
};
const READS_ON: Rule = Rule {
    name: "reads-on",
    en: "After its answer and its end, the server reads on until the client has ended, too: to close on bytes that nobody has read resets the client, and may destroy the answer.",
    zh: "服务器答完、结束自己的方向之后，还要接着读，直到客户端也结束：还有没读的字节就关闭，会把客户端的连接重置，回答也可能跟着毁掉。",
    see: "On the wire",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "A client may say nothing, or leave in the middle of its request. The server stays up for the others, and serves them at the same time.",
    zh: "客户端可能什么都不说，也可能请求发到一半就走。服务器要继续运行，同时为别人服务。",
    see: "Exercise",
};

/// How much a client sends after its head: more than the kernel keeps for a server that does not read.
const BODY: usize = 8 << 20;
const FIRST: usize = 1 << 20;

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let mut simple = check.connect("simple", port)?;
    simple.send(get("/"));
    answered(check, simple, &page("/", 2), &ANSWERS, &PAGE)?;
    let mut at_once = check.connect("ends early", port)?;
    at_once.send("GET /tea?milk=1 HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n");
    at_once.half_close();
    answered(check, at_once, &page("/tea?milk=1", 3), &ANSWERS, &PAGE)?;

    let mut pieces = check.connect("two pieces", port)?;
    pieces.send("GET /two HTTP/1.1\r\nHost: me\r\n");
    pieces.expect_silence(Duration::from_millis(50), &WHOLE)?;
    pieces.send("\r\n");
    answered(check, pieces, &page("/two", 2), &WHOLE, &WHOLE)?;
    // More than one read of any usual size: here it does not depend on who is faster.
    let mut large = check.connect("large", port)?;
    let lines: String = (1..=200).map(|n| format!("X-{n}: {}\r\n", "x".repeat(1000))).collect();
    large.send(format!("GET /large HTTP/1.1\r\nHost: me\r\n{lines}\r\n"));
    answered(check, large, &page("/large", 202), &WHOLE, &WHOLE)?;

    goes_on_sending(check, check.connect("goes on", port)?)?;

    let silent = check.connect("silent", port)?; // a browser keeps one in reserve
    let mut cut_off = check.connect("cut off", port)?;
    cut_off.send("GET / HTTP/1.1\r\nHos");
    drop(cut_off);
    let mut in_a_hurry = check.connect("in a hurry", port)?;
    in_a_hurry.send(get("/"));
    in_a_hurry.reset();
    check.at_once(11, |n| {
        if n == 10 {
            let mut bytes = check.connect("bytes", port)?;
            bytes.send_pieces(byte_by_byte(get("/").as_bytes()));
            return answered(check, bytes, &page("/", 2), &WHOLE, &WHOLE);
        }
        let mut client = check.connect(&format!("client {n}"), port)?;
        client.send(get(&format!("/{n}")));
        answered(check, client, &page(&format!("/{n}"), 2), &OTHERS, &OTHERS)
    })?;
    drop(silent);
    server.expect_running(&OTHERS)
}

fn goes_on_sending(check: &Check, mut client: Peer) -> Verdict {
    let head = format!("POST /more HTTP/1.1\r\nHost: me\r\nContent-Length: {BODY}\r\n\r\n");
    // In one write with some of the body: so who answers the head and closes has bytes that nobody has read.
    client.send(head + &"~".repeat(FIRST));
    let taken = client.flood(BODY - FIRST);
    client.half_close();
    answered(check, client, &page("/more", 3), &READS_ON, &READS_ON)?;
    if taken == BODY - FIRST {
        return Ok(());
    }
    // The answer got through, this time.
    let all = Observed::text("all that the client sends is read", "客户端发来的全部读走");
    let left = BODY - FIRST - taken;
    let some =
        Observed::text(format!("{left} B could not be sent"), format!("有 {left} B 发不出去"));
    Err(check.failed(&READS_ON, all, some))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: me\r\n\r\n")
}

fn page(path: &str, lines: usize) -> String {
    format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n")
}

/// All that comes, to its end, has to be one right answer with this page: else `ends` or `says` is broken, or a rule about
/// the form. Then the client is content, and closes.
fn answered(check: &Check, mut client: Peer, page: &str, ends: &Rule, says: &Rule) -> Verdict {
    let answer = client.read_to_fin(ends)?;
    if answer.is_empty() {
        return Err(check.failed(ends, Observed::text("an answer", "一个回答"), Observed::Fin));
    }
    let lacks = |rule, line: &str| {
        let expected =
            Observed::text(format!("a header line `{line}`"), format!("头部里有一行 `{line}`"));
        Err(check.failed(rule, expected, Observed::bytes(&answer)))
    };
    let Head { length, kind, body } =
        Head::of(&answer).map_err(|Fault(rule, expected, came)| {
            check.failed(rule, expected, Observed::bytes(came))
        })?;
    if kind.as_deref() != Some("text/plain;charset=utf-8") {
        return lacks(&TYPE, "Content-Type: text/plain; charset=utf-8");
    }
    let Some(length) = length else {
        return lacks(&LENGTH, &format!("Content-Length: {}", body.len()));
    };
    if body != page.as_bytes() {
        return Err(check.failed(says, Observed::bytes(page), Observed::bytes(body)));
    }
    let line = |length: &str| Observed::bytes(format!("Content-Length: {length}"));
    match length.parse() == Ok(body.len()) {
        true => Ok(()),
        false => Err(check.failed(&LENGTH, line(&body.len().to_string()), line(&length))),
    }
}

/// What a head says of the body behind it.
struct Head<'a> {
    length: Option<String>,
    kind: Option<String>,
    body: &'a [u8],
}

/// A rule about the form that is broken, what should be there, and what is.
struct Fault<'a>(&'static Rule, Observed, &'a [u8]);

impl Head<'_> {
    /// As strict as the standard is with who sends (RFC 9112 2.1, 2.2, 4 and 5).
    fn of(answer: &[u8]) -> Result<Head<'_>, Fault<'_>> {
        let mut head = Head { length: None, kind: None, body: &[] };
        let mut at = 0;
        loop {
            let rest = &answer[at..];
            let feed = rest.iter().position(|byte| *byte == b'\n');
            let line = &rest[..feed.unwrap_or(rest.len())];
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            let field = field(text);
            if at == 0 && !is_status_line(text) {
                return Err(Fault(&HEAD, Observed::bytes("HTTP/1.1 200 OK\r\n"), answer));
            }
            let Some(feed) = feed.filter(|_| at == 0 || text.is_empty() || field.is_some()) else {
                return Err(no_header(rest));
            };
            if line.len() == text.len() {
                let right = [&answer[..at], text, b"\r\n"].concat();
                return Err(Fault(&LINE_ENDS, Observed::Bytes(right), answer));
            }
            at += feed + 1;
            match field {
                _ if text.is_empty() => return Ok(Head { body: &answer[at..], ..head }),
                Some((name, value)) if name == "content-length" => head.length = Some(value),
                Some((name, value)) if name == "content-type" => {
                    head.kind = Some(value.to_lowercase().replace([' ', '"'], ""));
                }
                _ => {}
            }
        }
    }
}

/// What stands where the next header line should, or the blank one.
fn no_header(rest: &[u8]) -> Fault<'_> {
    let line = Observed::text(
        "the next header line `Name: value`, or the blank line",
        "下一个头部行 `名字: 值`，或者空行",
    );
    Fault(&HEAD, line, rest)
}

fn is_status_line(line: &[u8]) -> bool {
    line.starts_with(b"HTTP/1.1 200 ") && !line.contains(&b'\r')
}

/// Name and value of a header line, the name in lower case.
fn field(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (is_token(name) && !value.iter().any(u8::is_ascii_control))
        .then(|| (text(name).to_lowercase(), text(value)))
}

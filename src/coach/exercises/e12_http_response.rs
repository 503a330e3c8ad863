//! 12: a page about the request that asked for it. The myths: a line feed is a line end, one read is the request, closing
//! is harmless. A browser and `curl` forgive them; this client reads by the standard (RFC 9112), and forgives nothing.

use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{FREES, IDLE, Server};
use super::strict::{Fault, Head as Strict};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "12_http_response",
    en: "an HTTP answer that every client accepts",
    zh: "所有客户端都认的 HTTP 响应",
    rules: &[
        ANSWERS, LINE_ENDS, HEAD, TYPE, LENGTH, SAYS_CLOSE, PAGE, WHOLE, BODY, READS_ON, OTHERS,
        FREES, IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "The server answers a request at once, and then ends: one answer for each connection.",
    zh: "有请求就马上响应，发完就结束：一条连接只响应一次。",
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
    en: "The head is a status line with 200, then header lines `Name: value`, then a blank line. Nothing stands before it, and no line begins with a space.",
    zh: "头部先是状态码为 200 的状态行，再是若干行 `名字: 值`，最后一个空行。前面什么都不能有，哪一行也不能以空格开头。",
    see: "In Node",
};
const TYPE: Rule = Rule {
    name: "type",
    en: "The head says what the body is: `Content-Type: text/plain; charset=utf-8`.",
    zh: "头部要说明正文是什么：`Content-Type: text/plain; charset=utf-8`。",
    see: "The wrong ones",
};
const LENGTH: Rule = Rule {
    name: "length",
    en: "`Content-Length` says how many bytes the body has: once, and in digits. Bytes: a Chinese character is three of them.",
    zh: "`Content-Length` 写的是正文有多少字节，只写一次，只用数字。是字节：一个汉字占三个。",
    see: "A length is a number of bytes",
};
const SAYS_CLOSE: Rule = Rule {
    name: "says-close",
    en: "The head says `Connection: close`, as the server ends after its answer: without that, a client keeps the connection, and sends its next request to nobody.",
    zh: "头部要写 `Connection: close`，因为服务器发完响应就结束：不写，客户端就会留着这条连接，下一个请求发过去就没人收了。",
    see: "Exercise",
};
const PAGE: Rule = Rule {
    name: "page",
    en: "The body is the text that `page` makes of the request, once, and nothing else.",
    zh: "正文就是 `page` 根据请求做出来的那段文字，只出现一次，此外什么也没有。",
    see: "In Node",
};
const WHOLE: Rule = Rule {
    name: "whole-head",
    en: "A request may arrive in many pieces, with a pause between them: it is answered when the blank line at the end of its head has arrived, and not before.",
    zh: "请求可能分成很多块到，中间还会停顿：要等头部末尾的空行到了才响应，早了不行。",
    see: "On the wire",
};
const BODY: Rule = Rule {
    name: "with-a-body",
    en: "Behind the head a body may stand, in the same piece, of any bytes: the request is answered all the same, and the body is no part of its head.",
    zh: "头部后面可能跟着正文，就在同一块里，什么字节都有可能：照样响应，正文不算在头部里。",
    see: "Exercise",
};
const READS_ON: Rule = Rule {
    name: "reads-on",
    en: "After its answer and its end, the server reads on until the client has ended, too, however often that still sends something: to close on bytes that nobody has read resets the client, and may destroy the answer.",
    zh: "服务器发完响应、关闭写方向之后，还要接着读，直到客户端也结束，不管它又发来几次：还有没读的字节就关闭，会把客户端的连接重置，响应也可能跟着毁掉。",
    see: "On the wire",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "A client may say nothing, or leave in the middle of its request. The server stays up for the others, and serves them at the same time.",
    zh: "客户端可能什么都不说，也可能请求发到一半就走。服务器要继续运行，同时为别人服务。",
    see: "Exercise",
};

/// The number of bytes that a client sends after its head: more than the kernel keeps for a server that does not read.
const SENT: usize = 8 << 20;
const FIRST: usize = 1 << 20;

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let path = format!("/{}", random::word());
    let mut stay = Vec::new();
    check.promptly(&ANSWERS, || {
        let mut simple = server.connect("simple")?;
        simple.send(get(&path));
        stay.push(answered(check, simple, &page(&path, 2), &ANSWERS, &PAGE)?);
        Ok(())
    })?;
    let mut ends = server.connect("ends early")?;
    ends.send("GET /tea?milk=1 HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n");
    ends.half_close();
    answered(check, ends, &page("/tea?milk=1", 3), &OTHERS, &PAGE)?;
    [ANSWERS, LINE_ENDS, HEAD, TYPE, LENGTH, SAYS_CLOSE, PAGE].iter().for_each(|it| check.kept(it));

    drop(server.serves_many(
        &OTHERS,
        |n| get(&format!("/{n}")).into(),
        |client, n| answered(check, client, &page(&format!("/{n}"), 2), &OTHERS, &OTHERS),
    )?);

    let mut pieces = server.connect("two pieces")?;
    pieces.send("GET /two HTTP/1.1\r\nHost: me\r\n");
    pieces.expect_silence(Duration::from_millis(50), &WHOLE)?;
    pieces.send("\r\n");
    answered(check, pieces, &page("/two", 2), &WHOLE, &WHOLE)?;
    // Nearly as much as one may send. In parts, so that one read is not enough, whatever its size.
    let mut large = server.connect("large")?;
    let lines: String = (1..=90).map(|n| format!("X-{n}: {}\r\n", "x".repeat(150))).collect();
    let head = format!("GET /large HTTP/1.1\r\nHost: me\r\n{lines}\r\n");
    large.send_pieces(head.as_bytes().chunks(1500));
    answered(check, large, &page("/large", 92), &WHOLE, &WHOLE)?;
    let (pause, mut patient) = (check.long_pause(), server.connect("patient")?);
    patient.send("GET /patient HTTP/1.1\r\nHo");

    with_a_body(check, &server)?;
    check.kept(&BODY);
    sends_on(check, server.connect("sends on")?)?;
    sends_often(check, posts(check, server.connect("sends often")?)?)?;
    for sent in ["", "GET /half HTTP/1.1\r\nHos", "GET /half HTTP/1.1\r\nHost: me\r\n"] {
        let mut half = server.connect("half a head")?;
        half.send(sent);
        half.half_close();
        if half.wait_unread() && half.take(10, &WHOLE)?.ends_with(b"2") {
            let none = Observed::text("no page for half a head", "头部只有一半，没有页面");
            return Err(check.failed(&WHOLE, none, Observed::bytes("HTTP/1.1 2")));
        }
    }
    let late = posts(check, server.connect("sends late")?)?;
    server.or_ended(others(check, &server), &OTHERS)?;
    drop(stay);
    server.expect_freed(2, &FREES)?; // `patient` and `late`
    check.kept(&FREES);
    server.is_idle_while(|| patient.wait_out(&pause, &WHOLE))?;
    patient.send("st: me\r\n\r\n");
    answered(check, patient, &page("/patient", 2), &WHOLE, &WHOLE)?;
    check.kept(&WHOLE);
    sends_often(check, late)?;
    check.kept(&READS_ON);
    server.program.expect_running(&OTHERS)?;
    check.kept(&OTHERS);
    Ok(())
}

fn with_a_body(check: &Check, server: &Server<'_>) -> Verdict {
    for (name, body) in [
        ("form", &b"name=%E5%B0%8F&text=tea"[..]),
        ("blank lines", b"one\r\n\r\ntwo\r\n\r\n"),
        ("no text", b"\xff\xfe\0caf\xe9\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    ] {
        let length = body.len();
        let head = format!("POST /form HTTP/1.1\r\nHost: me\r\nContent-Length: {length}\r\n\r\n");
        let mut client = server.connect(name)?;
        client.send([head.as_bytes(), body].concat());
        client.half_close();
        answered(check, client, &page("/form", 3), &BODY, &BODY)?;
    }
    Ok(())
}

fn sends_on(check: &Check, mut client: Peer) -> Verdict {
    let head = format!("POST /more HTTP/1.1\r\nHost: me\r\nContent-Length: {SENT}\r\n\r\n");
    // In one write with some of the body: so a server that answers the head and closes has bytes that it has not read.
    client.send(head + &"~".repeat(FIRST));
    client.flood(SENT - FIRST);
    client.half_close();
    let client = answered(check, client, &page("/more", 3), &READS_ON, &READS_ON)?;
    client.expect_all_taken(&READS_ON) // the answer may have got through, this time
}

/// This client sends a head, and its body only when the answer is there already.
fn posts(check: &Check, mut client: Peer) -> Verdict<Peer> {
    client.send("POST /often HTTP/1.1\r\nHost: me\r\nContent-Length: 50\r\n\r\n");
    if client.wait_unread() {
        return Ok(client);
    }
    let answer = Observed::text("an answer, as the head is there", "头部到了，就该响应");
    Err(check.failed(&BODY, answer, Observed::Nothing(Duration::from_secs(5))))
}

/// It sends the body a little at a time.
fn sends_often(check: &Check, mut client: Peer) -> Verdict {
    for _ in 0..5 {
        client.pause(Duration::from_millis(random::number(20..60) as u64));
        client.send("ten bytes\n");
    }
    client.half_close();
    let client = answered(check, client, &page("/often", 3), &READS_ON, &READS_ON)?;
    client.expect_all_taken(&READS_ON)
}

fn others(check: &Check, server: &Server<'_>) -> Verdict {
    let silent = server.connect("silent")?; // a browser keeps one in reserve
    for _ in 0..4 {
        let mut cut_off = server.connect("cut off")?;
        cut_off.send("GET / HTTP/1.1\r\nHos");
        drop(cut_off);
        let mut in_a_hurry = server.connect("in a hurry")?;
        in_a_hurry.send(get("/"));
        in_a_hurry.reset();
    }
    check.at_once(11, |n| {
        if n == 10 {
            let mut bytes = server.connect("bytes")?;
            bytes.send_pieces(byte_by_byte(get("/").as_bytes()));
            return answered(check, bytes, &page("/", 2), &WHOLE, &WHOLE).map(drop);
        }
        let mut client = server.connect(&format!("client {n}"))?;
        client.send(get(&format!("/{n}")));
        answered(check, client, &page(&format!("/{n}"), 2), &OTHERS, &OTHERS).map(drop)
    })?;
    drop(silent);
    Ok(())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: me\r\n\r\n")
}

fn page(path: &str, lines: usize) -> String {
    format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n")
}

/// All that comes, to its end, must be one right answer with this page: else `ends` or `says` is broken, or a rule about the
/// form.
fn answered(
    check: &Check,
    mut client: Peer,
    page: &str,
    ends: &Rule,
    says: &Rule,
) -> Verdict<Peer> {
    let answer = client.read_to_fin(ends)?;
    if answer.is_empty() {
        return Err(check.failed(ends, Observed::text("an answer", "一个响应"), Observed::Fin));
    }
    let failed = |rule, expected| Err(check.failed(rule, expected, Observed::bytes(&answer)));
    let line = |line: &str| {
        Observed::text(format!("one header line `{line}`"), format!("头部里有一行 `{line}`"))
    };
    let head = match Strict::parse(&answer, |line| {
        line.starts_with(b"HTTP/1.1 200 ") || line.starts_with(b"HTTP/1.0 200 ")
    }) {
        Ok(head) => head,
        Err(Fault::Start) => return failed(&HEAD, Observed::bytes("HTTP/1.1 200 OK\r\n")),
        Err(Fault::LineEnd(right)) => return failed(&LINE_ENDS, Observed::Bytes(right)),
        Err(Fault::Field(at)) => {
            let next = Observed::text(
                "the next header line `Name: value`, or the blank line",
                "下一个头部字段 `名字: 值`，或者空行",
            );
            return Err(check.failed(&HEAD, next, Observed::bytes(&answer[at..])));
        }
    };
    let kind = head.only("content-type").map(|kind| kind.to_lowercase().replace([' ', '"'], ""));
    if kind.as_deref() != Some("text/plain;charset=utf-8") {
        return failed(&TYPE, line("Content-Type: text/plain; charset=utf-8"));
    }
    let Some(length) = head.length() else {
        return failed(&LENGTH, line(&format!("Content-Length: {}", head.body.len())));
    };
    if head.body != page.as_bytes() {
        return Err(check.failed(says, Observed::bytes(page), Observed::bytes(head.body)));
    }
    if length != head.body.len() {
        let [expected, actual] = [head.body.len(), length]
            .map(|length| Observed::bytes(format!("Content-Length: {length}")));
        return Err(check.failed(&LENGTH, expected, actual));
    }
    let mut options = head.all("connection").into_iter().flat_map(|value| value.split(','));
    match options.any(|option| option.trim().eq_ignore_ascii_case("close")) {
        true => Ok(client),
        false => failed(&SAYS_CLOSE, line("Connection: close")),
    }
}

//! 13: a server that speaks STS by hand. What it is asked may be too large, or no STS at all: then it says so, in STS.

use std::time::Duration;

use crate::check::{Check, Peer, Rule, Seen, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "13_custom_protocol",
    en: "STS, and how it says no",
    zh: "STS，以及怎么用它说“不”",
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To `STS/1.1 SAY` the server answers `STS/1.1 200 OK`, a Content-Length and a blank line, each line with `\\r\\n` at its end, and then the body that it was sent.",
    zh: "收到 `STS/1.1 SAY`，服务器回答 `STS/1.1 200 OK`、Content-Length 和一个空行，每行都以 `\\r\\n` 结尾，然后是收到的那份正文。",
    see: "The agreement, on half a page",
};
const COUNTED: Rule = Rule {
    name: "counted",
    en: "Every answer has a Content-Length, also one that says no: as many bytes as come behind its blank line.",
    zh: "每个回答都要有 Content-Length，拒绝的回答也一样：空行后面有多少字节，就写多少。",
    see: "The agreement, on half a page",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "After its answer the server ends the connection, also after one that says no.",
    zh: "服务器答完就结束连接，拒绝之后也一样。",
    see: "The agreement, on half a page",
};
const ONE: Rule = Rule {
    name: "one-answer",
    en: "A connection carries one request and one answer: what comes behind the counted body is no part of it, and is answered no more.",
    zh: "一条连接只有一个请求、一个回答：正文数够了，后面再来什么都不算正文，也不再回答。",
    see: "The agreement, on half a page",
};
const PIECES: Rule = Rule {
    name: "in-pieces",
    en: "A request may come in any number of pieces. Half a head is no mistake: the server waits for the rest of it, and then for the rest of the body.",
    zh: "请求分成多少段来都有可能。头部只到了一半，不算错：先等头部到齐，再等正文到齐。",
    see: "In Node",
};
const BYTES: Rule = Rule {
    name: "any-bytes",
    en: "A body is counted and not looked at: it may be any bytes, a blank line or another request among them, and also none.",
    zh: "正文只数不看：什么字节都行，里面可以有空行，可以有另一个请求，也可以一个字节都没有。",
    see: "Five questions",
};
const SKIPS: Rule = Rule {
    name: "other-headers",
    en: "A header that the server does not know is skipped, and the name of one that it knows may be in capitals or not.",
    zh: "不认识的头部字段就跳过；认识的，名字大写小写都算。",
    see: "The agreement, on half a page",
};
const NOT_STS: Rule = Rule {
    name: "not-sts",
    en: "What does not begin with the line `STS/1.1 SAY`, exactly so, is answered with `STS/1.1 400` and a reason: HTTP, for example, or another version.",
    zh: "第一行必须正好是 `STS/1.1 SAY`，否则就回答 `STS/1.1 400` 加一个原因：比如来的是 HTTP，或者别的版本。",
    see: "Watch out",
};
const NO_LENGTH: Rule = Rule {
    name: "no-length",
    en: "A request without a Content-Length, or with one that is no number, is answered with `STS/1.1 400` and a reason: nobody knows where its body ends.",
    zh: "请求里没有 Content-Length，或者它不是数字，就回答 `STS/1.1 400` 加一个原因：谁也不知道正文到哪里结束。",
    see: "Watch out",
};
const TOO_LARGE: Rule = Rule {
    name: "too-large",
    en: "A body may have 1 MiB, which is 1048576 bytes. A length beyond that is answered with `STS/1.1 413` and a reason, as soon as the head is there: nobody waits for such a body.",
    zh: "正文最多 1 MiB，也就是 1048576 字节。长度超过它，头部一到就回答 `STS/1.1 413` 加一个原因，不去等这样的正文。",
    see: "Watch out",
};
const APART: Rule = Rule {
    name: "apart",
    en: "Each client has its own request: the server stays up, and goes on with the others, whoever stops in the middle of one, leaves, or sends something else.",
    zh: "每个客户端的请求互不相干：有的说到一半停下、走掉，或者发来别的东西，服务器都照常运行，继续为别的客户端服务。",
    see: "Exercise",
};

const LIMIT: usize = 1024 * 1024;

fn request(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("STS/1.1 SAY\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// One client, which asks one thing.
struct Visit<'a> {
    check: &'a Check,
    client: Peer,
}

impl Visit<'_> {
    /// Sends this, and has to get it back.
    fn hears(mut self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.client.send(request(&body));
        self.gets(body, rule)
    }

    /// The answer has to be this one.
    fn gets(self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        let check = self.check;
        let came = self.answer("200", rule)?;
        if came == body.as_ref() {
            return Ok(());
        }
        Err(check.failed(rule, Seen::bytes(body), Seen::Bytes(came)))
    }

    /// Sends this, and has to be told no with this status.
    fn refused(mut self, sent: impl AsRef<[u8]>, status: &str, rule: &Rule) -> Verdict {
        self.client.send(sent);
        self.answer(status, rule).map(drop)
    }

    /// The body of the answer, behind which the server has to end. The reason is for people, and any will do.
    fn answer(mut self, status: &str, rule: &Rule) -> Verdict<Vec<u8>> {
        let start = format!("STS/1.1 {status} ");
        self.client.expect_exactly(&start, rule)?;
        let head = [start.into_bytes(), self.client.until(b"\r\n\r\n", rule)?].concat();
        let text = String::from_utf8_lossy(&head);
        let mut headers = text.lines().filter_map(|line| line.split_once(':'));
        let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let Some(length) = length.and_then(|(_, length)| length.trim().parse().ok()) else {
            let expected = Seen::words("a line `Content-Length: …`", "有一行 `Content-Length: …`");
            return Err(self.check.failed(&COUNTED, expected, Seen::bytes(&head)));
        };
        let body = self.client.take(length, &COUNTED)?;
        let more = self.client.read_to_fin(&ENDS)?;
        if more.is_empty() {
            return Ok(body);
        }
        if more.starts_with(b"STS/") {
            return Err(self.check.failed(&ONE, Seen::Fin, Seen::Bytes(more)));
        }
        let bytes = |count| Seen::words(format!("{count} bytes"), format!("{count} 个字节"));
        Err(self.check.failed(&COUNTED, bytes(length), bytes(length + more.len())))
    }
}

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let visit = |name: &str| Ok(Visit { check, client: check.connect(name, port)? });

    visit("hello")?.hears("hello", &ANSWERS)?;
    visit("chinese")?.hears("你好，再见", &ANSWERS)?;
    let mut leaves_early = visit("one way")?;
    leaves_early.client.send(request("and no more"));
    leaves_early.client.half_close();
    leaves_early.gets("and no more", &ANSWERS)?;

    let mut half = visit("half")?;
    half.client.send("STS/1.1 SAY\r\nContent-Length: 15\r\n\r\nlast");
    visit("meanwhile")?.hears("me first", &APART)?;
    well_said(visit)?;
    badly_said(visit)?;

    drop(visit("silent")?);
    let mut cut_off = visit("cut off")?;
    cut_off.client.send("STS/1.1 SAY\r\nContent-Le");
    cut_off.client.half_close();
    drop(cut_off);
    let mut resets = visit("resets")?;
    resets.client.send(request("never read"));
    resets.client.reset();
    visit("after them")?.hears("still there?", &APART)?;
    check.at_once(10, |n| visit(&format!("client {n}"))?.hears(format!("number {n}"), &APART))?;
    half.client.send(", not least");
    half.gets("last, not least", &APART)?;
    visit("1 MiB")?.hears("x".repeat(LIMIT), &TOO_LARGE)?; // the last, as it fills the transcript
    server.expect_running(&APART)
}

/// What the agreement allows.
fn well_said<'a>(visit: impl Fn(&str) -> Verdict<Visit<'a>>) -> Verdict {
    let mut pieces = visit("pieces")?;
    let text = request("in pieces");
    pieces.client.send("STS/1.1 S");
    pieces.client.expect_silence(Duration::from_millis(50), &PIECES)?;
    pieces.client.send_pieces(byte_by_byte(&text[9..]));
    pieces.gets("in pieces", &PIECES)?;

    let mut glued = visit("glued")?;
    glued.client.send([request("one"), request("two")].concat());
    glued.gets("one", &ONE)?;

    let mut all: Vec<u8> = (0..=255).collect();
    all.extend_from_slice(b"\r\n\r\n\0");
    all.extend(request("inside"));
    visit("bytes")?.hears(all, &BYTES)?;
    visit("empty")?.hears("", &BYTES)?;

    for head in ["Language: zh\r\ncontent-length:5", "CONTENT-LENGTH: \t5 \r\nX-Content-Length: 1"]
    {
        let mut headers = visit("headers")?;
        headers.client.send(format!("STS/1.1 SAY\r\n{head}\r\n\r\nhello"));
        headers.gets("hello", &SKIPS)?;
    }
    Ok(())
}

/// What it does not allow, and what is too much.
fn badly_said<'a>(visit: impl Fn(&str) -> Verdict<Visit<'a>>) -> Verdict {
    let http = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
    visit("http")?.refused(http, "400", &NOT_STS)?;
    for start in ["STS/2.0 SAY", "STS/1.1 SAYS", "STS/1.1 ASK", "sts/1.1 say", "POST / HTTP/1.1"] {
        let sent = format!("{start}\r\nContent-Length: 5\r\n\r\nhello");
        visit("not sts")?.refused(sent, "400", &NOT_STS)?;
    }
    for header in ["", "Length: 5\r\n", "Content-Length: five\r\n", "Content-Length: -5\r\n"] {
        let sent = format!("STS/1.1 SAY\r\n{header}\r\nhello");
        visit("no length")?.refused(sent, "400", &NO_LENGTH)?;
    }
    let (huge, more) = (1_000_000_000_000_u64, LIMIT as u64 + 1); // a 32-bit machine has no memory so large
    for (length, body) in [(huge, ""), (more, ""), (more, "the beginning")] {
        let sent = format!("STS/1.1 SAY\r\nContent-Length: {length}\r\n\r\n{body}");
        visit("too large")?.refused(sent, "413", &TOO_LARGE)?;
    }
    Ok(())
}

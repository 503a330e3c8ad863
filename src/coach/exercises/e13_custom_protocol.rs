//! 13: a server that speaks STS by hand. What it is asked may be too large, or no STS at all: then it says so, in STS.

use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{FREES, IDLE, Server};
use super::strict::Head;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "13_custom_protocol",
    en: "STS, and how it says no",
    zh: "STS 服务器：该拒绝的要拒绝",
    rules: &[
        ANSWERS, COUNTED, ENDS, ONE, PIECES, BYTES, SKIPS, NOT_STS, NO_LENGTH, TOO_LARGE, READS_ON,
        APART, FREES, IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To `STS/1.1 SAY` the server answers at once with `STS/1.1 200 OK`, a Content-Length and a blank line, each line with `\\r\\n` at its end, and then the body that it was sent.",
    zh: "收到 `STS/1.1 SAY`，服务器马上回复 `STS/1.1 200 OK`、Content-Length 和一个空行，每行都以 `\\r\\n` 结尾，然后是收到的那份正文。",
    see: "The agreement, on half a page",
};
const COUNTED: Rule = Rule {
    name: "counted",
    en: "Every answer has one Content-Length in digits, also one that refuses: as many bytes as stand behind its blank line.",
    zh: "每个回复都要有一个 Content-Length，只用数字，拒绝的回复也一样：空行后面有多少字节，就写多少。",
    see: "The agreement, on half a page",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "After its answer the server ends the connection, also after one that refuses, and when a client has ended without a whole request.",
    zh: "服务器回复完就结束连接，拒绝之后也一样；客户端没发完请求就结束了，也一样。",
    see: "The agreement, on half a page",
};
const ONE: Rule = Rule {
    name: "one-answer",
    en: "A connection carries one request and one answer: what stands behind the counted body is no part of it, and is not answered.",
    zh: "一条连接只有一个请求、一个回复：正文数够了，后面再有什么都不算正文，也不再回复。",
    see: "The agreement, on half a page",
};
const PIECES: Rule = Rule {
    name: "in-pieces",
    en: "A request may arrive in any number of pieces, with a pause between them. Half a head is no mistake: the server waits for the rest of it, and then for the rest of the body.",
    zh: "请求分成多少块到都有可能，中间还会停顿。头部只到了一半，不算错：先等头部到齐，再等正文到齐。",
    see: "In Node",
};
const BYTES: Rule = Rule {
    name: "any-byte",
    en: "A body is counted and not looked at: it may be any bytes, a blank line or another request among them, and also none, and 1 MiB at most.",
    zh: "正文只数不看：什么字节都行，里面可以有空行，可以有另一个请求，也可以一个字节都没有，最多 1 MiB。",
    see: "Five questions",
};
const SKIPS: Rule = Rule {
    name: "other-headers",
    en: "A header that the server does not know is skipped, also one with a longer name, and the name of one that it knows may be in capitals or not.",
    zh: "不认识的头部字段就跳过，名字更长的也一样；认识的，名字大写小写都算。",
    see: "The agreement, on half a page",
};
const NOT_STS: Rule = Rule {
    name: "not-sts",
    en: "What does not begin with the line `STS/1.1 SAY`, exactly so, is answered with `STS/1.1 400` and a reason: HTTP, for example, or another version.",
    zh: "第一行必须正好是 `STS/1.1 SAY`，否则就回复 `STS/1.1 400` 加一个原因：比如来的是 HTTP，或者别的版本。",
    see: "\"Who connects to me speaks my protocol\"",
};
const NO_LENGTH: Rule = Rule {
    name: "no-length",
    en: "A request without a Content-Length, or with one that is not written in digits alone, is answered with `STS/1.1 400` and a reason: nobody knows where its body ends.",
    zh: "请求里没有 Content-Length，或者它不全是数字，就回复 `STS/1.1 400` 加一个原因：谁也不知道正文到哪里结束。",
    see: "\"A length can be believed\"",
};
const TOO_LARGE: Rule = Rule {
    name: "too-large",
    en: "A length of more than 1 MiB, which is 1048576 bytes, is answered with `STS/1.1 413` and a reason, as soon as the head is there: nobody waits for such a body.",
    zh: "长度超过 1 MiB，也就是 1048576 字节，头部一到就回复 `STS/1.1 413` 加一个原因，不去等这样的正文。",
    see: "\"A length can be believed\"",
};
const READS_ON: Rule = Rule {
    name: "reads-on",
    en: "A client that was refused may still be sending its body: the server reads on until the client has ended, so that the client gets its answer, and no reset.",
    zh: "被拒绝的客户端可能还在发正文：服务器要接着读，直到客户端结束，好让它收到回复，而不是被重置。",
    see: "Exercise",
};
const APART: Rule = Rule {
    name: "apart",
    en: "Each client has its own request: the server stays up, and serves the others meanwhile, whoever stops in the middle of one, leaves, or sends something else.",
    zh: "每个客户端的请求互不相干：有的说到一半停下、走掉，或者发来别的东西，服务器都照常运行，同时为别的客户端服务。",
    see: "Exercise",
};

const LIMIT: usize = 1024 * 1024;
/// The length of each part in which a body that is too large is sent.
const PART: usize = 400_000;

fn request(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("STS/1.1 SAY\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// One client, which asks one thing.
struct Visit<'c> {
    check: &'c Check,
    client: Peer,
}

impl Visit<'_> {
    /// Sends this, and must get it back.
    fn hears(mut self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.client.send(request(&body));
        self.gets(body, rule).map(drop)
    }

    /// The answer must be this one.
    fn gets(self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict<Peer> {
        let check = self.check;
        let (said, client) = self.answer(&["200"], rule)?;
        match said == body.as_ref() {
            true => Ok(client),
            false => Err(check.failed(rule, Observed::bytes(body), Observed::Bytes(said))),
        }
    }

    /// Sends this, and must be refused with one of these.
    fn refused(mut self, sent: impl AsRef<[u8]>, status: &[&str], rule: &Rule) -> Verdict {
        self.client.send(sent);
        self.answer(status, rule).map(drop)
    }

    /// The body of the answer, behind which the server must end. The reason is for people, and any will do.
    fn answer(mut self, status: &[&str], rule: &Rule) -> Verdict<(Vec<u8>, Peer)> {
        let starts: Vec<String> =
            status.iter().map(|status| format!("STS/1.1 {status} ")).collect();
        let start = starts[self.client.expect_any(&starts, rule)?].as_bytes();
        let awaited = Observed::text("a head, to its blank line", "头部，到空行为止");
        let head = [start, &self.client.until(b"\r\n\r\n", awaited, rule)?].concat();
        let failed = |rule, en: &str, zh: &str| {
            self.check.failed(rule, Observed::text(en, zh), Observed::bytes(&head))
        };
        let form = || failed(rule, "a head in the form of the agreement", "符合约定格式的头部");
        let parsed = Head::parse(&head, |line| line.starts_with(start)).map_err(|_| form())?;
        let length = parsed.length().ok_or_else(|| {
            failed(&COUNTED, "one line `Content-Length: …`", "正好一行 `Content-Length: …`")
        })?;
        let body = self.client.take(length, &COUNTED)?;
        let more = self.client.read_to_fin(&ENDS)?;
        if more.starts_with(b"STS/") {
            return Err(self.check.failed(&ONE, Observed::Fin, Observed::Bytes(more)));
        }
        if !more.is_empty() {
            let bytes = |n| Observed::text(format!("{n} bytes"), format!("{n} 个字节"));
            let (expected, actual) = (bytes(length), bytes(length + more.len()));
            return Err(self.check.failed(&COUNTED, expected, actual));
        }
        let reason = parsed.start.len() > start.len() || !body.is_empty();
        match reason || start.contains(&b'2') {
            true => Ok((body, self.client)),
            false => Err(failed(rule, "a reason", "一个原因")),
        }
    }
}

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let visit = |name: &str| Ok(Visit { check, client: server.connect(name)? });

    let mut stay = Vec::new();
    check.promptly(&ANSWERS, || {
        let (mut first, word) = (visit("hello")?, random::word());
        first.client.send(request(&word));
        stay.push(first.gets(word, &ANSWERS)?);
        Ok(())
    })?;
    let mut half = visit("half")?;
    half.client.send("STS/1.1 SAY\r\nContent-Length: 15\r\n\r\nlast");
    visit("meanwhile")?.hears("me first", &APART)?;
    drop(server.serves_many(
        &APART,
        |n| request(n.to_string()),
        |client, n| Visit { check, client }.gets(n.to_string(), &APART),
    )?);
    visit("chinese")?.hears(random::chinese(5), &ANSWERS)?;
    let mut one_way = visit("one way")?;
    one_way.client.send(request("and no more"));
    one_way.client.half_close();
    one_way.gets("and no more", &ANSWERS)?;
    check.kept(&ANSWERS);
    well_said(visit)?;
    let (pause, mut patient) = (check.long_pause(), visit("patient")?);
    patient.client.send("STS/1.1 SAY\r\nContent-Le");
    badly_said(visit)?;
    check.kept(&COUNTED);

    let [large, http] = too_much(visit)?;
    reads_on(large, "413")?;
    reads_on(http, "400")?;
    let [late, _] = too_much(visit)?;
    server.or_ended(leaves(check, &server, visit), &APART)?;
    half.client.send(", not least");
    half.gets("last, not least", &PIECES)?;
    visit("1 MiB")?.hears("x".repeat(LIMIT), &BYTES)?; // late, as it fills the transcript
    check.kept(&BYTES);
    drop(stay);
    server.expect_freed(2, &FREES)?; // `patient` and `late`
    check.kept(&FREES);
    server.is_idle_while(|| patient.client.wait_out(&pause, &PIECES))?;
    patient.client.send("ngth: 7\r\n\r\npatient");
    patient.gets("patient", &PIECES)?;
    check.kept(&PIECES);
    reads_on(late, "413")?;
    [ENDS, READS_ON].iter().for_each(|rule| check.kept(rule));
    server.program.expect_running(&APART)?;
    check.kept(&APART);
    Ok(())
}

/// Requests that the agreement allows.
fn well_said<'c>(visit: impl Fn(&str) -> Verdict<Visit<'c>>) -> Verdict {
    let mut pieces = visit("pieces")?;
    let text = request("in pieces");
    pieces.client.send("STS/1.1 S");
    pieces.client.expect_silence(Duration::from_millis(50), &PIECES)?;
    pieces.client.send_pieces(byte_by_byte(&text[9..]));
    pieces.gets("in pieces", &PIECES)?;

    let mut all: Vec<u8> = (0..=255).chain(random::bytes(50)).collect();
    all.extend_from_slice(b"\r\n\r\n\0");
    all.extend(request("inside"));
    visit("bytes")?.hears(all, &BYTES)?;
    visit("empty")?.hears("", &BYTES)?;
    let mut glued = visit("glued")?;
    glued.client.send([request("one"), request("two")].concat());
    let check = glued.check;
    glued.gets("one", &ONE)?;
    check.kept(&ONE);

    for head in [
        "Language: zh\r\ncontent-length:5",
        "CONTENT-LENGTH: \t5 \r\nX-Content-Length: 1",
        "Content-Length-Limit: 3\r\nVia: Content-Length: 4\r\nContent-Length: 5",
    ] {
        let mut headers = visit("headers")?;
        headers.client.send(format!("STS/1.1 SAY\r\n{head}\r\n\r\nhello"));
        headers.gets("hello", &SKIPS)?;
    }
    let mut headers = visit("headers")?;
    headers.client.send(b"STS/1.1 SAY\r\nName: caf\xe9\r\nContent-Length: 5\r\n\r\nhello");
    headers.gets("hello", &SKIPS)?;
    check.kept(&SKIPS);
    Ok(())
}

/// Requests that it does not allow, or that are too large.
fn badly_said<'c>(visit: impl Fn(&str) -> Verdict<Visit<'c>>) -> Verdict {
    let http = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
    let first = visit("http")?;
    let check = first.check;
    first.refused(http, &["400"], &NOT_STS)?;
    for start in [
        "STS/2.0 SAY",
        "STS/1.10 SAY",
        "STS/1.1 SAYS",
        "STS/1.1 ASK",
        "sts/1.1 say",
        "POST / HTTP/1.1",
        "STS/1.1  SAY",
        "STS/1.1 SAY ",
        " STS/1.1 SAY",
        "XSTS/1.1 SAY",
        "STS/1.1\tSAY",
        "STS/1.1 SAY again",
        "STS/1.1 SAY\r",
    ] {
        let sent = format!("{start}\r\nContent-Length: 5\r\n\r\nhello");
        visit("not sts")?.refused(sent, &["400"], &NOT_STS)?;
    }
    visit("not text")?.refused(b"GET /caf\xe9 HTTP/1.1\r\nHost: me\r\n\r\n", &["400"], &NOT_STS)?;
    check.kept(&NOT_STS);
    let length = |value: &str| format!("Content-Length: {value}\r\n");
    let mut headers =
        vec![String::new(), "Length: 5\r\n".into(), "Content-Length-Limit: 5\r\n".into()];
    let values = ["five", "-5", "+5", "", "5 5", "0x5", "5.0", "\u{665}"];
    headers.extend(values.map(length));
    for header in headers {
        let sent = format!("STS/1.1 SAY\r\n{header}\r\nhello\r\nContent-Length: 5\r\n");
        visit("no length")?.refused(sent, &["400"], &NO_LENGTH)?;
    }
    check.kept(&NO_LENGTH);
    let [word, double] = [(1u128 << 32) + 5, (1u128 << 64) + 5].map(|length| length.to_string());
    for (length, body, status) in [
        ("1000000000000", "", &["413"][..]),
        (&(LIMIT + 1).to_string(), "", &["413"]),
        (&(LIMIT + 1).to_string(), "the beginning", &["413"]),
        (&word, "five\n", &["413"]),
        // A number that no variable holds may be called no number.
        (&double, "five\n", &["413", "400"]),
        ("123456789012345678901234567890", "five\n", &["413", "400"]),
    ] {
        let sent = format!("STS/1.1 SAY\r\nContent-Length: {length}\r\n\r\n{body}");
        visit("too large")?.refused(sent, status, &TOO_LARGE)?;
    }
    check.kept(&TOO_LARGE);
    Ok(())
}

/// Clients that are refused, and have sent only a part of their body when the answer is there.
fn too_much<'c>(visit: impl Fn(&str) -> Verdict<Visit<'c>>) -> Verdict<[Visit<'c>; 2]> {
    let large = format!("STS/1.1 SAY\r\nContent-Length: {}\r\n\r\n", 2 * LIMIT);
    let http = "POST / HTTP/1.1\r\nHost: me\r\nContent-Length: 2000000\r\n\r\n".to_string();
    let begins = |name: &str, head: String| {
        let mut one = visit(name)?;
        one.client.send(head + &"~".repeat(PART));
        one.client.wait_unread();
        Ok(one)
    };
    Ok([begins("sends on", large)?, begins("posts on", http)?])
}

/// This client sends the rest, a part at a time.
fn reads_on(mut visit: Visit<'_>, status: &str) -> Verdict {
    for _ in 0..4 {
        visit.client.pause(Duration::from_millis(random::number(15..40) as u64));
        visit.client.send("~".repeat(PART));
    }
    visit.client.half_close();
    let (_, client) = visit.answer(&[status], &READS_ON)?;
    client.expect_all_taken(&READS_ON)
}

fn leaves<'c>(
    check: &Check,
    server: &Server<'_>,
    visit: impl Fn(&str) -> Verdict<Visit<'c>> + Sync,
) -> Verdict {
    for sent in [
        "",
        "STS/1.1 S",
        "STS/1.1 SAY\r\nContent-Le",
        "STS/1.1 SAY\r\nContent-Length: 9\r\n\r\nhal",
    ] {
        let mut cut_off = visit("cut off")?;
        cut_off.client.send(sent);
        cut_off.client.half_close();
        cut_off.client.expect_end(&ENDS)?; // whatever it says to that
        drop(visit("leaves")?);
        let mut resets = visit("resets")?;
        resets.client.send(request("never read"));
        resets.client.reset();
    }
    visit("after them")?.hears("still there?", &APART)?;
    check.at_once(10, |n| visit(&format!("client {n}"))?.hears(format!("number {n}"), &APART))?;
    server.program.expect_running(&APART)
}

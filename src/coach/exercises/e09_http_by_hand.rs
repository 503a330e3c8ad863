//! 09: a client that asks for a page by hand. The myth: an answer is what one read returns, or everything until the end.

use std::time::Duration;

use net_notes::check::{
    Check, Host, Observed, Peer, Program, Rule, Verdict, byte_by_byte, cut, random,
};

use super::common::IDLE;
use super::strict::Head;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "09_http_by_hand",
    en: "GET by hand, with a counted body",
    zh: "手写 GET，正文数着字节收",
    rules: &[ASKS, PRINTS, HEAD, BODY, STAYS, COUNTED, NAME, DOUBT, BYTES, CUT, IDLE],
    needs_unix_sockets: false,
    judge,
};

const ASKS: Rule = Rule {
    name: "asks",
    en: "The client sends one request in HTTP's form: `GET PATH HTTP/1.1`, one line `Host: HOST:PORT` (the port may be left out), others if it likes, and an empty line, each with `\\r\\n` at its end, and nothing more.",
    zh: "客户端按 HTTP 的格式发一个请求：`GET 路径 HTTP/1.1`、一行 `Host: 主机:端口`（端口可以省略）、别的字段随意、最后一个空行，每行都以 `\\r\\n` 结尾，再没有别的。",
    see: "The request, part by part",
};
const PRINTS: Rule = Rule {
    name: "prints",
    en: "The client prints the body and nothing else, and exits with status 0.",
    zh: "客户端只打印正文，别的什么都不打印，然后以退出状态 0 结束。",
    see: "Exercise",
};
const HEAD: Rule = Rule {
    name: "head-in-pieces",
    en: "The head goes up to the blank line, and may arrive in any number of pieces. Before that line is there the client only gathers: it neither prints nor leaves.",
    zh: "头部到空行为止，分成多少块到都有可能。空行没到，客户端就只管攒着：不打印，也不走。",
    see: "\"One `data` is the answer\"",
};
const BODY: Rule = Rule {
    name: "body-in-pieces",
    en: "The body may arrive in any number of pieces as well, with a pause between them: the client gathers until it has as many bytes as `Content-Length` says.",
    zh: "正文也一样，分成多少块到都有可能，中间还会停顿：`Content-Length` 说有多少字节，客户端就要攒够多少。",
    see: "\"One `data` is the answer\"",
};
const STAYS: Rule = Rule {
    name: "server-stays",
    en: "When as many bytes are there as `Content-Length` says, the answer is whole: the client prints the body and leaves at once. The server need not end first.",
    zh: "字节数够了 `Content-Length`，响应就完整了：客户端打印正文，马上就走，不必等服务器先结束。",
    see: "\"The answer ends when the connection ends\"",
};
const COUNTED: Rule = Rule {
    name: "counted",
    en: "The length counts bytes, not characters. The body has so many and not one more, whatever else stands behind it; and it may have none.",
    zh: "长度数的是字节，不是字符。说多少就是多少，后面再有什么都不算正文；长度也可以是 0。",
    see: "In Node",
};
const NAME: Rule = Rule {
    name: "header-name",
    en: "The length is in the header whose whole name is `Content-Length`, in capitals or not, with or without blanks around its value. Others, with longer names or other values, may stand before it.",
    zh: "长度写在名字正好是 `Content-Length` 的那个头部字段里，大写小写都算，值的前后有没有空白都行。前面可以有别的字段，名字可能更长，值也各不相同。",
    see: "In Rust",
};
const DOUBT: Rule = Rule {
    name: "no-guessing",
    en: "A length that is not written in digits alone, two that differ, or a `Transfer-Encoding` beside it: the client does not guess, but says so on standard error, and exits with status 1.",
    zh: "长度不全是数字，或者有两个还不一样，或者旁边还有 `Transfer-Encoding`：客户端不要猜，要在标准错误上说明，并以退出状态 1 结束。",
    see: "\"The answer ends when the connection ends\"",
};
const BYTES: Rule = Rule {
    name: "any-byte",
    en: "A body is bytes and need not be text: the client prints them as they are.",
    zh: "正文是字节，不一定是文本：是什么就原样输出什么。",
    see: "Exercise",
};
const CUT: Rule = Rule {
    name: "cut-short",
    en: "If the connection ends or breaks before the answer is whole, however much it has promised, the client says so on standard error, and exits with status 1.",
    zh: "响应还不完整，连接就结束了或者断了，不管它说过有多长：客户端要在标准错误上说明，并以退出状态 1 结束。",
    see: "A server with moods",
};

/// The time for which a program is watched that must not do anything yet.
const A_MOMENT: Duration = Duration::from_millis(50);

/// An answer with this body, and the one header that it needs.
fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A client that has asked, and the connection on which it waits for its answer.
struct Visit {
    client: Program,
    server: Peer,
}

impl Visit {
    /// Starts the client and reads its request, for a path that begins with `/name`.
    fn new(check: &Check, host: &Host, name: &str) -> Verdict<Visit> {
        Visit::named(check, host, name, "127.0.0.1")
    }

    /// The same, and this is how the client is told the host.
    fn named(check: &Check, host: &Host, name: &str, named: &str) -> Verdict<Visit> {
        let (port, path) = (host.port(), format!("/{name}/{}?a=b%20c", random::word()));
        let client = check.start([named, &port.to_string(), &path])?;
        let mut server = host.accept(name, &ASKS)?;
        let awaited = Observed::text("a request, to its empty line", "一个请求，到空行为止");
        let request = server.until(b"\r\n\r\n", awaited, &ASKS)?;
        let wrong = |expected: Observed| client.failure(&ASKS, expected, Observed::bytes(&request));
        let lines = [1, 0].map(|minor| format!("GET {path} HTTP/1.{minor}"));
        let head = Head::parse(&request, |start| lines.iter().any(|line| line.as_bytes() == start));
        let form = format!("{}\r\nHost: {named}:{port}\r\n\r\n", lines[0]);
        let head = head.map_err(|_| wrong(Observed::bytes(form)))?;
        let empty = |length: &&str| length.bytes().all(|byte| byte == b'0');
        if !head.all("transfer-encoding").is_empty()
            || !head.all("content-length").iter().all(empty)
        {
            return Err(wrong(Observed::text("a request without a body", "没有正文的请求")));
        }
        // HTTP/1.0 knew no Host.
        let hosts = head.all("host");
        let right = |host: &str| host == named || host == format!("{named}:{port}");
        let old = hosts.is_empty() && head.start == lines[1].as_bytes();
        if !(old || matches!(hosts[..], [host] if right(host))) {
            let line = format!("Host: {named}:{port}");
            let one = Observed::text(format!("one line `{line}`"), format!("一行 `{line}`"));
            return Err(wrong(one));
        }
        Ok(Visit { client, server })
    }

    /// The client does nothing yet. It may have ended its own direction, as it has no more to ask.
    fn gathers(&mut self, rule: &Rule) -> Verdict {
        self.server.expect_no_bytes(A_MOMENT, rule)?;
        let printed = self.client.output_so_far();
        if !printed.is_empty() {
            let nothing = Observed::text("nothing printed yet", "还什么都没打印");
            return Err(self.client.failure(rule, nothing, Observed::Bytes(printed)));
        }
        self.client.expect_running(rule)
    }

    /// The server ends. The client prints this, and nothing else.
    fn prints(mut self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.server.half_close(); // and stays until the client has ended
        self.client.expect_exit(0, rule)?;
        self.client.expect_output(body, rule)?;
        self.server.expect_no_bytes(Duration::from_millis(1), &ASKS)
    }

    /// The same, and the server does not end before the client does.
    fn prints_and_leaves(self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.client.expect_exit(0, rule)?;
        self.client.expect_output(body, rule)
    }
}

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let visit = |name: &str| Visit::new(check, &host, name);

    let mut page = visit("page")?;
    page.server.expect_no_bytes(A_MOMENT, &ASKS)?;
    let text = format!("Good morning, {}\n", random::word());
    page.server.send(answer(&text));
    page.prints(text, &PRINTS)?;
    let mut by_name = Visit::named(check, &host, "by-name", "localhost")?;
    by_name.server.send(answer("found\n"));
    by_name.prints("found\n", &ASKS)?;
    check.kept(&ASKS);
    check.kept(&PRINTS);

    let (pause, mut pauses) = (check.long_pause(), visit("pauses")?);
    let mut half = visit("half-a-head")?;
    half.server.send("HTTP/1.1 200 OK\r\nContent-Le");
    pauses.server.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nno hurry, ");
    in_pieces(visit)?;
    check.promptly(&STAYS, || {
        let mut stays = visit("stays")?;
        stays.server.send(answer("no hurry\n"));
        stays.prints_and_leaves("no hurry\n", &STAYS)
    })?;
    check.kept(&STAYS);
    let chinese = random::chinese(7);
    for (name, text, more) in
        [("chinese", &*chinese, ""), ("more", "hello\n", "and no more\n"), ("empty", "", "")]
    {
        let mut counted = visit(name)?;
        counted.server.send(answer(text) + more);
        counted.prints_and_leaves(text, &COUNTED)?;
    }
    check.kept(&COUNTED);
    for (name, header) in [
        ("small-letters", "content-length:5"),
        ("capitals", "CONTENT-LENGTH: \t 5 \t "),
        ("others", "X-Original-Content-Length: 500\r\nContent-Length: 5\r\nVary: Content-Length"),
        ("binary", "Content-Transfer-Encoding: binary\r\nContent-Length: 5"),
        ("longer", "Content-Length-Hint: 500\r\nVia: Content-Length: 9\r\nContent-Length: 5"),
    ] {
        let mut named = visit(name)?;
        named.server.send(format!("HTTP/1.1 200 OK\r\nDate: today\r\n{header}\r\n\r\nfive\n"));
        named.prints("five\n", &NAME)?;
    }
    check.kept(&NAME);

    in_doubt(visit)?;
    check.kept(&DOUBT);
    any_bytes(visit)?;
    check.kept(&BYTES);
    cut_short(visit)?;
    breaks(check, &host)?;
    check.kept(&CUT);

    let watch = pauses.client.watch();
    pauses.server.pause(pause.left());
    watch.expect_idle(&IDLE)?;
    check.kept(&IDLE);
    pauses.gathers(&BODY)?;
    pauses.server.send("no worries");
    pauses.prints("no hurry, no worries", &BODY)?;
    check.kept(&BODY);
    half.gathers(&HEAD)?;
    half.server.send("ngth: 5\r\n\r\nfive\n");
    half.prints("five\n", &HEAD)?;
    check.kept(&HEAD);
    Ok(())
}

/// Nothing may arrive before the rest was sent. A slow program is caught by what it prints in the end.
fn in_pieces(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    let mut head = visit("head")?;
    head.server.send("HTTP/1.1 200 OK\r\nContent-Le");
    head.gathers(&HEAD)?;
    head.server.send_pieces(["ngth: 11\r", "\n\r", "\nin pieces.\n"]);
    head.prints("in pieces.\n", &HEAD)?;
    let mut drip = visit("drip")?;
    drip.server.send_pieces(byte_by_byte(b"HTTP/1.1 200"));
    drip.server.send_pieces([" OK\r\nContent-Length: 5\r", "\n", "\r", "\ndrip\n"]);
    drip.prints("drip\n", &HEAD)?;

    let mut body = visit("body")?;
    body.server.send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\nhalf of it, ");
    body.gathers(&BODY)?;
    body.server.send_pieces(["and the oth", "er half\n"]);
    body.prints("half of it, and the other half\n", &BODY)?;
    let mut long = visit("long")?;
    let lines: String = (1..=20_000).map(|n| format!("{n:9}\n")).collect();
    long.server.send(answer(&lines)); // more than one read brings
    long.prints(&lines, &BODY)
}

/// Two readers could take these for answers of different length.
fn in_doubt(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    for (name, lengths) in [
        ("plus", "+5"),
        ("minus", "-5"),
        ("word", "five"),
        ("nothing", ""),
        ("hexadecimal", "0x5"),
        ("two-words", "5 5"),
        ("differ", "5\r\nContent-Length: 4"),
        ("differ-later", "4\r\nDate: today\r\ncontent-length: 5"),
    ] {
        let mut doubt = visit(name)?;
        doubt.server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {lengths}\r\n\r\nfive\n"));
        doubt.server.half_close();
        doubt.client.expect_error(&DOUBT)?;
        doubt.client.expect_output("", &DOUBT)?;
    }
    // A client that can read chunks may do so: then they count, and not the length.
    for encoding in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "transfer-encoding:Chunked\r\nContent-Length: 5",
    ] {
        let mut chunks = visit("chunks")?;
        chunks.server.send(format!("HTTP/1.1 200 OK\r\n{encoding}\r\n\r\n4\r\nfour\r\n0\r\n\r\n"));
        chunks.server.half_close();
        match chunks.client.wait(&DOUBT)? {
            ended if ended.status == Some(0) && ended.stdout == b"four" => {}
            _ => chunks.client.expect_error(&DOUBT)?,
        }
    }
    Ok(())
}

fn any_bytes(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    let mut character = visit("character")?;
    let text = answer("一个字，两半\n");
    character.server.send_pieces(cut(text.as_bytes(), &[text.len() - 9, text.len() - 2]));
    character.prints("一个字，两半\n", &BYTES)?;
    let mut bytes = visit("bytes")?;
    let mut all: Vec<u8> = (0..=255).chain(*b"\r\n\r\n\0Content-Length: 3\r\n\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n").collect();
    all.extend(random::bytes(100));
    bytes.server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", all.len()));
    bytes.server.send(&all);
    bytes.prints(&all, &BYTES)
}

fn cut_short(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    let thirty = "123456789012345678901234567890";
    let two_to_the_32 = (1u64 << 32) + 5;
    let two_to_the_64 = (1u128 << 64) + 5;
    let most = u64::MAX;
    let promise =
        |length: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nfive\n");
    for (name, sent) in [
        ("cut", promise("30")),
        ("cut-head", "HTTP/1.1 200 OK\r\nContent-Len".to_string()),
        ("nothing", String::new()),
        ("too-much", promise(&two_to_the_32.to_string())),
        ("far-too-much", promise(&two_to_the_64.to_string())),
        ("thirty-digits", promise(thirty)),
        ("more-than-memory", promise("1000000000000000")),
        ("most", promise(&most.to_string())),
        ("cut-behind-a-line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_string()),
    ] {
        let Visit { client, mut server } = visit(name)?;
        server.send(sent);
        server.half_close();
        client.expect_error(&CUT)?;
    }
    Ok(())
}

/// The connection is reset in the middle of the body: what the client has sent is never read.
fn breaks(check: &Check, host: &Host) -> Verdict {
    let client = check.start(["127.0.0.1", &host.port().to_string(), "/breaks"])?;
    let mut server = host.accept("breaks", &ASKS)?;
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhalf of it");
    server.reset();
    client.expect_error(&CUT)
}

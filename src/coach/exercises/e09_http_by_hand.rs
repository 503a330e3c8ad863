//! 09: a client that asks for a page by hand. The myth: an answer is what one read brings, or what comes until the end.

use std::time::Duration;

use crate::check::{Check, Host, Observed, Peer, Program, Rule, Verdict, byte_by_byte, cut};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "09_http_by_hand",
    en: "GET by hand, with a counted body",
    zh: "手写 GET，正文数着字节收",
    rules: &[ASKS, PRINTS, HEAD, BODY, STAYS, COUNTED, NAME, BYTES, CUT],
    judge,
};

const ASKS: Rule = Rule {
    name: "asks",
    en: "The client asks with `GET PATH HTTP/1.1`, a line `Host: …` and an empty line, each with `\\r\\n` at its end. Then it waits for the answer, and leaves its own direction open.",
    zh: "客户端发出 `GET 路径 HTTP/1.1`、一行 `Host: …` 和一个空行，每行都以 `\\r\\n` 结尾。然后等回答，自己的方向先不结束。",
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
    en: "The head goes up to the blank line, and may come in any number of pieces. Before that line is there the client only gathers: it neither prints nor leaves.",
    zh: "头部到空行为止，分成多少段来都有可能。空行没到，客户端就只管攒着：不打印，也不走。",
    see: "Watch out",
};
const BODY: Rule = Rule {
    name: "body-in-pieces",
    en: "The body may come in any number of pieces as well: the client gathers until it has as many bytes as `Content-Length` says.",
    zh: "正文也一样，分成多少段来都有可能：`Content-Length` 说有多少字节，客户端就要攒够多少。",
    see: "Watch out",
};
const STAYS: Rule = Rule {
    name: "server-stays",
    en: "When as many bytes are there as `Content-Length` says, the answer is whole: the client prints the body and leaves. The server need not end first.",
    zh: "字节数够了 `Content-Length`，回答就完整了：客户端打印正文就走，不必等服务器先结束。",
    see: "Watch out",
};
const COUNTED: Rule = Rule {
    name: "counted",
    en: "The length counts bytes, not characters. The body has so many and not one more, whatever else has come behind it; and it may have none.",
    zh: "长度数的是字节，不是字符。说多少就是多少，后面再来什么都不算正文；长度也可以是 0。",
    see: "In Node",
};
const NAME: Rule = Rule {
    name: "header-name",
    en: "The length is in the header whose whole name is Content-Length, in capitals or not. There may be blanks around the value, and other headers before it.",
    zh: "长度写在名字正好是 Content-Length 的那个头部字段里，大写小写都算。值的前后可以有空白，前面也可以有别的字段。",
    see: "In Rust",
};
const BYTES: Rule = Rule {
    name: "any-bytes",
    en: "A body is bytes and need not be text: the client prints them as they came.",
    zh: "正文是字节，不一定是文本：来的是什么就原样输出什么。",
    see: "Exercise",
};
const CUT: Rule = Rule {
    name: "cut-short",
    en: "If the server ends before the answer is whole, the client says so on standard error, and exits with status 1.",
    zh: "回答还没完整，服务器就结束了：客户端要在标准错误上说明，并以退出状态 1 结束。",
    see: "A server with moods",
};

/// How long a program is watched that must not do anything yet.
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
    /// Starts the client and reads its request, for `/name`.
    fn new(check: &Check, host: &Host, name: &str) -> Verdict<Visit> {
        let (port, path) = (host.port().to_string(), format!("/{name}"));
        let client = check.start(["127.0.0.1", &port, &path])?;
        let mut server = host.accept(name, &ASKS)?;
        let head = server.until(
            b"\r\n\r\n",
            Observed::text("the head of a request", "请求的头部"),
            &ASKS,
        )?;
        let text = String::from_utf8_lossy(&head);
        let mut lines = text.split("\r\n");
        let (expected, first) = (format!("GET {path} HTTP/1.1"), lines.next().unwrap_or_default());
        if first != expected {
            return Err(check.failed(&ASKS, Observed::bytes(expected), Observed::bytes(first)));
        }
        let is_host =
            |(name, value): (&str, &str)| name.eq_ignore_ascii_case("host") && !value.is_empty();
        if !lines.filter_map(|line| line.split_once(':')).any(is_host) {
            let host = format!("Host: 127.0.0.1:{port}");
            let expected = Observed::text(format!("a line `{host}`"), format!("有一行 `{host}`"));
            return Err(check.failed(&ASKS, expected, Observed::bytes(&head)));
        }
        Ok(Visit { client, server })
    }

    /// The server ends. The client prints this, and nothing else.
    fn prints(mut self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.server.half_close(); // and stays until the client has ended
        self.client.expect_exit(0, rule)?;
        self.client.expect_output(body, rule)
    }

    /// The same, and the server does not end before the client does.
    fn prints_and_leaves(mut self, body: impl AsRef<[u8]>, rule: &Rule) -> Verdict {
        self.server.expect_end(rule)?;
        self.prints(body, rule)
    }
}

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let visit = |name: &str| Visit::new(check, &host, name);

    let mut page = visit("page")?;
    page.server.expect_silence(A_MOMENT, &ASKS)?;
    page.server.send(answer("Good morning\n"));
    page.prints("Good morning\n", &PRINTS)?;

    in_pieces(visit)?;

    let mut stays = visit("stays")?;
    stays.server.send(answer("no hurry\n"));
    stays.prints_and_leaves("no hurry\n", &STAYS)?;
    for (name, text, more) in
        [("chinese", "你好\n", ""), ("more", "hello\n", "and no more\n"), ("empty", "", "")]
    {
        let mut counted = visit(name)?;
        counted.server.send(answer(text) + more);
        counted.prints_and_leaves(text, &COUNTED)?;
    }
    for (name, header) in [
        ("small-letters", "content-length:5"),
        ("capitals", "CONTENT-LENGTH: \t 5 \t "),
        ("others", "X-Original-Content-Length: 500\r\nContent-Length: 5\r\nVary: Content-Length"),
    ] {
        let mut named = visit(name)?;
        named.server.send(format!("HTTP/1.1 200 OK\r\nDate: today\r\n{header}\r\n\r\nfive\n"));
        named.prints("five\n", &NAME)?;
    }

    any_bytes(visit)?;
    cut_short(visit)
}

/// Nothing may come before the rest has. A slow program is caught by what it prints in the end.
fn in_pieces(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    let mut head = visit("head")?;
    head.server.send("HTTP/1.1 200 OK\r\nContent-Le");
    head.server.expect_silence(A_MOMENT, &HEAD)?;
    head.server.send_pieces(["ngth: 11\r", "\n\r", "\nin pieces.\n"]);
    head.prints("in pieces.\n", &HEAD)?;
    let mut drip = visit("drip")?;
    drip.server.send_pieces(byte_by_byte(b"HTTP/1.1 200"));
    drip.server.send_pieces([" OK\r\nContent-Length: 5\r", "\n", "\r", "\ndrip\n"]);
    drip.prints("drip\n", &HEAD)?;

    let mut body = visit("body")?;
    body.server.send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\nhalf of it, ");
    body.server.expect_silence(A_MOMENT, &BODY)?;
    body.server.send_pieces(["and the oth", "er half\n"]);
    body.prints("half of it, and the other half\n", &BODY)?;
    let mut long = visit("long")?;
    let lines: String = (1..=20_000).map(|n| format!("{n:9}\n")).collect();
    long.server.send(answer(&lines)); // more than one read brings
    long.prints(&lines, &BODY)
}

fn any_bytes(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    let mut character = visit("character")?;
    let text = answer("一个字，两半\n");
    character.server.send_pieces(cut(text.as_bytes(), &[text.len() - 9, text.len() - 2]));
    character.prints("一个字，两半\n", &BYTES)?;
    let mut bytes = visit("bytes")?;
    let all: Vec<u8> = (0..=255).chain(*b"\r\n\r\n\0\n").collect();
    bytes.server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", all.len()));
    bytes.server.send(&all);
    bytes.prints(&all, &BYTES)
}

fn cut_short(visit: impl Fn(&str) -> Verdict<Visit>) -> Verdict {
    for (name, came) in [
        ("cut", Some("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhalf of it")),
        ("cut-head", Some("HTTP/1.1 200 OK\r\nContent-Len")),
        ("nothing", None),
    ] {
        let Visit { client, mut server } = visit(name)?;
        server.send_pieces(came);
        server.half_close();
        client.expect_error(&CUT)?;
    }
    Ok(())
}

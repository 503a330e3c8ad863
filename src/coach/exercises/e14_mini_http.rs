//! 14: a router on the mini http module, and a notebook behind it. The trap: what somebody has typed is no HTML.

use crate::check::{Check, Failure, Observed, Peer, Rule, Verdict};
use crate::coach::exercise::Exercise;
use crate::message::{Head, Limits, Parsed, Parser};
use crate::wire::quoted;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "14_mini_http",
    en: "a router, and a notebook for the browser",
    zh: "浏览器里的记事本，给它写一个路由",
    rules: &[ROUTES, ADDS, PARAMETER, QUERY, NOT_FOUND, ALLOW, HEAD, ESCAPED, AS_TYPED, AT_ONCE],
    judge,
};

const ROUTES: Rule = Rule {
    name: "routes",
    en: "Who answers a request is found by its path and its method, as the table has them.",
    zh: "一个请求由谁来回答，看它的路径和方法，按表里写的来。",
    see: "Exercise",
};
const ADDS: Rule = Rule {
    name: "adds",
    en: "A note that is sent is added, whatever characters it has; the answer is a 303, with the path of the note's page in `Location`.",
    zh: "发来的笔记都要添加进去，不管里面是什么字；回答是 303，`Location` 里写着这条笔记的路径。",
    see: "Exercise",
};
const PARAMETER: Rule = Rule {
    name: "parameter",
    en: "The `*` of `/notes/*` stands for any one part of a path: `/notes/2` is the page of note 2.",
    zh: "`/notes/*` 里的 `*` 代表路径里的任意一段：`/notes/2` 就是第 2 条笔记的页面。",
    see: "Exercise",
};
const QUERY: Rule = Rule {
    name: "query",
    en: "A query is no part of the path: `/notes?word=tea` is the path `/notes`, and shows the notes with that word.",
    zh: "查询串不算路径：`/notes?word=tea` 的路径是 `/notes`，显示含有这个词的笔记。",
    see: "Exercise",
};
const NOT_FOUND: Rule = Rule {
    name: "not-found",
    en: "What is not there is a 404: a path that the table does not have, with any method, and a note that nobody has written.",
    zh: "没有的东西回答 404：表里没有的路径，不管用什么方法；还有谁也没写过的笔记。",
    see: "Exercise",
};
const ALLOW: Rule = Rule {
    name: "allow",
    en: "A path that the table has, but not with this method, is a 405, and the header `Allow` names the methods that it has. Where there is GET, there is HEAD.",
    zh: "表里有这个路径，却没有这个方法，就回答 405，并用头部字段 `Allow` 列出它有哪些方法。有 GET 就有 HEAD。",
    see: "Exercise",
};
const HEAD: Rule = Rule {
    name: "head",
    en: "HEAD is answered as GET is: the same status and the same head, and no body.",
    zh: "HEAD 和 GET 一样回答：状态码相同，头部相同，只是没有正文。",
    see: "Exercise",
};
const ESCAPED: Rule = Rule {
    name: "escaped",
    en: "What somebody has typed is text. Wherever it goes into a page, `<`, `>` and `&` in it become `&lt;`, `&gt;` and `&amp;`, once: else it could be a script on your page.",
    zh: "别人输入的东西是文本。不管放进页面的哪里，其中的 `<`、`>`、`&` 都要换成 `&lt;`、`&gt;`、`&amp;`，只换一次，否则它就可能成为你页面上的脚本。",
    see: "What somebody has typed is not HTML",
};
const AS_TYPED: Rule = Rule {
    name: "as-typed",
    en: "A note is kept as it was typed, and that is what a search looks in. It becomes HTML when it goes into a page, and not earlier.",
    zh: "笔记要照输入的原样存，搜索也在原样里找。放进页面的时候才变成 HTML，不能更早。",
    see: "What somebody has typed is not HTML",
};
const AT_ONCE: Rule = Rule {
    name: "at-once",
    en: "Many clients are served at once, a slow one holds up nobody, several requests on one connection are answered in their order, and no note is lost.",
    zh: "很多客户端同时来都要服务到，慢的客户端不能拖住别人；一条连接上有好几个请求，就按顺序一一回答；笔记一条也不能丢。",
    see: "A browser asks for more than you think",
};

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let site = Site { check, port: server.port()? };
    pages(&site)?;
    what_is_not_there(&site)?;
    heads(&site)?;
    hostile(&site)?;
    at_once(&site)?;
    server.expect_running(&AT_ONCE)
}

fn pages(site: &Site<'_>) -> Verdict {
    site.ask("GET", "/", &ROUTES)?.has(200, &[], &ROUTES)?;
    let empty = site.ask("GET", "/notes", &ROUTES)?;
    empty.has(200, &[], &ROUTES)?;
    if !empty.header("Content-Type").to_lowercase().starts_with("text/html") {
        empty.has_line("Content-Type", "text/html; charset=utf-8", &ROUTES)?;
    }

    site.add("tea", "/notes/1", &ADDS)?;
    site.add("绿茶 50% + milk", "/notes/2", &ADDS)?;
    site.ask("GET", "/notes/1", &PARAMETER)?.has(200, &["tea"], &PARAMETER)?;
    site.ask("GET", "/notes/2", &PARAMETER)?.has(200, &["绿茶 50% + milk"], &PARAMETER)?;

    let all = site.ask("GET", "/notes?word=", &QUERY)?;
    all.has(200, &["tea", "绿茶 50% + milk"], &QUERY)?;
    let some = site.ask("GET", &format!("/notes?word={}", encoded("茶")), &QUERY)?;
    some.has(200, &["绿茶 50% + milk"], &QUERY)?;
    some.has_not("tea", &QUERY)?;
    site.ask("GET", "/notes/1?from=home", &QUERY)?.has(200, &["tea"], &QUERY)
}

/// There are two notes by now.
fn what_is_not_there(site: &Site<'_>) -> Verdict {
    let missing = [
        ("GET", "/nothing"),
        ("GET", "/note"),
        ("GET", "/notes/3"),
        ("GET", "/notes/0"),
        ("GET", "/notes/tea"),
        ("GET", "/notes/1/2"),
        ("GET", "/other/1"),
        ("DELETE", "/nothing"),
        ("PUT", "/notes/1/2"),
    ];
    for (method, path) in missing {
        site.ask(method, path, &NOT_FOUND)?.has(404, &[], &NOT_FOUND)?;
    }
    let known_otherwise = [
        ("PUT", "/notes", "GET, HEAD, POST"),
        ("DELETE", "/notes?word=tea", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/notes/1", "GET, HEAD"),
    ];
    for (method, path, allowed) in known_otherwise {
        let reply = site.ask(method, path, &ALLOW)?;
        reply.has(405, &[], &ALLOW)?;
        if sorted(reply.header("Allow")) != sorted(allowed) {
            reply.has_line("Allow", allowed, &ALLOW)?;
        }
    }
    Ok(())
}

/// The methods of an `Allow`, of which the order does not count; a program may know OPTIONS as well.
fn sorted(methods: &str) -> Vec<&str> {
    let mut methods: Vec<&str> = methods.split(',').map(str::trim).collect();
    methods.retain(|method| *method != "OPTIONS");
    methods.sort_unstable();
    methods
}

fn heads(site: &Site<'_>) -> Verdict {
    for path in ["/", "/notes?word=tea", "/notes/1", "/notes/3"] {
        let (get, head) = (site.ask("GET", path, &HEAD)?, site.ask("HEAD", path, &HEAD)?);
        head.has(get.status, &[], &HEAD)?;
        head.has_line("Content-Type", get.header("Content-Type"), &HEAD)?;
        // A length may be left out, as with an answer in chunks. One that is there has to be right (RFC 9110 9.3.2).
        let lengths = [&get, &head].map(|reply| reply.header("Content-Length"));
        if lengths.iter().all(|length| !length.is_empty()) {
            head.has_line("Content-Length", lengths[0], &HEAD)?;
        }
    }
    Ok(())
}

fn hostile(site: &Site<'_>) -> Verdict {
    let (typed, html) =
        ("<script>alert(1)</script> & more", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more");
    site.add(typed, "/notes/3", &ADDS)?;
    let search = format!("/notes?word={}", encoded("<script>"));
    for (path, html) in [("/notes/3", html), ("/notes", html), (&search, "&lt;script&gt;")] {
        let page = site.ask("GET", path, &ESCAPED)?;
        page.has(200, &[html], &ESCAPED)?;
        page.has_not("<script>", &ESCAPED)?;
    }
    site.ask("GET", &search, &AS_TYPED)?.has(200, &[html], &AS_TYPED)?;
    site.ask("GET", "/notes?word=amp", &AS_TYPED)?.has_not("alert", &AS_TYPED)
}

fn at_once(site: &Site<'_>) -> Verdict {
    let slow = post("slow 画!");
    let (first, rest) = slow.split_at(slow.len() - 7); // in the middle of the character
    let mut slow = site.check.connect("slow", site.port)?;
    slow.send(first);
    site.check.at_once(8, |n| {
        let text = format!("fast {n}");
        let mut client = site.check.connect(&format!("client {n}"), site.port)?;
        let gets = [get("HEAD", "/notes"), get("GET", "/nothing"), get("GET", "/notes/1")];
        client.send(post(&text) + &gets.concat());
        let mut next = |asked| Reply::read(site.check, &mut client, asked, &AT_ONCE);
        let added = next("POST /notes")?;
        added.has(303, &[], &AT_ONCE)?;
        next("HEAD /notes")?.has(200, &[], &AT_ONCE)?;
        next("GET /nothing")?.has(404, &[], &AT_ONCE)?;
        next("GET /notes/1")?.has(200, &["tea"], &AT_ONCE)?;
        site.ask("GET", added.header("Location"), &AT_ONCE)?.has(200, &[&text], &AT_ONCE)
    })?;
    slow.send(rest);
    let added = Reply::read(site.check, &mut slow, "POST /notes", &AT_ONCE)?;
    added.has(303, &[], &AT_ONCE)?;
    site.ask("GET", added.header("Location"), &AT_ONCE)?.has(200, &["slow 画!"], &AT_ONCE)?;
    let texts: Vec<String> = (0..8).map(|n| format!("fast {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).chain(["slow 画!"]).collect();
    site.ask("GET", "/notes", &AT_ONCE)?.has(200, &texts, &AT_ONCE)
}

/// The program, as its visitors see it.
struct Site<'c> {
    check: &'c Check,
    port: u16,
}

impl<'c> Site<'c> {
    /// One request, on a connection of its own.
    fn ask(&self, method: &str, target: &str, rule: &Rule) -> Verdict<Reply<'c>> {
        self.exchange(&format!("{method} {target}"), &get(method, target), rule)
    }

    /// Sends a note, and is told that this is its page.
    fn add(&self, text: &str, path: &str, rule: &Rule) -> Verdict {
        let reply = self.exchange("POST /notes", &post(text), rule)?;
        reply.has(303, &[], rule)?;
        reply.has_line("Location", path, rule)
    }

    fn exchange(&self, asked: &str, request: &str, rule: &Rule) -> Verdict<Reply<'c>> {
        let mut client = self.check.connect("client", self.port)?;
        client.send(request);
        Reply::read(self.check, &mut client, asked, rule)
    }
}

/// A request without a body.
fn get(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: me\r\n\r\n")
}

/// What a form sends for a note.
fn post(text: &str) -> String {
    let body = format!("text={}", encoded(text));
    let length = body.len();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!("POST /notes HTTP/1.1\r\nHost: me\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// As a form does it: a space is `+`, and what is neither a letter nor a digit is two hexadecimal digits for each byte.
fn encoded(text: &str) -> String {
    let byte = |byte| match byte {
        b' ' => "+".to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// An answer, whole.
struct Reply<'c> {
    check: &'c Check,
    /// Method and target of the request.
    asked: String,
    head: Head,
    status: u16,
    body: String,
}

impl<'c> Reply<'c> {
    /// The next one on this connection, where this was asked.
    fn read(check: &'c Check, client: &mut Peer, asked: &str, rule: &Rule) -> Verdict<Reply<'c>> {
        let came = client.until(
            b"\r\n\r\n",
            Observed::text("the head of an answer", "回复的头部"),
            rule,
        )?;
        let mut parser = Parser::new(Limits::default());
        parser.feed(&came);
        let Ok(Parsed::Complete(head)) = parser.head() else {
            let expected = Observed::text("the head of an answer", "回答的头部");
            return Err(check.failed(rule, expected, Observed::Bytes(came)));
        };
        let status = head.start().split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_default();
        // How the body is delimited: RFC 9112 6.3.
        let body = match head.content_length() {
            _ if asked.starts_with("HEAD ") || matches!(status, 204 | 304) => Vec::new(),
            Ok(Some(length)) => client.take(length, rule)?,
            _ if head.header("transfer-encoding").is_some() => chunks(check, client, rule)?,
            _ => client.read_to_fin(rule)?,
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Reply { check, asked: asked.to_string(), head, status, body })
    }

    fn header(&self, name: &str) -> &str {
        self.head.header(name).unwrap_or_default()
    }

    /// It has to have this status, and all of these in its body.
    fn has(&self, status: u16, parts: &[&str], rule: &Rule) -> Verdict {
        let asked = &self.asked;
        if self.status != status {
            let expected = Observed::text(
                format!("status {status} to {asked}"),
                format!("对 {asked} 的回答，状态码是 {status}"),
            );
            return Err(self.check.failed(rule, expected, Observed::bytes(self.head.start())));
        }
        // Some characters of HTML have several spellings.
        let mut page = self.body.clone();
        for (name, codes) in [("lt", ["60", "x3c"]), ("gt", ["62", "x3e"]), ("amp", ["38", "x26"])]
        {
            for code in codes {
                page = page.replace(&format!("&#{code};"), &format!("&{name};"));
            }
        }
        match parts.iter().find(|part| !page.contains(**part)) {
            None => Ok(()),
            Some(part) => Err(self.shows(
                format!("to {asked} a page with {part}"),
                format!("对 {asked} 的回答，页面里有 {part}"),
                rule,
            )),
        }
    }

    fn has_not(&self, part: &str, rule: &Rule) -> Verdict {
        let asked = &self.asked;
        match self.body.contains(part) {
            false => Ok(()),
            true => Err(self.shows(
                format!("to {asked} a page without {part}"),
                format!("对 {asked} 的回答，页面里没有 {part}"),
                rule,
            )),
        }
    }

    fn shows(&self, en: String, zh: String, rule: &Rule) -> Failure {
        // All of it: what is wrong may be anywhere.
        let page = quoted(self.body.as_bytes(), 400);
        self.check.failed(rule, Observed::text(en, zh), Observed::text(page.clone(), page))
    }

    /// The header with this name has to have this value, or not to be there if that is empty.
    fn has_line(&self, name: &str, value: &str, rule: &Rule) -> Verdict {
        let line = |value: &str| match value {
            "" => Observed::text(format!("no header `{name}`"), format!("没有头部字段 `{name}`")),
            value => Observed::bytes(format!("{name}: {value}")),
        };
        let came = self.header(name);
        match came.eq_ignore_ascii_case(value) {
            true => Ok(()),
            false => Err(self.check.failed(rule, line(value), line(came))),
        }
    }
}

/// More than any page here.
const LARGEST: usize = 1 << 20;

fn chunks(check: &Check, client: &mut Peer, rule: &Rule) -> Verdict<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= LARGEST {
        let size = usize::from_str_radix(
            &client.line(Observed::text("the size of a chunk", "一个 chunk 的大小"), rule)?,
            16,
        )
        .unwrap_or_default();
        let chunk = client.take(size.saturating_add(2), rule)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
    Err(check.failed(rule, Observed::text("the last chunk", "最后一块"), Observed::Bytes(body)))
}

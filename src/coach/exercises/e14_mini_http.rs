//! 14: a router on the mini http module, and a notebook behind it. The trap: typed text is not HTML.

use std::collections::BTreeSet;
use std::sync::Mutex;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, random};

use super::common::{FREES, IDLE, Server};
use super::notebook::{FORM, Reply, Site, encoded, form, get, post};
use crate::coach::exercise::Exercise;
use crate::coach::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "14_mini_http",
    en: "a router, and a notebook for the browser",
    zh: "浏览器里的记事本，给它写一个路由",
    rules: &[
        ROUTES, TYPE, ADDS, DECODED, PARAMETER, QUERY, NOT_FOUND, ALLOW, HEAD, ESCAPED, AS_TYPED,
        AT_ONCE, FREES, IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const ROUTES: Rule = Rule {
    name: "routes",
    en: "The function that answers a request is found by its path and its method, as the table has them.",
    zh: "一个请求由哪个函数响应，看它的路径和方法，按表里写的来。",
    see: "Exercise",
};
const TYPE: Rule = Rule {
    name: "type",
    en: "Every page says that it is HTML in UTF-8, by its `Content-Type`: else the browser guesses.",
    zh: "每个页面都要用 `Content-Type` 说明自己是 UTF-8 的 HTML，不然浏览器只能猜。",
    see: "Exercise",
};
const ADDS: Rule = Rule {
    name: "adds",
    en: "A note that is sent is added; the answer is a 303, with the path of the note's page in `Location`.",
    zh: "发来的笔记要添加进去；响应是 303，`Location` 里写着这条笔记的路径。",
    see: "Exercise",
};
const DECODED: Rule = Rule {
    name: "decoded",
    en: "What a form sends is decoded, first the bytes and then the text: `%E8%8C%B6+50%25` is `茶 50%`. The field is the one whose whole name is `text`, or `word`. What cannot be decoded is taken as it is or refused, and is no failure of the server.",
    zh: "表单发来的要先解码，先变成字节，再变成文本：`%E8%8C%B6+50%25` 是 `茶 50%`。要的是名字正好是 `text` 或 `word` 的那个字段。解不了码的，照收或者拒绝都行，但不能算服务器的错误。",
    see: "First the bytes, then the text",
};
const PARAMETER: Rule = Rule {
    name: "parameter",
    en: "The `*` of `/notes/*` stands for any one part of a path: `/notes/2` is the page of note 2.",
    zh: "`/notes/*` 里的 `*` 代表路径里的任意一段：`/notes/2` 就是第 2 条笔记的页面。",
    see: "Exercise",
};
const QUERY: Rule = Rule {
    name: "query",
    en: "A query is no part of the path: `/notes?word=tea` is the path `/notes`, and shows the notes with that word, and no others.",
    zh: "查询串不算路径：`/notes?word=tea` 的路径是 `/notes`，只显示含有这个词的笔记。",
    see: "Exercise",
};
const NOT_FOUND: Rule = Rule {
    name: "not-found",
    en: "What is not there is a 404: a path that the table does not have, letter by letter, with any method, and a note that nobody has written.",
    zh: "没有的东西响应 404：跟表里的对不上的路径（差一个字母也不行），不管用什么方法；还有谁也没写过的笔记。",
    see: "Exercise",
};
const ALLOW: Rule = Rule {
    name: "allow",
    en: "A path that the table has, but not with this method, is a 405, and the header `Allow` names the methods that it has. Where there is GET, there is HEAD.",
    zh: "表里有这个路径，却没有这个方法，就响应 405，并用头部字段 `Allow` 列出它有哪些方法。有 GET 就有 HEAD。",
    see: "Exercise",
};
const HEAD: Rule = Rule {
    name: "head",
    en: "HEAD is answered as GET is: the same status and the same head, and no body.",
    zh: "HEAD 和 GET 一样响应：状态码相同，头部相同，只是没有正文。",
    see: "Exercise",
};
const ESCAPED: Rule = Rule {
    name: "escaped",
    en: "What somebody has typed is text, and shows on the page as it was typed. Wherever it goes, none of it becomes a tag or an attribute: `<`, `>` and `&` are escaped, once, and in an attribute quotation marks as well.",
    zh: "别人输入的东西是文本，输入的是什么，页面上看到的就是什么。不管放进哪里，都不能变成标签或者属性：`<`、`>`、`&` 要转义，只转一次；放在属性里，引号也要转义。",
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
    en: "Many clients are served at once, a slow one holds up nobody, however long it pauses, several requests on one connection are answered in their order, and no note is lost.",
    zh: "很多客户端同时来都要服务到；慢的客户端不管停多久，都不能拖住别人；一条连接上有好几个请求，就按顺序一一响应；笔记一条也不能丢。",
    see: "A browser asks for more than you think",
};

/// The number of clients that add notes at the same time, and of notes of each.
const CROWD: usize = 8;
const NOTES: usize = 50;

fn judge(check: &Check) -> Verdict {
    let program = check.start(["0"])?;
    let port = program.port()?;
    let (server, site) = (Server::at(check, program, port), Site { check, port });
    let [tea, milk] = [random::word(), random::word()];
    pages(&site, &tea, &milk)?;
    drop(server.serves_many(
        &AT_ONCE,
        |_| get("GET", "/notes/1").into(),
        |mut client, _| {
            Reply::read(check, &mut client, "GET /notes/1", &AT_ONCE)?.is(200, &AT_ONCE)?;
            Ok(client)
        },
    )?);
    what_is_not_there(&site)?;
    heads(&site, &tea)?;
    check.kept(&HEAD);
    hostile(&site)?;
    undecodable(&site)?;
    check.kept(&DECODED);

    let pause = check.long_pause();
    let slow = post("slow 画!");
    let (first, rest) = slow.split_at(slow.len() - 7); // in the middle of the character
    let mut slow = check.connect("slow", port)?;
    slow.send(first);
    at_once(&site, &tea)?;
    server.expect_freed(1, &FREES)?;
    check.kept(&FREES);
    server.is_idle_while(|| slow.wait_out(&pause, &AT_ONCE))?;
    slow.send(rest);
    let added = Reply::read(check, &mut slow, "POST /notes", &AT_ONCE)?;
    added.is(303, &AT_ONCE)?;
    let page = site.ask("GET", added.location(), &AT_ONCE)?;
    page.shows(&["slow 画!"], &AT_ONCE)?;
    server.program.expect_running(&AT_ONCE)?;
    check.kept(&AT_ONCE);
    Ok(())
}

fn pages(site: &Site<'_>, tea: &str, milk: &str) -> Verdict {
    let check = site.check;
    check.promptly(&ROUTES, || site.ask("GET", "/", &ROUTES)?.is(200, &ROUTES))?;
    let empty = site.ask("GET", "/notes", &ROUTES)?;
    empty.is(200, &ROUTES)?;
    check.kept(&ROUTES);
    empty.is_html(&TYPE)?;
    site.ask("GET", "/", &TYPE)?.is_html(&TYPE)?;

    site.add(tea, "/notes/1", &ADDS)?;
    let second = format!("绿茶 50% + {milk}=1&2");
    site.add(&second, "/notes/2", &ADDS)?;
    let one = site.ask("GET", "/notes/1", &PARAMETER)?;
    one.is(200, &PARAMETER)?;
    one.shows(&[tea], &PARAMETER)?;
    one.is_html(&TYPE)?;
    check.kept(&TYPE);
    let two = site.ask("GET", "/notes/2", &PARAMETER)?;
    two.is(200, &PARAMETER)?;
    two.shows(&[&second], &DECODED)?;
    two.shows_not(tea, &PARAMETER)?;
    check.kept(&PARAMETER);
    // A browser may say in which encoding it sends, and a form may have other fields.
    let kind = format!("{FORM}; charset=UTF-8");
    site.send(&form(&kind, "subtext=no&text=three&context=no"), "/notes/3", &ADDS)?;
    site.ask("GET", "/notes/3", &DECODED)?.shows(&["three"], &DECODED)?;
    for target in ["/?from=mail", "/notes?word=/&from=/", "/notes/1?from=/home"] {
        site.ask("GET", target, &QUERY)?.is(200, &QUERY)?;
    }

    let all = site.ask("GET", "/notes?word=", &QUERY)?;
    all.is(200, &QUERY)?;
    all.shows(&[tea, &second], &QUERY)?;
    let target = format!("/notes?sword={tea}&word={}", encoded("茶 5"));
    let some = site.ask("GET", &target, &QUERY)?;
    some.is(200, &QUERY)?;
    some.shows(&[&second], &DECODED)?;
    some.shows_not(tea, &QUERY)?;
    let one = site.ask("GET", "/notes/1?from=home", &QUERY)?;
    one.is(200, &QUERY)?;
    one.shows(&[tea], &QUERY)?;
    check.kept(&QUERY);
    site.ask("GET", "/notes?word=%e8%8c%b6", &DECODED)?.shows(&[&second], &DECODED)?;
    Ok(())
}

/// There are three notes by now.
fn what_is_not_there(site: &Site<'_>) -> Verdict {
    let missing = [
        "GET /nothing",
        "GET /note",
        "GET /notesx",
        "GET /notes/",
        "GET /Notes",
        "GET //notes",
        "GET /notes/4",
        "GET /notes/0",
        "GET /notes/tea",
        "GET /notes/*",
        "GET /notes/1x",
        "GET /notes/1/2",
        "GET /notes/1/",
        "GET /notes/18446744073709551617",
        "GET /other/1",
        "DELETE /nothing",
        "PUT /notes/1/2",
        "POST /notesx",
    ];
    for request in missing {
        let (method, path) = request.split_once(' ').unwrap_or_default();
        site.ask(method, path, &NOT_FOUND)?.is(404, &NOT_FOUND)?;
    }
    site.check.kept(&NOT_FOUND);
    let known_otherwise = [
        ("PUT", "/notes", "GET, HEAD, POST"),
        ("DELETE", "/notes?word=tea", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/notes/1", "GET, HEAD"),
    ];
    for (method, path, allowed) in known_otherwise {
        let reply = site.ask(method, path, &ALLOW)?;
        reply.is(405, &ALLOW)?;
        if sorted(reply.header("Allow")) != sorted(allowed) {
            return Err(reply.lacks("Allow", allowed, &ALLOW));
        }
    }
    site.check.kept(&ALLOW);
    Ok(())
}

/// The methods of an `Allow`, of which the order does not count; a program may know OPTIONS as well.
fn sorted(methods: &str) -> Vec<&str> {
    let mut methods: Vec<&str> = methods.split(',').map(str::trim).collect();
    methods.retain(|method| *method != "OPTIONS");
    methods.sort_unstable();
    methods
}

fn heads(site: &Site<'_>, tea: &str) -> Verdict {
    for path in ["/", &format!("/notes?word={tea}"), "/notes/1", "/notes/9"] {
        let (get, head) = (site.ask("GET", path, &HEAD)?, site.ask("HEAD", path, &HEAD)?);
        head.is(get.status, &HEAD)?;
        // One behind the other: a body would stand in front of the second answer.
        let mut alone = site.check.connect("alone", site.port)?;
        alone.send(format!("HEAD {path} HTTP/1.1\r\nHost: me\r\n\r\n"));
        Reply::read(site.check, &mut alone, "HEAD it", &HEAD)?;
        alone.expect_no_bytes(std::time::Duration::from_millis(20), &HEAD)?;
        head.has_line("Content-Type", get.header("Content-Type"), &HEAD)?;
        // A length may be missing, as with an answer in chunks. If it is present, it must be right (RFC 9110 9.3.2).
        let lengths = [&get, &head].map(|reply| reply.header("Content-Length"));
        if lengths.iter().all(|length| !length.is_empty()) {
            head.has_line("Content-Length", lengths[0], &HEAD)?;
        }
    }
    Ok(())
}

/// The typed text contains a tag, and text that could become an attribute: with names that no page contains otherwise.
fn hostile(site: &Site<'_>) -> Verdict {
    let (tag, attribute, note) = (random::word(), random::word() + "x", random::word());
    let quotes = format!("\" {attribute}=\"1' {attribute}='1 {attribute}=1");
    let typed =
        format!("{note} <{tag}>alert(1)</{tag}> & &lt; &amp;amp; {quotes} --></script><{tag}>");
    site.add(&typed, "/notes/4", &ADDS)?;
    let part = format!("<{tag}>alert(1)</{tag}> & ");
    let search = |word: &str| format!("/notes?word={}", encoded(word));
    for target in ["/notes/4", "/notes", &search(&part), &search(&quotes)] {
        let page = site.ask("GET", target, &ESCAPED)?;
        page.is(200, &ESCAPED)?;
        page.has_no(&tag, &ESCAPED)?;
        page.has_no(&attribute, &ESCAPED)?;
        // A page of what was found lacks it if it was not found: that is another rule.
        let rule = if target.contains('?') { &AS_TYPED } else { &ESCAPED };
        page.shows(&[&typed], rule)?;
    }
    // A path is typed, too, and so is a word that no note has: in whatever page it may be told that there is no such thing.
    let typed = format!("<{tag}>\" {attribute}=\"1' {attribute}='1");
    let paths = [encoded(&typed), format!("<{tag}>")];
    let paths = paths.iter().flat_map(|path| [format!("/{path}"), format!("/notes/{path}")]);
    for target in paths.chain([search(&(random::word() + &typed))]) {
        for method in ["GET", "DELETE"] {
            let page = site.ask(method, &target, &ESCAPED)?;
            page.has_no(&tag, &ESCAPED)?;
            page.has_no(&attribute, &ESCAPED)?;
        }
    }
    let page = site.exchange("POST /notes", &form(FORM, &format!("no={typed}")), &ESCAPED)?;
    page.has_no(&tag, &ESCAPED)?;
    page.has_no(&attribute, &ESCAPED)?;
    // Neither a tag of the page nor an escape is a part of any note. The blanks at its edges are.
    site.add("  1 < 2  ", "/notes/5", &ADDS)?;
    site.ask("GET", "/notes?word=lt", &AS_TYPED)?.shows_not("1 < 2", &AS_TYPED)?;
    for part in ["1 <", "  1", "2  "] {
        site.ask("GET", &search(part), &AS_TYPED)?.shows(&["1 < 2"], &AS_TYPED)?;
    }
    site.ask("GET", &search("  1"), &AS_TYPED)?.shows_not(&note, &AS_TYPED)?;
    site.add("one\r\ntwo", "/notes/6", &AS_TYPED)?;
    site.add("one\r\ntwo", "/notes/7", &ADDS)?;
    site.ask("GET", "/notes/6", &AS_TYPED)?.shows(&["two"], &AS_TYPED)?;
    [ADDS, ESCAPED, AS_TYPED].iter().for_each(|rule| site.check.kept(rule));
    Ok(())
}

/// It may be refused or taken, but must be answered, and the program must continue.
fn undecodable(site: &Site<'_>) -> Verdict {
    for value in ["%", "%4", "%zz", "%+4", "%FF", "%E8%8C", "%茶"] {
        site.ask("GET", &format!("/notes?word={value}"), &DECODED)?.is_served(&DECODED)?;
        let note = form(FORM, &format!("text={value}"));
        site.exchange("POST /notes", &note, &DECODED)?.is_served(&DECODED)?;
    }
    site.ask("GET", "/notes", &DECODED)?.is(200, &DECODED)
}

fn at_once(site: &Site<'_>, tea: &str) -> Verdict {
    let text = |client, n| format!("fast {client}.{n}");
    let paths = Mutex::new(BTreeSet::new());
    site.check.at_once(CROWD, |n| {
        let mut client: Peer = site.check.connect(&format!("client {n}"), site.port)?;
        let gets = [get("HEAD", "/notes"), get("GET", "/nothing"), get("GET", "/notes/1")];
        client
            .send((0..NOTES).map(|note| post(&text(n, note))).collect::<String>() + &gets.concat());
        let mut next = |asked| Reply::read(site.check, &mut client, asked, &AT_ONCE);
        let added = (0..NOTES).map(|_| next("POST /notes")).collect::<Verdict<Vec<_>>>()?;
        next("HEAD /notes")?.is(200, &AT_ONCE)?;
        next("GET /nothing")?.is(404, &AT_ONCE)?;
        let one = next("GET /notes/1")?;
        one.is(200, &AT_ONCE)?;
        one.shows(&[tea], &AT_ONCE)?;
        for (note, added) in added.iter().enumerate() {
            added.is(303, &AT_ONCE)?;
            let path = added.location();
            if !lock(&paths).insert(path.to_string()) {
                let own = Observed::text("each note has a page of its own", "每条笔记各有各的页面");
                let same = Observed::text(format!("two have {path}"), format!("有两条都是 {path}"));
                return Err(site.check.failed(&AT_ONCE, own, same));
            }
            if note == 0 {
                site.ask("GET", path, &AT_ONCE)?.shows(&[&text(n, note)], &AT_ONCE)?;
            }
        }
        Ok(())
    })?;
    let texts = (0..CROWD).flat_map(|client| (0..NOTES).map(move |n| text(client, n)));
    let texts: Vec<String> = texts.collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    site.ask("GET", "/notes", &AT_ONCE)?.shows(&texts, &AT_ONCE)
}

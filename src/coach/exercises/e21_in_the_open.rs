//! 21: a notice board with eight holes, each shown by the client that needs it.

mod crowd;

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, random};

use super::common::{FREES, IDLE, Server};
use super::notice_board::{Site, other_addresses};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "21_in_the_open",
    en: "a notice board that can be left running",
    zh: "敢让它一直开着的留言板",
    rules: &[
        ANSWERS, ONLY_HERE, OWN_NAME, OWN_PAGE, AS_TEXT, LONG_HEAD, LARGE_NOTE, IN_TIME, HUNDRED,
        APART, FREES, IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "`POST /` puts its body on the board. It and `GET /` are answered at once with `HTTP/1.1 200 OK`, a Content-Length and a page with the newest 20 notes, behind which the server ends. A request may arrive in any number of pieces.",
    zh: "`POST /` 把正文贴到留言板上。它和 `GET /` 都马上得到 `HTTP/1.1 200 OK`、Content-Length，和一页最新的 20 条留言，然后服务器结束连接。请求分成多少块到都有可能。",
    see: "Exercise",
};
const ONLY_HERE: Rule = Rule {
    name: "only-here",
    en: "Only programs on this machine reach the server: at its other addresses, which other machines can reach, nobody listens.",
    zh: "只有本机的程序才连得上：本机还有别的地址，别的机器够得着，在那些地址上不能监听。",
    see: "Who can reach you",
};
const OWN_NAME: Rule = Rule {
    name: "own-name",
    en: "The `Host` of a request must be `127.0.0.1` or `localhost`, with the server's port behind it. One with another name or port, or without a name, is refused with a 4xx, and changes nothing.",
    zh: "请求的 `Host` 必须是 `127.0.0.1` 或者 `localhost`，后面是服务器的端口。名字或端口不对的，没有 `Host` 的，用 4xx 拒绝，什么也不改变。",
    see: "\"My own machine is safe from the web\"",
};
const OWN_PAGE: Rule = Rule {
    name: "own-page",
    en: "The `Origin` of a `POST`, if it has one, must be `http://` with one of these two names and the port. A `POST` from the page of another site is refused with a 4xx, and changes nothing. Programs that are no browser send no `Origin`, and are served.",
    zh: "`POST` 要是带着 `Origin`，就必须是 `http://` 加上这两个名字之一和端口。别的网站的网页发来的 `POST`，用 4xx 拒绝，什么也不改变。不是浏览器的程序不发 `Origin`，照常服务。",
    see: "\"My own machine is safe from the web\"",
};
const AS_TEXT: Rule = Rule {
    name: "as-text",
    en: "A note is shown as the text that it is, every character of it: what looks like HTML in it is none to a browser.",
    zh: "留言是什么文本，就显示成什么文本，一个字符也不差：里面看着像 HTML 的，浏览器不能当成 HTML。",
    see: "Exercise",
};
const LONG_HEAD: Rule = Rule {
    name: "long-head",
    en: "A head has 8 KiB at most. A longer one is refused with a 4xx, at once, whether its end has arrived or not.",
    zh: "头部最长 8 KiB。更长的马上用 4xx 拒绝，不管它的结尾到了没有。",
    see: "Who can exhaust you",
};
const LARGE_NOTE: Rule = Rule {
    name: "large-note",
    en: "A note has 16 KiB at most. A larger one is refused with a 4xx as soon as its head is there: nobody waits for such a body.",
    zh: "留言最大 16 KiB。更大的，头部一到就用 4xx 拒绝，不去等这样的正文。",
    see: "Who can exhaust you",
};
const IN_TIME: Rule = Rule {
    name: "three-seconds",
    en: "Three seconds after a client has connected, its connection is over: also when it says nothing, sends a byte now and then, or stays after its answer. Until then it may take its time.",
    zh: "客户端连上满三秒，它的连接就到此为止：一言不发的、隔一会儿发一个字节的、收到响应还不走的，都一样。三秒之内，不能催它。",
    see: "Who can exhaust you",
};
const HUNDRED: Rule = Rule {
    name: "hundred",
    en: "100 clients may be connected at the same time, and are served. The next ones are disconnected at once. When some have left, others are let in.",
    zh: "最多 100 个客户端同时连着，都要服务到。再来的马上断开。有人走了，别人又能进来。",
    see: "Who can exhaust you",
};
const APART: Rule = Rule {
    name: "apart",
    en: "The server stays up, and serves the others meanwhile, whoever stops in the middle of a request, leaves, or is reset.",
    zh: "有的客户端请求发到一半停下、走掉，或者被重置，服务器都照常运行，同时为别的客户端服务。",
    see: "Exercise",
};

/// The two limits. A head and a note of these sizes are served, those of twice the size are not.
const HEAD_LIMIT: usize = 8 << 10;
const NOTE_LIMIT: usize = 16 << 10;
/// When a connection must be over: its three seconds, and the delay that a busy machine may cause.
const AT_LATEST: Duration = Duration::from_millis(4500);
/// Until then it may take its time: a little less, as the check may have been held up.
const NOT_BEFORE: Duration = Duration::from_millis(2800);
const DRIP_EVERY: Duration = Duration::from_millis(100);

fn judge(check: &Check) -> Verdict {
    let program = check.start(["0"])?;
    let port = program.port()?;
    let site = &Site {
        check,
        server: Server::at(check, program, port),
        port,
        answers: &ANSWERS,
        as_text: &AS_TEXT,
    };
    let word = random::word();
    check.promptly(&ANSWERS, || {
        site.posts(&word, &ANSWERS)?;
        site.expect_note(&word, true, &ANSWERS)
    })?;
    check.promptly(&APART, || {
        let mut half = site.connect("half")?;
        half.send("GET / HT");
        site.board(&APART).map(drop)
    })?;
    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        let slow = scope.spawn(|| site.slow_clients(stop));
        let others = site.strangers();
        let others = others.and_then(|()| site.server.or_ended(site.stops_and_leaves(), &APART));
        stop.store(others.is_err(), Ordering::Relaxed);
        // A panic is a bug in the check, and is shown as one.
        let slow = slow.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        others.and(slow)
    })?;
    check.kept(&IN_TIME);
    site.crowd()?;
    check.kept(&HUNDRED);
    site.server.program.expect_running(&APART)?;
    check.kept(&APART);
    Ok(())
}

impl Site<'_> {
    /// Other addresses, names and sites, and more than a server has room for.
    fn strangers(&self) -> Verdict {
        self.only_here()?;
        self.check.kept(&ONLY_HERE);
        self.names()?;
        self.check.kept(&OWN_NAME);
        self.origins()?;
        self.check.kept(&OWN_PAGE);
        for note in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "1 + 1 = 2, and 100%41",
            "1 < 2 && &lt;b&gt;",
            "\"你好\" <b>'x'</b>",
        ] {
            self.posts(note, &AS_TEXT)?;
            self.expect_note(note, true, &AS_TEXT)?;
        }
        self.check.kept(&AS_TEXT);
        self.sizes()
    }

    /// Listens at none of this machine's addresses but its own.
    fn only_here(&self) -> Verdict {
        for address in other_addresses() {
            let to = SocketAddr::new(address, self.port);
            if TcpStream::connect_timeout(&to, Duration::from_secs(1)).is_ok() {
                let refused =
                    Observed::text(format!("nobody listens at {to}"), format!("{to} 上没有监听"));
                let connected = Observed::text("a connection", "连接成功");
                return Err(self.check.failed(&ONLY_HERE, refused, connected));
            }
        }
        Ok(())
    }

    fn names(&self) -> Verdict {
        let (own, port, word) = (self.own_name(), self.port, random::word());
        let foreign = [
            format!("evil.example:{port}"),
            "evil.example".into(),
            format!("localhost.evil.example:{port}"),
            format!("{own}.evil.example"),
            format!("{own}0"),
            format!("evil.example/{own}"),
            format!("127.0.0.1:{}", port ^ 1),
            format!("0.0.0.0:{port}"),
            "127.0.0.1".into(),
            "localhost".into(),
            format!("localhost:{}", port ^ 1),
            String::new(),
            // It says more about itself, and only the Host counts.
            format!("evil.example:{port}\r\nX-Host: {own}\r\nReferer: http://{own}/"),
        ];
        for host in &foreign {
            self.refused("another name", &self.get(host), &OWN_NAME)?;
        }
        self.refused("another name", &self.post(&foreign[0], "", &word), &OWN_NAME)?;
        self.refused("no name", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", &OWN_NAME)?;
        self.expect_note(&word, false, &OWN_NAME)?;
        let mut localhost = self.connect("localhost")?;
        localhost.send(self.get(&format!("localhost:{port}")));
        self.shown(&mut localhost, &OWN_NAME).map(drop)
    }

    fn origins(&self) -> Verdict {
        let (own, port) = (self.own_name(), self.port);
        let bad = random::word();
        for origin in [
            "http://evil.example",
            "https://evil.example",
            &format!("http://evil.example:{port}"),
            &format!("http://{own}.evil.example"),
            &format!("http://localhost.evil.example:{port}"),
            &format!("http://{own}0"),
            &format!("http://127.0.0.1:{}", port ^ 1),
            &format!("https://{own}"),
            "null",
        ] {
            for name in ["Origin", "origin"] {
                let sent = self.post(&own, &format!("{name}: {origin}\r\n"), &bad);
                self.refused("another site", &sent, &OWN_PAGE)?;
            }
        }
        self.expect_note(&bad, false, &OWN_PAGE)?;
        for name in [own.clone(), format!("localhost:{port}")] {
            let (mut client, note) = (self.connect("own page")?, random::word());
            client.send(self.post(&name, &format!("origin: http://{name}\r\n"), &note));
            self.shown(&mut client, &OWN_PAGE)?;
            self.expect_note(&note, true, &OWN_PAGE)?;
        }
        Ok(())
    }

    fn sizes(&self) -> Verdict {
        let own = self.own_name();
        let head = |size: usize| {
            let start = format!("GET / HTTP/1.1\r\nHost: {own}\r\nX: ");
            let filling = "x".repeat(size - start.len());
            start + &filling
        };
        let mut long = self.connect("long head")?;
        long.send(head(HEAD_LIMIT - 100) + "\r\n\r\n");
        self.shown(&mut long, &LONG_HEAD)?;
        for end in ["", "\r\n\r\n"] {
            self.check.promptly(&LONG_HEAD, || {
                self.refused("too long", &(head(2 * HEAD_LIMIT) + end), &LONG_HEAD)
            })?;
        }
        self.check.kept(&LONG_HEAD);

        let word = random::word();
        let note = "n".repeat(NOTE_LIMIT - word.len()) + &word;
        self.posts(&note, &LARGE_NOTE)?;
        self.expect_note(&word, true, &LARGE_NOTE)?;
        for (length, body) in [
            ("16385", ""),
            ("4294967300", ""),
            ("1000000000000", ""),
            ("18446744073709551620", ""),
            ("100000", "begins"),
        ] {
            let head =
                format!("POST / HTTP/1.1\r\nHost: {own}\r\nContent-Length: {length}\r\n\r\n");
            self.check.promptly(&LARGE_NOTE, || {
                self.refused("too large", &(head.clone() + body), &LARGE_NOTE)
            })?;
        }
        self.check.kept(&LARGE_NOTE);
        Ok(())
    }

    /// The other clients must be served beside the slow ones.
    fn stops_and_leaves(&self) -> Verdict {
        let sent = self.post(&self.own_name(), "", "half a note, and the other half");
        let mut half = self.connect("half")?;
        half.send(&sent[..sent.len() - 10]);
        for part in ["", "POST / HT", &sent[..sent.len() - 3]] {
            let mut leaves = self.connect("leaves")?;
            leaves.send(part);
            drop(leaves);
        }
        let mut resets = self.connect("resets")?;
        resets.send(self.get(&self.own_name()));
        resets.reset();
        let after = self.server.or_ended(self.board(&APART), &APART)?;
        if after.contains("half a note") {
            let expected = Observed::text("no half of a note", "没有半条留言");
            return Err(self.check.failed(&ANSWERS, expected, Observed::bytes(after)));
        }
        half.send(&sent[sent.len() - 10..]);
        self.shown(&mut half, &ANSWERS)?;
        let (mut pieces, note) = (self.connect("pieces")?, random::chinese(3));
        // In a quarter of a second: byte by byte it would take a whole one, and of three that is much.
        pieces.send_pieces(self.post(&self.own_name(), "", &note).as_bytes().chunks(5));
        self.shown(&mut pieces, &ANSWERS)?;
        self.expect_note(&note, true, &ANSWERS)?;
        for n in 0..20 {
            self.posts(&format!("number {n}."), &ANSWERS)?;
        }
        self.expect_note("number 0.", true, &ANSWERS)?;
        self.expect_note(&note, false, &ANSWERS)?;
        self.check.kept(&ANSWERS);

        let (pause, mut patient) = (self.check.long_pause(), self.connect("patient")?);
        patient.send("GET / HTTP/1.1\r\nHo");
        self.server.is_idle_while(|| patient.wait_out(&pause, &IN_TIME))?;
        patient.send(format!("st: {}\r\n\r\n", self.own_name()));
        self.shown(&mut patient, &IN_TIME).map(drop)
    }

    /// Says nothing; has its answer and stays; sends a byte now and then: all are over in time.
    fn slow_clients(&self, stop: &AtomicBool) -> Verdict {
        let begin = Instant::now();
        let mut silent = self.connect("silent")?;
        let mut stays = self.connect("stays")?;
        stays.send(self.get(&self.own_name()));
        let mut drips = self.connect("drips")?;
        drips.send("GET / HTTP/1.1\r\nX: ");
        while begin.elapsed() < AT_LATEST && !drips.has_ended() {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep(DRIP_EVERY);
            drips.send("x");
            if begin.elapsed() < NOT_BEFORE && silent.has_ended() {
                let later = Observed::text("an end after three seconds", "三秒之后才结束");
                let time = Observed::text("an earlier one", "提前结束了");
                return Err(self.check.failed(&IN_TIME, later, time));
            }
        }
        // The last one has received the server's FIN with its answer: its connection has ended once it can no longer
        // send.
        for client in [&mut drips, &mut silent, &mut stays] {
            client.expect_end(&IN_TIME)?;
            let took = begin.elapsed();
            if took > AT_LATEST {
                let in_time = Observed::text("its end after 3s", "3 秒以后结束");
                let took = Duration::from_millis(took.as_millis() as u64);
                let late = Observed::text(format!("after {took:?}"), format!("{took:?} 以后"));
                return Err(self.check.failed(&IN_TIME, in_time, late));
            }
        }
        self.over(&mut stays)
    }

    /// Sends on a connection that has ended: the answer must be a reset, after which nothing can be sent.
    fn over(&self, client: &mut Peer) -> Verdict {
        let deadline = Instant::now() + Duration::from_secs(1);
        while client.expect_all_taken(&IN_TIME).is_ok() {
            if Instant::now() > deadline {
                let over = Observed::text("the connection is over", "连接已经没有了");
                let open = Observed::text(
                    "the server still reads what a client sends after its answer",
                    "客户端收到响应以后再发什么，服务器还在读",
                );
                return Err(self.check.failed(&IN_TIME, over, open));
            }
            thread::sleep(Duration::from_millis(50));
            client.send("still here");
        }
        Ok(())
    }
}

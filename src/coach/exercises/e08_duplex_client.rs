//! 08: a client that counts what the server sends while it sends what is typed. The trap: to do one after the other.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use net_notes::check::{Check, Host, Observed, Peer, Program, Rule, Verdict, byte_by_byte, random};

use super::common::IDLE;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "08_duplex_client",
    en: "a client that counts Chinese characters while you type",
    zh: "一边收、一边发，还会数汉字的客户端",
    rules: &[CONNECTS, COUNTS, CHARACTERS, ANY, SENDS, HALF_CLOSE, BOTH, HOST, PORT, BROKEN, IDLE],
    needs_unix_sockets: false,
    judge,
};

const CONNECTS: Rule = Rule {
    name: "connects",
    en: "The client takes a host and a port, and connects to them at once.",
    zh: "给了主机和端口，客户端就马上去连接。",
    see: "In Rust",
};
const COUNTS: Rule = Rule {
    name: "counts",
    en: "What the server sends is counted at once, also before anything is typed: after each of its lines the client prints how many Chinese characters it has sent by now: `so far: 2`.",
    zh: "服务器发来的，一到就数，不管有没有输入过东西。服务器每发完一行，客户端就打印到现在一共有几个汉字：`so far: 2`。",
    see: "On the wire",
};
const CHARACTERS: Rule = Rule {
    name: "cut-characters",
    en: "A character that arrives in two pieces is one character, wherever it is cut, and however long the server pauses there.",
    zh: "一个汉字分两块到，也是一个汉字，不管切在哪里，也不管服务器在那里停多久。",
    see: "Run it",
};
const ANY: Rule = Rule {
    name: "any-byte",
    en: "Bytes that are no text count nothing, and cost no character beside them.",
    zh: "不是文本的字节不算数，也不能让旁边的汉字少数了。",
    see: "Exercise",
};
const SENDS: Rule = Rule {
    name: "sends",
    en: "Each line that is typed is sent at once and as it is, also when the server has said nothing. A last line without an end is sent at the end of the input.",
    zh: "每输入一行，就马上原样发出去，不管服务器说没说话。最后一行要是没有换行，输入结束时也要发。",
    see: "On the wire",
};
const HALF_CLOSE: Rule = Rule {
    name: "goes-on-reading",
    en: "At the end of its input the client ends its direction (FIN) and continues counting. When the server has ended as well, it prints `in all: 9`, and ends with exit status 0.",
    zh: "输入结束，客户端关闭写方向（发 FIN），接着数。等服务器也结束了，它打印 `in all: 9`，以退出状态 0 结束。",
    see: "On the wire",
};
const HOST: Rule = Rule {
    name: "bare-host",
    en: "With `http://` in front of the host, the client does not guess: a message on standard error, and exit status 1.",
    zh: "主机前面带了 `http://`，客户端不要猜：在标准错误上说明，退出状态为 1。",
    see: "Run it",
};
const PORT: Rule = Rule {
    name: "no-default-port",
    en: "Without a port, the client does not guess: a message on standard error, and exit status 1.",
    zh: "没给端口，客户端不要猜：在标准错误上说明，退出状态为 1。",
    see: "Run it",
};
const BROKEN: Rule = Rule {
    name: "broken",
    en: "If there is no server, or the connection is reset, that is no end: a message on standard error, and exit status 1.",
    zh: "没有服务器，或者连接被重置，都不算结束：在标准错误上说明，退出状态为 1。",
    see: "Exercise",
};
const BOTH: Rule = Rule {
    name: "both-at-once",
    en: "Neither direction waits for the other: while the server sends without end and reads nothing, what is typed meanwhile is not lost, and all that is sent is counted.",
    zh: "两个方向互不等待：服务器只顾着发、一点也不读的时候，输入的东西不会丢，发来的也都要数到。",
    see: "Two that both talk first",
};

/// The ports that a program may take for the ones that were meant.
const GUESSES: [u16; 6] = [80, 443, 3000, 5000, 8080, 10086];
/// More than the kernels hold between two ends that do not read.
const FLOOD: usize = 8 << 20;
/// A client that has not read the typed text after this time may be stuck.
const STUCK: Duration = Duration::from_millis(500);

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let mut visit = Visit::new(check, "server", &host)?;
    check.promptly(&COUNTS, || {
        let text = random::chinese(random::number(1..5));
        visit.server.send(format!("{text}\n"));
        visit.counts(text.chars().count(), &COUNTS)
    })?;
    visit.server.send("Hello, 世界! 再见。\n");
    visit.counts(4, &COUNTS)?;
    visit.server.send("一\n\n二\r\n");
    for more in [1, 0, 1] {
        visit.counts(more, &COUNTS)?;
    }
    check.kept(&COUNTS);
    // The half arrives together with a whole line. When that is counted, the half was read, and its rest is another read.
    let two = "二三\n".as_bytes();
    visit.server.send(["一\n".as_bytes(), &two[..4]].concat());
    visit.counts(1, &COUNTS)?;
    visit.server.send(&two[4..]);
    visit.counts(2, &CHARACTERS)?;
    visit.server.send_pieces(byte_by_byte("四五\u{1f600}六七\n".as_bytes()));
    visit.counts(4, &CHARACTERS)?;
    visit.server.send(b"\xe4\xbd\xa0\xff\xe5\xa5\xbd\xe4\xbd\n\x80\xe5\xa5\xbd\n");
    visit.counts(2, &ANY)?;
    visit.counts(1, &ANY)?;
    check.kept(&ANY);

    let (pause, mut pauses) = (check.long_pause(), Visit::new(check, "pauses", &host)?);
    pauses.server.send(&two[..4]);
    typing(&mut visit)?;
    check.kept(&SENDS);
    visit.server.send("还在吗\n");
    visit.counts(3, &HALF_CLOSE)?;
    visit.server.send("再见"); // and no line end
    visit.ends(2, &HALF_CLOSE)?;
    let silent = Visit::named(check, "silent", "localhost", &host)?;
    check.kept(&CONNECTS);
    silent.program.close_stdin();

    let port = host.port().to_string();
    check.start(["http://127.0.0.1", &port])?.expect_error(&HOST)?;
    check.kept(&HOST);
    no_port(check)?;
    check.kept(&PORT);
    let nobody = check.free_port()?.to_string();
    let refused = check.start(["127.0.0.1", &nobody])?;
    refused.close_stdin(); // it may wait for its input to end
    refused.expect_error(&BROKEN)?;
    let breaks = Visit::new(check, "breaks", &host)?;
    breaks.program.type_in("nobody will read this\n");
    breaks.server.reset();
    breaks.program.close_stdin();
    breaks.program.expect_error(&BROKEN)?;
    check.kept(&BROKEN);
    // Its input has ended long before, and it waits for the server.
    silent.program.watch().expect_idle(&IDLE)?;
    silent.ends(0, &HALF_CLOSE)?;
    check.kept(&HALF_CLOSE);
    both_at_once(check, &host)?;
    check.kept(&BOTH);

    let watch = pauses.program.watch();
    pauses.server.wait_out(&pause, &CHARACTERS)?;
    watch.expect_idle(&IDLE)?;
    check.kept(&IDLE);
    pauses.server.send(&two[4..]);
    pauses.counts(2, &CHARACTERS)?;
    check.kept(&CHARACTERS);
    pauses.program.type_in("are you there?\n");
    pauses.server.expect_exactly("are you there?\n", &SENDS)
}

/// Listens on all ports that a program could guess.
fn no_port(check: &Check) -> Verdict {
    let guessed = check.listen_on(&GUESSES);
    let client = check.start([guessed.first().map_or("127.0.0.1".to_string(), Host::ip)])?;
    let ended = client.expect_error(&PORT);
    let Some(host) = guessed.iter().find(|host| host.is_visited()) else { return ended };
    let port = host.port();
    let guess = Observed::text(
        format!("the program connects to port {port}"),
        format!("程序去连接端口 {port}"),
    );
    let none = Observed::text("no connection", "不连接任何端口");
    Err(client.failure(&PORT, none, guess))
}

/// The typed text must reach the server. At the end the input ends.
fn typing(visit: &mut Visit) -> Verdict {
    let word = random::word();
    for line in [&*format!("{word}\n"), "你好吗\n", "\n", "  two  blanks \n", "Two\nlines\n"] {
        visit.program.type_in(line);
        visit.server.expect_exactly(line, &SENDS)?;
    }
    visit.program.type_in("no line end");
    visit.program.close_stdin();
    visit.server.expect_exactly("no line end", &SENDS)?;
    let last = visit.server.read_to_fin(&HALF_CLOSE)?;
    match last.is_empty() || last == b"\n" {
        true => Ok(()),
        false => Err(visit.program.failure(&SENDS, Observed::Fin, Observed::Bytes(last))),
    }
}

/// A client, and the connection to it.
struct Visit {
    program: Program,
    server: Peer,
    /// The number of characters that were sent to it.
    count: usize,
}

impl Visit {
    fn new(check: &Check, name: &str, host: &Host) -> Verdict<Visit> {
        Visit::named(check, name, "127.0.0.1", host)
    }

    /// The same, and this is how the client is told the host.
    fn named(check: &Check, name: &str, named: &str, host: &Host) -> Verdict<Visit> {
        let program = check.start([named, &host.port().to_string()])?;
        let server = host.accept(name, &CONNECTS)?;
        Ok(Visit { program, server, count: 0 })
    }

    /// Records that a line with this number of characters was sent.
    fn counts(&mut self, more: usize, rule: &Rule) -> Verdict {
        self.count += more;
        self.program.expect_line("so far", &format!("so far: {}", self.count), rule)
    }

    /// Ends the server's direction: the program must print the number of characters, and end.
    fn ends(mut self, more: usize, rule: &Rule) -> Verdict {
        self.server.half_close();
        self.program.expect_line("in all", &format!("in all: {}", self.count + more), rule)?;
        self.program.expect_exit(0, rule).map(drop)
    }
}

/// The server writes and does not read, and text is typed without a pause. A client that waits in one direction until there
/// is room in the other one waits for ever.
fn both_at_once(check: &Check, host: &Host) -> Verdict {
    let mut visit = Visit::new(check, "both", host)?;
    // In lines: a client may hold a line until its end has come, and look for that from its beginning.
    let line = "海".repeat(1000) + "\n";
    let flood = line.repeat(FLOOD / line.len());
    let count = FLOOD / line.len() * 1000;
    let typed = ("0123456789".repeat(100) + "\n").repeat(FLOOD / 1001);
    let done = thread::scope(|scope| {
        let (typed_it, is_typed) = channel();
        let (program, typed) = (&visit.program, &typed);
        scope.spawn(move || {
            program.type_in(typed);
            let _ = typed_it.send(());
        });
        // Until the client has taken all of it, or is stuck with it: it may be, as the server does not read yet. But it must
        // continue counting.
        let _ = is_typed.recv_timeout(STUCK);
        visit.server.send(&flood);
        let done = program
            .line_where(
                |line| line.trim_end() == format!("so far: {count}"),
                Observed::text(format!("so far: {count}"), format!("so far: {count}")),
                &BOTH,
            )
            .and_then(|_| visit.server.take(typed.len(), &BOTH));
        if done.is_err() {
            program.kill(); // or the typing would not come to an end
        }
        done
    })?;
    if done != typed.as_bytes() {
        let [typed, done] = [typed.into_bytes(), done].map(Observed::Bytes);
        return Err(visit.program.failure(&BOTH, typed, done));
    }
    visit.program.close_stdin();
    visit.server.expect_until_fin("", &BOTH)?;
    visit.ends(count, &BOTH)
}

//! 08: a client that counts what comes while it sends what is typed. The trap: to do one after the other.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::check::{Check, Host, Observed, Peer, Program, Rule, Verdict, byte_by_byte};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "08_duplex_client",
    en: "a client that counts Chinese characters while you type",
    zh: "一边收、一边发，还会数汉字的客户端",
    rules: &[CONNECTS, COUNTS, CHARACTERS, SENDS, HALF_CLOSE, HOST, PORT, BOTH],
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
    en: "What the server sends is counted when it comes, also before anything is typed: after each of its lines the client prints how many Chinese characters have come by now: `so far: 2`.",
    zh: "服务器发来的，一到就数，不管有没有输入过东西。服务器每发完一行，客户端就打印到现在一共有几个汉字：`so far: 2`。",
    see: "On the wire",
};
const CHARACTERS: Rule = Rule {
    name: "cut-characters",
    en: "A character that comes in two pieces is one character, wherever it is cut.",
    zh: "一个汉字分两块到，也是一个汉字，不管切在哪里。",
    see: "Run it",
};
const SENDS: Rule = Rule {
    name: "sends",
    en: "Each line that is typed is sent at once, also when the server has said nothing.",
    zh: "每输入一行，就马上发出去，不管服务器说没说话。",
    see: "On the wire",
};
const HALF_CLOSE: Rule = Rule {
    name: "goes-on-reading",
    en: "At the end of its input the client ends its direction (FIN) and goes on counting. When the server has ended as well, it prints `in all: 9`, and ends with exit status 0.",
    zh: "输入到头，客户端结束自己的方向（FIN），接着数。等服务器也结束了，它打印 `in all: 9`，以退出状态 0 结束。",
    see: "On the wire",
};
const HOST: Rule = Rule {
    name: "bare-host",
    en: "With `http://` in front of the host, the client does not guess: a message about the host on standard error, and exit status 1.",
    zh: "主机前面带了 `http://`，客户端不要猜：在标准错误上说明主机（host）该怎么写，退出状态为 1。",
    see: "Run it",
};
const PORT: Rule = Rule {
    name: "no-default-port",
    en: "Without a port, the client does not guess: a message about the port on standard error, and exit status 1.",
    zh: "没给端口，客户端不要猜：在标准错误上说明缺了端口（port），退出状态为 1。",
    see: "Run it",
};
const BOTH: Rule = Rule {
    name: "both-at-once",
    en: "Neither direction waits for the other: while the server sends without end and reads nothing, what is typed meanwhile is not lost, and all that comes is counted.",
    zh: "两个方向互不等待：服务器只顾着发、一点也不读的时候，输入的东西不会丢，发来的也都要数到。",
    see: "Two that both talk first",
};

/// More than the kernels hold between two ends that do not read.
const FLOOD: usize = 8 << 20;
/// Who has not taken what is typed after so long may be stuck.
const STUCK: Duration = Duration::from_millis(500);

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let (program, mut server) = connected(check, &host)?;
    let so_far = |count: usize, rule: &Rule| {
        program.expect_line("so far", &format!("so far: {count}"), rule)
    };

    server.send("你好\n");
    so_far(2, &COUNTS)?;
    server.send("Hello, 世界! 再见。\n");
    so_far(6, &COUNTS)?;
    // The half comes together with a whole line. So when that is counted, the half was read, and its rest is another read.
    let two = "二三\n".as_bytes();
    server.send(["一\n".as_bytes(), &two[..4]].concat());
    so_far(7, &COUNTS)?;
    server.send(&two[4..]);
    so_far(9, &CHARACTERS)?;
    server.send_pieces(byte_by_byte("四五六七\n".as_bytes()));
    so_far(13, &CHARACTERS)?;

    for line in ["hello\n", "你好吗\n", "two\nlines\n"] {
        program.type_in(line);
        server.expect_exactly(line, &SENDS)?;
    }

    program.close_stdin();
    server.expect_until_fin("", &HALF_CLOSE)?;
    server.send("还在吗\n");
    so_far(16, &HALF_CLOSE)?;
    server.send("再见"); // and no line end
    ends(&program, server, 18, &HALF_CLOSE)?;

    let port = host.port().to_string();
    check.start(["http://127.0.0.1", &port])?.expect_error(&HOST)?;
    check.start(["127.0.0.1"])?.expect_error(&PORT)?;
    both_at_once(check, &host)
}

fn connected(check: &Check, host: &Host) -> Verdict<(Program, Peer)> {
    let program = check.start(["127.0.0.1", &host.port().to_string()])?;
    let server = host.accept("server", &CONNECTS)?;
    Ok((program, server))
}

/// The server ends: then the program says how many there were, and ends, too.
fn ends(program: &Program, mut server: Peer, count: usize, rule: &Rule) -> Verdict {
    server.half_close();
    program.expect_line("in all", &format!("in all: {count}"), rule)?;
    program.expect_exit(0, rule).map(drop)
}

/// The server writes and does not read, and somebody types without a pause. Whoever waits in one direction until there is
/// room in the other waits for ever.
fn both_at_once(check: &Check, host: &Host) -> Verdict {
    let (program, mut server) = connected(check, host)?;
    let flood = "海".repeat(FLOOD / 3) + "\n";
    let typed = ("0123456789".repeat(100) + "\n").repeat(FLOOD / 1001);
    let done = thread::scope(|scope| {
        let (typed_it, is_typed) = channel();
        let (program, typed) = (&program, &typed);
        scope.spawn(move || {
            program.type_in(typed);
            let _ = typed_it.send(());
        });
        // Until the client has taken all of it, or is stuck with it: it may be, as the server does not read yet. But it has to
        // go on counting.
        let _ = is_typed.recv_timeout(STUCK);
        server.send(&flood);
        let done = program
            .expect_line("so far", &format!("so far: {}", FLOOD / 3), &BOTH)
            .and_then(|()| server.take(typed.len(), &BOTH));
        if done.is_err() {
            program.kill(); // or the typing would not come to an end
        }
        done
    })?;
    if done != typed.as_bytes() {
        return Err(check.failed(&BOTH, Observed::bytes(typed), Observed::bytes(done)));
    }
    program.close_stdin();
    server.expect_until_fin("", &BOTH)?;
    ends(&program, server, FLOOD / 3, &BOTH)
}

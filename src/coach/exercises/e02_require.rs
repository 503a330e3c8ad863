//! 02: the smallest server. It sends one line to each client, and ends the connection.

use net_notes::check::{Check, Observed, Peer, Rule, Verdict};

use super::common::{FREES, IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "02_require",
    en: "your first server, which says one line to everybody",
    zh: "你的第一个服务器：对每个人说一句话",
    rules: &[TAKES_PORT, REAL_PORT, SAYS, ENDS, EVERY, FREES, IDLE, STAYS],
    needs_unix_sockets: false,
    judge,
};

const TAKES_PORT: Rule = Rule {
    name: "takes-port",
    en: "The server listens on the port that it is given on the command line, and prints a line with `port` and its number.",
    zh: "命令行给了哪个端口，服务器就监听哪个端口，并打印一行，里面有 `port` 和端口号。",
    see: "Run it",
};
const REAL_PORT: Rule = Rule {
    name: "real-port",
    en: "Port 0 means: any port that is free. Then the server prints the number of the one that it got.",
    zh: "端口 0 的意思是：随便哪个空闲端口。这时服务器要打印自己真正拿到的端口号。",
    see: "Reflect",
};
const SAYS: Rule = Rule {
    name: "says-a-line",
    en: "Whoever connects gets one line: some text and a line end. Nobody has to ask for it.",
    zh: "谁连上来，就给谁一行：一句话，再加一个换行。不等对方开口要。",
    see: "In Rust",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "After this one line the server ends the connection at once, so that the client knows that it has got everything.",
    zh: "说完这一行，服务器马上结束连接，好让客户端知道自己收全了。",
    see: "On the wire",
};
const EVERY: Rule = Rule {
    name: "every-client",
    en: "Every client gets a line at once, however many there are, and also while others are still connected.",
    zh: "不管来了多少客户端，也不管别的客户端走没走，每个都马上得到一行。",
    see: "In Rust",
};
const STAYS: Rule = Rule {
    name: "stays",
    en: "A client may leave before it has read its line, and its connection may break. The server stays up for the others.",
    zh: "客户端可能还没读完就走，连接也可能断掉。服务器要继续为别人服务。",
    see: "In Rust",
};

fn judge(check: &Check) -> Verdict {
    let wanted = check.free_port()?;
    let server = check.start([wanted.to_string()])?;
    let given = server.port()?;
    if given != wanted {
        let [wanted, given] = [wanted, given].map(|port| Observed::bytes(format!("port {port}")));
        return Err(check.failed(&TAKES_PORT, wanted, given));
    }
    check.promptly(&ENDS, || {
        let first = check.connect_by("first", wanted, &TAKES_PORT);
        let said = first.and_then(|mut first| says(check, &mut first, &SAYS, &ENDS));
        // A program that forgets to run its server is over by now.
        said.or_else(|failure| server.expect_up().and(Err(failure)))
    })?;
    [TAKES_PORT, SAYS].iter().for_each(|rule| check.kept(rule));
    server.kill();

    let program = check.start(["0"])?;
    let port = program.port()?;
    let server = Server::at(check, program, port);
    if port == 0 {
        let number = Observed::text("the number of a port, 1 to 65535", "一个端口号，1 到 65535");
        return Err(check.failed(&REAL_PORT, number, Observed::bytes("0")));
    }
    // It has received its line, and stays: it has not even ended its direction.
    let mut stays = check.connect_by("stays", port, &REAL_PORT)?;
    says(check, &mut stays, &EVERY, &EVERY)?;
    check.kept(&REAL_PORT);
    let visit = |name: &str, rule: &Rule| -> Verdict {
        says(check, &mut check.connect_by(name, port, rule)?, rule, rule)
    };
    visit("second", &EVERY)?;
    let mut ends_at_once = check.connect_by("ends at once", port, &EVERY)?;
    ends_at_once.half_close();
    says(check, &mut ends_at_once, &EVERY, &EVERY)?;
    drop(server.serves_many(
        &EVERY,
        |_| Vec::new(),
        |mut client, _| says(check, &mut client, &EVERY, &EVERY).map(|()| client),
    )?);
    // Before any client leaves: a server that cannot serve so many was not stopped by a client that left.
    check.at_once(20, |n| visit(&format!("client {n}"), &EVERY))?;
    check.kept(&EVERY);
    // Some after each other: one alone may be late by less than one would notice.
    check.promptly(&ENDS, || (0..4).try_for_each(|_| visit("again", &ENDS)))?;
    check.kept(&ENDS);

    for _ in 0..4 {
        drop(check.connect_by("leaves", port, &STAYS)?);
        check.connect_by("resets", port, &STAYS)?.reset();
    }
    visit("after them", &STAYS)?;
    drop(ends_at_once);
    server.expect_freed(1, &FREES)?;
    check.kept(&FREES);
    server.is_idle_while(|| Ok(()))?;
    server.program.expect_running(&STAYS)?;
    check.kept(&STAYS);
    Ok(())
}

/// The client must receive one line, whatever it sends, and then the end.
fn says(check: &Check, client: &mut Peer, line: &Rule, end: &Rule) -> Verdict {
    let awaited = Observed::text("a line with some text", "一行文字，不能是空的");
    let said = client.until(b"\n", awaited.clone(), line)?;
    if said.trim_ascii().is_empty() {
        return Err(check.failed(line, awaited, Observed::Bytes(said)));
    }
    let more = client.read_to_fin(end)?;
    match more.is_empty() {
        true => Ok(()),
        false => Err(check.failed(end, Observed::Fin, Observed::Bytes(more))),
    }
}

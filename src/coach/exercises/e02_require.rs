//! 02: the smallest server. It says one line to everybody, and ends.

use crate::check::{Check, Observed, Rule, Verdict};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "02_require",
    en: "your first server, which says one line to everybody",
    zh: "你的第一个服务器：对每个人说一句话",
    rules: &[REAL_PORT, TAKES_PORT, SAYS, ENDS, EVERY, STAYS],
    judge,
};

const REAL_PORT: Rule = Rule {
    name: "real-port",
    en: "Port 0 means: any port that is free. The server prints the number of the one that it got.",
    zh: "端口 0 的意思是：随便哪个空闲端口。服务器要打印自己真正拿到的端口号。",
    see: "Reflect",
};
const TAKES_PORT: Rule = Rule {
    name: "takes-port",
    en: "The server listens on the port that it is given on the command line.",
    zh: "命令行给了哪个端口，服务器就监听哪个端口。",
    see: "Run it",
};
const SAYS: Rule = Rule {
    name: "says-a-line",
    en: "Whoever connects gets one line: some text and a line end (\\n). Nobody has to ask for it.",
    zh: "谁连上来，就给谁一行：一句话，再加一个换行（\\n）。不等对方开口要。",
    see: "In Rust",
};
const ENDS: Rule = Rule {
    name: "ends",
    en: "After this one line the server ends the connection, so that the client knows that it has got everything.",
    zh: "说完这一行，服务器就结束连接，好让客户端知道自己收全了。",
    see: "On the wire",
};
const EVERY: Rule = Rule {
    name: "every-client",
    en: "Every client gets the same line at once, also while others are still connected.",
    zh: "每个客户端都马上得到同样的一行，哪怕别的客户端还没走。",
    see: "In Rust",
};
const STAYS: Rule = Rule {
    name: "stays",
    en: "A client may leave before it has read its line. The server stays up for the others.",
    zh: "客户端可能还没读完就走。服务器要继续为别人服务。",
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
    let mut first = check.connect("first", wanted)?;
    let line = first.until(b"\n", Observed::text("a line", "一行"), &SAYS)?;
    if line.trim_ascii().is_empty() {
        let text = Observed::text("a line with some text", "一行文字，不能是空的");
        return Err(check.failed(&SAYS, text, Observed::Bytes(line)));
    }
    let more = first.read_to_fin(&ENDS)?;
    if !more.is_empty() {
        return Err(check.failed(&ENDS, Observed::Fin, Observed::Bytes(more)));
    }
    server.kill();

    let server = check.start(["0"])?;
    let port = server.port()?;
    if port == 0 {
        let number = Observed::text("the number of a port, 1 to 65535", "一个端口号，1 到 65535");
        return Err(check.failed(&REAL_PORT, number, Observed::bytes("0")));
    }
    // It has got its line, and does not leave: it has not even ended its side.
    let mut stays = check.connect("stays", port)?;
    stays.expect_until_fin(&line, &EVERY)?;
    check.connect("second", port)?.expect_until_fin(&line, &EVERY)?;
    let mut ends_at_once = check.connect("ends at once", port)?;
    ends_at_once.half_close();
    ends_at_once.expect_until_fin(&line, &EVERY)?;

    drop(check.connect("leaves", port)?);
    check.connect("resets", port)?.reset();
    check.connect("after them", port)?.expect_until_fin(&line, &STAYS)?;
    check.at_once(20, |n| {
        check.connect(&format!("client {n}"), port)?.expect_until_fin(&line, &EVERY)
    })?;
    server.expect_running(&STAYS)
}

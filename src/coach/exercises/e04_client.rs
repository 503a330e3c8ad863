//! 04: a client that collects the whole answer, and prints it once. Only the server's end says that it is whole.

use std::time::Duration;

use crate::check::{Check, Observed, Peer, Rule, Verdict, cut};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "04_client",
    en: "a client that collects the whole answer",
    zh: "把回答收完整的客户端",
    rules: &[ASKS, PRINTS, BYTES, PIECES, CHARACTERS, LONG, EMPTY, NO_SERVER],
    judge,
};

const ASKS: Rule = Rule {
    name: "asks",
    en: "The client connects to the host and the port that it is given, and sends one line.",
    zh: "命令行给了哪个主机和端口，客户端就连哪里，并发送一行。",
    see: "In Rust",
};
const PRINTS: Rule = Rule {
    name: "prints",
    en: "When the server has ended, the client prints one line with the number of bytes, as in `13 bytes`, and then the answer.",
    zh: "服务器结束之后，客户端先打印一行字节数，例如 `13 bytes`，再打印回答。",
    see: "Exercise",
};
const BYTES: Rule = Rule {
    name: "counts-bytes",
    en: "The number is that of the bytes, not of the characters.",
    zh: "数的是字节，不是字符。",
    see: "One write is not one read",
};
const PIECES: Rule = Rule {
    name: "pieces",
    en: "In however many pieces the answer comes, and however long the server pauses between them: it is printed once, and whole.",
    zh: "不管回答分成几块到，也不管服务器中间停多久，都要等收全了，一次打印出来。",
    see: "One write is not one read",
};
const CHARACTERS: Rule = Rule {
    name: "characters",
    en: "A character may be cut in two on its way. It is printed as the one that it is.",
    zh: "一个字符在路上可能被切成两半。打印出来的还得是原来那个字符。",
    see: "One write is not one read",
};
const LONG: Rule = Rule {
    name: "long",
    en: "The answer may be longer than any buffer: all of it is printed.",
    zh: "回答可能比什么缓冲区都长：要全部打印出来。",
    see: "One write is not one read",
};
const EMPTY: Rule = Rule {
    name: "empty",
    en: "An empty answer is an answer, too: `0 bytes`.",
    zh: "空的回答也是回答：`0 bytes`。",
    see: "Exercise",
};
const NO_SERVER: Rule = Rule {
    name: "no-server",
    en: "Where no server listens, the client says so on standard error, with the port, and ends with exit status 1.",
    zh: "那里没有服务器在监听，客户端就在标准错误上说明，写出端口，并以退出状态 1 结束。",
    see: "Run it",
};

/// Starts the client, lets it ask, answers in this way, ends, and looks at what it prints.
fn answered(
    check: &Check,
    name: &str,
    answer: &str,
    rule: &Rule,
    send: impl FnOnce(&mut Peer),
) -> Verdict {
    let host = check.listen()?;
    let client = check.start(["127.0.0.1", &host.port().to_string()])?;
    let mut server = host.accept(name, &ASKS)?;
    server.line(Observed::text("the line that the client sends", "客户端发来的一行"), &ASKS)?;
    send(&mut server);
    server.half_close();
    let ended = client.expect_exit(0, rule)?;
    let expected = format!("{} bytes\n{answer}", answer.len());
    // One more line end behind it does no harm, and with an answer that has none it looks better.
    let printed = ended.stdout.strip_suffix(b"\n").unwrap_or(&ended.stdout);
    if ended.stdout == expected.as_bytes() || printed == expected.as_bytes() {
        return Ok(());
    }
    Err(check.failed(rule, Observed::bytes(expected), Observed::bytes(ended.stdout)))
}

fn judge(check: &Check) -> Verdict {
    let in_one = |name: &str, answer: &str, rule: &Rule| {
        answered(check, name, answer, rule, |server| server.send(answer))
    };
    in_one("short", "Good morning\n", &PRINTS)?;
    in_one("chinese", "你好\n", &BYTES)?;
    answered(check, "pauses", "Let me think. 42, I think.\n", &PIECES, |server| {
        server.send("Let me think.");
        server.pause(Duration::from_millis(150));
        server.send(" 42, I think.\n");
    })?;
    let text = "né en 1970, 你好";
    answered(check, "cut", text, &CHARACTERS, |server| {
        server.send_pieces(cut(text.as_bytes(), &[2, 14, 15, 18]));
    })?;
    answered(check, "empty", "", &EMPTY, |_| {})?;

    let nobody = check.free_port()?.to_string();
    check.start(["127.0.0.1", &nobody])?.expect_error(&NO_SERVER)?;

    let lines: Vec<String> = (1..=100).map(|n| format!("line {n}\n")).collect();
    answered(check, "pieces", &lines.concat(), &PIECES, |server| {
        server.send_pieces(&lines[..10]);
        lines[10..].iter().for_each(|line| server.send(line));
    })?;
    let long: String = (1..=30_000).map(|n| format!("{n:9}\n")).collect();
    in_one("long", &long, &LONG)
}

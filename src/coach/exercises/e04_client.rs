//! 04: a client that collects the whole answer, and prints it once. Only the server's end says that it is whole.

use net_notes::check::{Check, Host, Observed, Peer, Program, Rule, Verdict, cut, random};

use super::common::IDLE;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "04_client",
    en: "a client that collects the whole answer",
    zh: "把回复收全的客户端",
    rules: &[ASKS, PRINTS, BYTES, PIECES, CHARACTERS, ANY, LONG, EMPTY, CUT_OFF, NO_SERVER, IDLE],
    needs_unix_sockets: false,
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
    en: "When the server has ended, and not before, the client prints one line with the number of bytes, as in `13 bytes`, then the answer, and nothing else. Then it ends with exit status 0.",
    zh: "服务器结束之后，客户端才打印：先是一行字节数，例如 `13 bytes`，再是回复，别的什么都不打印。然后以退出状态 0 结束。",
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
    en: "In however many pieces the answer arrives, and however long the server pauses between them: it is printed once, and whole.",
    zh: "不管回复分成几块到，也不管服务器中间停多久，都要等收全了，一次打印出来。",
    see: "One write is not one read",
};
const CHARACTERS: Rule = Rule {
    name: "characters",
    en: "A character may be cut in two on its way. It is printed as the one that it is.",
    zh: "一个字符在路上可能被切成两半。打印出来的还得是原来那个字符。",
    see: "One write is not one read",
};
const ANY: Rule = Rule {
    name: "any-byte",
    en: "An answer may have bytes that are no text: they are counted as they are, and printed as they are, or as `�`.",
    zh: "回复里可能有不是文本的字节：照样一个一个地数，打印的时候原样输出，或者打印成 `�`。",
    see: "Exercise",
};
const LONG: Rule = Rule {
    name: "long",
    en: "The answer may be longer than any buffer: all of it is printed.",
    zh: "回复可能比什么缓冲区都长：要全部打印出来。",
    see: "One write is not one read",
};
const EMPTY: Rule = Rule {
    name: "empty",
    en: "An empty answer is an answer, too: `0 bytes`.",
    zh: "空的回复也是回复：`0 bytes`。",
    see: "Exercise",
};
const CUT_OFF: Rule = Rule {
    name: "cut-off",
    en: "A reset is no end: if the connection breaks before the server has ended, the client says so on standard error, and ends with exit status 1.",
    zh: "连接被重置不等于结束：服务器还没结束，连接就断了，客户端要在标准错误上说明，并以退出状态 1 结束。",
    see: "Exercise",
};
const NO_SERVER: Rule = Rule {
    name: "no-server",
    en: "Where no server listens, the client says so on standard error, and ends with exit status 1.",
    zh: "那里没有服务器在监听，客户端就在标准错误上说明，并以退出状态 1 结束。",
    see: "Run it",
};

/// A client that has asked, and the connection on which it waits for its answer.
struct Visit {
    client: Program,
    server: Peer,
}

impl Visit {
    fn new(check: &Check, name: &str, host: &Host, other: Option<&Host>) -> Verdict<Visit> {
        Visit::named(check, name, &host.ip(), host, other)
    }

    /// The same, and this is how the client is told the host.
    fn named(
        check: &Check,
        name: &str,
        named: &str,
        host: &Host,
        other: Option<&Host>,
    ) -> Verdict<Visit> {
        let client = check.start([named, &host.port().to_string()])?;
        let server = host.accept_and_not(other, name, &ASKS)?;
        Ok(Visit { client, server })
    }

    /// The server has the client's line, and answers.
    fn asked(mut self) -> Verdict<Visit> {
        let awaited = Observed::text("a line from the client", "客户端发来的一行");
        self.server.line(awaited, &ASKS)?;
        Ok(self)
    }

    /// The server ends, and the client prints this answer.
    fn prints(mut self, answer: &[u8], rule: &Rule) -> Verdict {
        self.server.half_close();
        let printed = self.client.expect_exit(0, rule)?.stdout;
        let count = format!("{} bytes\n", answer.len());
        let lossy = String::from_utf8_lossy(answer);
        // A mark for each byte is as right as one for all bytes of what was begun.
        let marks: String = answer
            .utf8_chunks()
            .map(|chunk| chunk.valid().to_string() + &"\u{fffd}".repeat(chunk.invalid().len()))
            .collect();
        // One more line end behind it does no harm, and with an answer that has none it looks better.
        let right = [answer, lossy.as_bytes(), marks.as_bytes()].iter().any(|text| {
            let right = [count.as_bytes(), text].concat();
            printed == right || printed.strip_suffix(b"\n") == Some(&right)
        });
        if !right {
            let expected = Observed::Bytes([count.as_bytes(), answer].concat());
            return Err(self.client.failure(rule, expected, Observed::Bytes(printed)));
        }
        let more = self.server.read_to_fin(&ASKS)?;
        match more.is_empty() {
            true => Ok(()),
            false => Err(self.client.failure(&ASKS, Observed::Fin, Observed::Bytes(more))),
        }
    }
}

fn judge(check: &Check) -> Verdict {
    let host = check.listen()?;
    let visit = |name: &str| Visit::new(check, name, &host, None)?.asked();
    let in_one = |name: &str, answer: &[u8], rule: &Rule| {
        let mut visit = visit(name)?;
        visit.server.send(answer);
        visit.prints(answer, rule)
    };
    let morning = format!("Good morning, {}\n", random::word());
    check.promptly(&PRINTS, || in_one("short", morning.as_bytes(), &PRINTS))?;
    in_one("chinese", format!("{}\n", random::chinese(5)).as_bytes(), &BYTES)?;
    check.kept(&BYTES);

    let pause = check.long_pause();
    let (half, rest) = ("Let me think.", format!(" {}, I think.\n", random::number(0..1000)));
    let mut pauses = visit("pauses")?;
    pauses.server.send(half);
    if let Some((elsewhere, usual)) = check.listen_apart()? {
        let mut visit = Visit::new(check, "elsewhere", &elsewhere, Some(&usual))?.asked()?;
        visit.server.send("You have found me.\n");
        visit.prints(b"You have found me.\n", &PRINTS)?;
    }
    let mut by_name = Visit::named(check, "by name", "localhost", &host, None)?.asked()?;
    by_name.server.send("A host has a name, too.\n");
    by_name.prints(b"A host has a name, too.\n", &ASKS)?;
    check.kept(&ASKS);

    let lines: Vec<String> = (1..=100).map(|n| format!("line {n}\n")).collect();
    let mut pieces = visit("pieces")?;
    pieces.server.send_pieces(&lines[..5]);
    lines[5..].iter().for_each(|line| pieces.server.send(line));
    pieces.prints(lines.concat().as_bytes(), &PIECES)?;

    let text = "né en 1970, 你好";
    let mut cuts = visit("cut")?;
    cuts.server.send_pieces(cut(text.as_bytes(), &[2, 14, 15, 18]));
    cuts.prints(text.as_bytes(), &CHARACTERS)?;
    check.kept(&CHARACTERS);
    in_one("no text", b"caf\xe9 \xff\xfe\0 \xe4\xbd\n", &ANY)?;
    in_one("half a character", b"and caf\xc3", &ANY)?;
    in_one("line ends", b"\n\none\r\ntwo\rthree \n\n", &ANY)?;
    check.kept(&ANY);
    in_one("empty", b"", &EMPTY)?;
    check.kept(&EMPTY);

    let nobody = check.free_port()?.to_string();
    check.start(["127.0.0.1", &nobody])?.expect_error(&NO_SERVER)?;
    check.kept(&NO_SERVER);
    let mut broken = Visit::new(check, "breaks off", &host, None)?;
    broken.server.send("half of the answer");
    broken.server.reset(); // what the client has sent is never read
    broken.client.expect_error(&CUT_OFF)?;
    let silent = Visit::new(check, "breaks off at once", &host, None)?;
    silent.server.reset();
    silent.client.expect_error(&CUT_OFF)?;
    check.kept(&CUT_OFF);
    let long: String = (1..=30_000).map(|n| format!("{n:9}\n")).collect();
    in_one("long", long.as_bytes(), &LONG)?;
    check.kept(&LONG);

    let watch = pauses.client.watch();
    pauses.server.pause(pause.left());
    watch.expect_idle(&IDLE)?;
    check.kept(&IDLE);
    let printed = pauses.client.output_so_far();
    if !printed.is_empty() {
        let nothing = Observed::text("nothing on standard output yet", "标准输出上还什么都没有");
        return Err(pauses.client.failure(&PIECES, nothing, Observed::Bytes(printed)));
    }
    check.kept(&PRINTS);
    pauses.server.send(&rest);
    pauses.prints((half.to_string() + &rest).as_bytes(), &PIECES)?;
    check.kept(&PIECES);
    Ok(())
}

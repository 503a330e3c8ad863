//! 19: a server that speaks RESP: five commands, for clients that send many requests at once, cut them anywhere, put any bytes
//! into them, or break the format.

mod words;

use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, cut, random};

use self::words::{bytes, large, too_large, wrong_length};
use super::common::{CLOSES, IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "19_resp",
    en: "a server that speaks the protocol of Redis",
    zh: "说 Redis 协议的服务器",
    rules: &[
        ANSWERS,
        ERRORS,
        PIPELINED,
        PIECES,
        SHARED,
        INLINE,
        BYTES,
        WRONG_LENGTH,
        TOO_LARGE,
        APART,
        CLOSES,
        IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "The server replies at once: `+PONG` to PING, the word to ECHO, `+OK` to SET, to GET the value, or `$-1` if the key does not exist, and to INCR the number that the key has after it was increased by one, as in `:1`. A key that does not exist counts as 0. The name of a command may be in capitals or not.",
    zh: "服务器马上回复：PING 回复 `+PONG`，ECHO 回复那个词，SET 回复 `+OK`，GET 回复值，键不存在就回复 `$-1`，INCR 把键的数加一，再回复新的数，比如 `:1`，键不存在就从 0 算起。命令的名字大写小写都算。",
    see: "In Node",
};
const ERRORS: Rule = Rule {
    name: "errors",
    en: "A command that cannot be done gets a line that begins with `-ERR `, and the connection continues: an unknown name, too few or too many words, INCR of a value that is not a number or is the largest one, 9223372036854775807. The value stays as it is.",
    zh: "命令做不到，就回复以 `-ERR ` 开头的一行，连接照常继续：名字不认识，词太少或太多，INCR 的值不是数字，或者已经是最大的 9223372036854775807。值保持不变。",
    see: "On the wire",
};
const PIPELINED: Rule = Rule {
    name: "pipelined",
    en: "A client may send many requests before it reads a reply. Each gets its reply, in the order of the requests.",
    zh: "客户端可以一口气发来许多请求，一个回复都还没读。每个请求都有回复，顺序和请求一致。",
    see: "Sixteen at a time",
};
const PIECES: Rule = Rule {
    name: "in-pieces",
    en: "A request may arrive in any number of pieces, with a pause between them. The server waits for the rest of it, and has answered the requests before it.",
    zh: "请求分成多少块到都有可能，中间还会停顿。服务器等它到齐；排在它前面的请求，早就回复了。",
    see: "On the wire",
};
const SHARED: Rule = Rule {
    name: "shared",
    en: "All clients share the same keys, and INCR is one step: when many clients count at the same time, no step is lost.",
    zh: "所有客户端共用同一批键，INCR 是一步完成的：许多客户端同时计数，一次也不会丢。",
    see: "Two steps are not one",
};
const INLINE: Rule = Rule {
    name: "inline",
    en: "A request that does not begin with `*` is a line: words with one or more spaces between them, and `\\r\\n` or `\\n` at the end. A request without any word, an empty line or `*0`, gets no reply.",
    zh: "不以 `*` 开头的请求是一行：词之间隔着一个或多个空格，以 `\\r\\n` 或 `\\n` 结尾。一个词也没有的请求，也就是空行或者 `*0`，不回复。",
    see: "On the wire",
};
const BYTES: Rule = Rule {
    name: "any-byte",
    en: "Words are counted, and their bytes are not looked at: a key or a value may have line ends in it, zeros, or a whole request, may be empty, and may have as many as 1048576 bytes, which is 1 MiB.",
    zh: "词只数字节，不看内容：键和值里可以有行尾、有零字节，甚至有一整个请求，也可以是空的，最长 1048576 字节，也就是 1 MiB。",
    see: "A line is not enough",
};
const WRONG_LENGTH: Rule = Rule {
    name: "wrong-length",
    en: "A request that breaks the format gets a line that begins with `-ERR `, and then the server ends the connection and answers nothing more: a count that is not made of digits alone, a word without `$` in front, or one that is not followed by `\\r\\n` where its count says. The requests before it are answered.",
    zh: "请求的格式不对，就回复以 `-ERR ` 开头的一行，然后服务器结束连接，不再回复：数目不全是数字，词前面没有 `$`，或者按数目数到头，后面不是 `\\r\\n`。排在它前面的请求照样回复。",
    see: "A wrong length",
};
const TOO_LARGE: Rule = Rule {
    name: "too-large",
    en: "A word of more than 1 MiB, a counted request of more than 1000 words, and a line of more than 64 KiB are refused in the same way, as soon as this is known: the server does not wait for the rest.",
    zh: "一个词超过 1 MiB，一个带词数的请求超过 1000 个词，一行超过 64 KiB，都用同样的办法拒绝，一看出来就拒绝：不等后面的到齐。",
    see: "A wrong length",
};
const APART: Rule = Rule {
    name: "apart",
    en: "The server stays up and serves the others in the meantime, whoever stops in the middle of a request, leaves, or sends something else.",
    zh: "有的客户端请求发到一半停下、走掉，或者发来别的东西，服务器都照常运行，同时为别的客户端服务。",
    see: "Exercise",
};

const PONG: &[u8] = b"+PONG\r\n";

fn request<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        request.extend(bulk(word));
    }
    request
}

fn bulk(word: impl AsRef<[u8]>) -> Vec<u8> {
    let word = word.as_ref();
    [format!("${}\r\n", word.len()).as_bytes(), word, b"\r\n"].concat()
}

/// A client that has connected to the server under check.
struct Client<'c> {
    check: &'c Check,
    peer: Peer,
}

impl Client<'_> {
    fn ask<W: AsRef<[u8]>>(
        &mut self,
        words: &[W],
        reply: impl AsRef<[u8]>,
        rule: &Rule,
    ) -> Verdict {
        self.peer.send(request(words));
        self.peer.expect_exactly(reply, rule)
    }

    /// A reply that says no, whatever the reason.
    fn expect_refusal(&mut self, rule: &Rule) -> Verdict {
        let refusal = || Observed::text("a line that begins with `-ERR `", "以 `-ERR ` 开头的一行");
        let line = self.peer.until(b"\r\n", refusal(), rule)?;
        match line.starts_with(b"-ERR ") {
            true => Ok(()),
            false => Err(self.check.failed(rule, refusal(), Observed::Bytes(line))),
        }
    }

    /// The same, and then the end, and nothing in between.
    fn expect_last_refusal(mut self, rule: &Rule) -> Verdict {
        self.expect_refusal(rule)?;
        self.peer.expect_until_fin(b"", rule)
    }
}

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let client = |name: &str| Ok(Client { check, peer: server.connect(name)? });

    check.promptly(&ANSWERS, || answers(client("first")?))?;
    check.kept(&ANSWERS);
    let mut half = client("stops in the middle")?;
    half.peer.send("*2\r\n$4\r\nEC");
    client("meanwhile")?.ask(&["PING"], PONG, &APART)?;
    errors(client("asks wrongly")?)?;
    check.kept(&ERRORS);
    pipelined(client("does not wait")?)?;
    check.kept(&PIPELINED);
    pieces(client("pieces")?)?;
    shared(check, &client)?;
    check.kept(&SHARED);
    inline(client("types")?)?;
    check.kept(&INLINE);
    bytes(client("bytes")?)?;
    wrong_length(&client)?;
    check.kept(&WRONG_LENGTH);
    too_large(&client)?;
    check.kept(&TOO_LARGE);
    let pause = check.long_pause();
    server.or_ended(apart(check, &client), &APART)?;
    check.kept(&APART);
    large(client("1 MiB")?)?; // late, as it fills the transcript
    check.kept(&BYTES);
    server.expect_freed(1, &CLOSES)?;
    check.kept(&CLOSES);
    server.is_idle_while(|| half.peer.wait_out(&pause, &PIECES))?;
    half.peer.send("HO\r\n$7\r\npatient\r\n");
    half.peer.expect_exactly(bulk("patient"), &PIECES)?;
    check.kept(&PIECES);
    server.program.expect_running(&APART)
}

fn answers(mut client: Client<'_>) -> Verdict {
    let [key, other, count] = ["a", "b", "n"].map(|end| random::word() + end);
    let [word, value] = [(); 2].map(|()| random::word());
    let nil = b"$-1\r\n".to_vec();
    for (words, reply) in [
        (vec!["PING"], PONG.to_vec()),
        (vec!["ECHO", &word], bulk(&word)),
        (vec!["GET", &key], nil.clone()),
        (vec!["SET", &key, &word], b"+OK\r\n".to_vec()),
        (vec!["GET", &key], bulk(&word)),
        (vec!["SET", &other, "2"], b"+OK\r\n".to_vec()),
        (vec!["SET", &key, &value], b"+OK\r\n".to_vec()),
        (vec!["GET", &key], bulk(&value)),
        (vec!["INCR", &count], b":1\r\n".to_vec()),
        (vec!["INCR", &count], b":2\r\n".to_vec()),
        (vec!["INCR", &other], b":3\r\n".to_vec()),
        (vec!["GET", &count], bulk("2")),
        (vec!["SET", &count, "9223372036854775806"], b"+OK\r\n".to_vec()),
        (vec!["INCR", &count], b":9223372036854775807\r\n".to_vec()),
        (vec!["SET", &count, "-1"], b"+OK\r\n".to_vec()),
        (vec!["INCR", &count], b":0\r\n".to_vec()),
        (vec!["ping"], PONG.to_vec()),
        (vec!["Get", &value], nil),
    ] {
        client.ask(&words, reply, &ANSWERS)?;
    }
    Ok(())
}

fn errors(mut client: Client<'_>) -> Verdict {
    let (key, largest) = (random::word() + "e", i64::MAX.to_string());
    for words in [
        &["GOT", "it"][..],
        &["PINGPONG"],
        &["ECHO"],
        &["ECHO", "two", "words"],
        &["GET"],
        &["GET", "two", "words"],
        &["SET", &key],
        &["SET", &key, "two", "words"],
        &["INCR"],
        &["INCR", "two", "words"],
        &["PING"; 1000],
    ] {
        client.peer.send(request(words));
        client.expect_refusal(&ERRORS)?;
        client.ask(&["PING"], PONG, &ERRORS)?;
    }
    client.peer.send(request(&[b"\xff\xfe"]));
    client.expect_refusal(&ERRORS)?;
    client.ask(&["PING"], PONG, &ERRORS)?;
    for value in ["tea", "1.5", "", "1 ", "0x1", "9223372036854775808", &largest] {
        client.ask(&["SET", &key, value], "+OK\r\n", &ERRORS)?;
        client.peer.send(request(&["INCR", &key]));
        client.expect_refusal(&ERRORS)?;
        client.ask(&["GET", &key], bulk(value), &ERRORS)?;
    }
    Ok(())
}

fn pipelined(mut client: Client<'_>) -> Verdict {
    let key = random::word() + "p";
    let (mut sent, mut replies) = (Vec::new(), Vec::new());
    for n in 1..=10 {
        let word = random::word();
        sent.extend(request(&["INCR", &key]));
        sent.extend(request(&["ECHO", &word]));
        replies.extend(format!(":{n}\r\n").bytes());
        replies.extend(bulk(word));
    }
    client.peer.send(sent);
    client.peer.expect_exactly(replies, &PIPELINED)
}

fn pieces(mut client: Client<'_>) -> Verdict {
    let (key, value) = (random::word() + "c", random::chinese(3));
    client.peer.send([&request(&["PING"])[..], b"*2\r\n$4\r\nECHO\r\n$5\r\nhe"].concat());
    client.peer.expect_exactly(PONG, &PIECES)?;
    client.peer.expect_silence(Duration::from_millis(50), &PIECES)?;
    client.peer.send("llo\r\n");
    client.peer.expect_exactly(bulk("hello"), &PIECES)?;
    client.peer.send_pieces(byte_by_byte(&request(&["SET", &key, &value])));
    client.peer.expect_exactly("+OK\r\n", &PIECES)?;
    for _ in 0..20 {
        let sent = request(&["GET", &key]).repeat(2);
        let at = random::number(1..sent.len());
        client.peer.send_pieces(cut(&sent, &[at]));
        client.peer.expect_exactly(bulk(&value).repeat(2), &PIECES)?;
    }
    Ok(())
}

fn shared<'c>(check: &Check, client: &(impl Fn(&str) -> Verdict<Client<'c>> + Sync)) -> Verdict {
    const CLIENTS: usize = 8;
    const STEPS: usize = 1000;
    let (key, value) = (random::word() + "s", random::word());
    client("writer")?.ask(&["SET", &key, &value], "+OK\r\n", &SHARED)?;
    client("reader")?.ask(&["GET", &key], bulk(value), &SHARED)?;
    let count = random::word() + "t";
    check.at_once(CLIENTS, |n| {
        let mut client = client(&format!("counter {n}"))?;
        // All in one piece, as then the steps of the clients meet.
        client.peer.send(request(&["INCR", &count]).repeat(STEPS));
        let reply = || Observed::text("the new number", "新的数");
        for _ in 0..STEPS {
            client.peer.until(b"\r\n", reply(), &SHARED)?;
        }
        Ok(())
    })?;
    client("adds up")?.ask(&["GET", &count], bulk((CLIENTS * STEPS).to_string()), &SHARED)
}

fn inline(mut client: Client<'_>) -> Verdict {
    let (key, value) = (random::word() + "i", random::word());
    for (sent, reply) in [
        ("PING\r\n".to_string(), PONG.to_vec()),
        ("ping\n".to_string(), PONG.to_vec()),
        (format!("SET {key} {value}\r\n"), b"+OK\r\n".to_vec()),
        (format!("GET   {key}\r\n"), bulk(&value)),
        (format!("*2\r\n$4\r\nECHO\r\n$1\r\nx\r\nGET {key}\r\nPING\n"), {
            [bulk("x"), bulk(&value), PONG.to_vec()].concat()
        }),
        ("\r\n\n*0\r\nECHO one\r\n".to_string(), bulk("one")),
        (format!("ECHO {}\n", "long".repeat(15_000)), bulk("long".repeat(15_000))),
        ("ECHO 茶\r\n".to_string(), bulk("茶")),
    ] {
        client.peer.send(sent);
        client.peer.expect_exactly(reply, &INLINE)?;
    }
    client.peer.send("PI");
    client.peer.expect_silence(Duration::from_millis(50), &INLINE)?;
    client.peer.send("NG\r\n");
    client.peer.expect_exactly(PONG, &INLINE)
}

fn apart<'c>(check: &Check, client: &(impl Fn(&str) -> Verdict<Client<'c>> + Sync)) -> Verdict {
    for sent in ["", "*", "*2\r\n$4\r\nEC", "*2\r\n$4\r\nECHO\r\n$5\r\nhe", "PI"] {
        let mut cut_off = client("cut off")?;
        cut_off.peer.send([&request(&["PING"]), sent.as_bytes()].concat());
        cut_off.peer.half_close();
        cut_off.peer.expect_until_fin(PONG, &CLOSES)?;
        let mut leaves = client("leaves")?;
        leaves.peer.send(sent);
        drop(leaves);
        let mut resets = client("resets")?;
        resets.peer.send(request(&["PING"]));
        resets.peer.reset();
    }
    check.at_once(10, |n| {
        let mut client = client(&format!("client {n}"))?;
        client.ask(&["ECHO", &n.to_string()], bulk(n.to_string()), &APART)
    })
}

//! 06: a server at a Unix path, which counts words for all its clients. The trap: the file that outlives its server.
#![cfg_attr(not(unix), allow(dead_code, unused_imports))] // without Unix sockets it is never judged

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Program, Rule, Verdict, byte_by_byte, random};

use super::common::{CLOSES, IDLE, Server};
use crate::coach::exercise::Exercise;
use crate::coach::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "06_ipc",
    en: "a counter of words at a Unix path",
    zh: "在 Unix 路径上监听的单词计数器",
    rules: &[
        LISTENS, COUNTS, LINES, TOGETHER, OTHERS, CLOSES, IDLE, ONE_SERVER, AGAIN, KEEPS, ENTER,
    ],
    needs_unix_sockets: true,
    judge,
};

const LISTENS: Rule = Rule {
    name: "listens",
    en: "The server listens at the path that it is given, and then prints a line with the word `listening`.",
    zh: "路径由命令行给出，服务器就在上面监听，然后打印一行，里面有 `listening`。",
    see: "In Rust",
};
const COUNTS: Rule = Rule {
    name: "counts",
    en: "To a line with a word, the server answers with the word and how many times it has been sent by now: `tea 2`.",
    zh: "客户端每行发一个词，服务器就回这个词，后面跟着到目前为止收到的次数：`tea 2`。",
    see: "Exercise",
};
const LINES: Rule = Rule {
    name: "lines",
    en: "A line may arrive in pieces, with a pause in between, and several lines in one piece; it ends in `\\n` or in `\\r\\n`.",
    zh: "一行可能分成几块到，中间还会停顿；一块里也可能有好几行。行尾是 `\\n` 或者 `\\r\\n`。",
    see: "Exercise",
};
const TOGETHER: Rule = Rule {
    name: "together",
    en: "Words are counted no matter who sends them: one count for all clients, also when they are sent at the same time.",
    zh: "词不管是谁发的，都算在一起：所有客户端共用一份计数，同时来也不能数错。",
    see: "Exercise",
};
const OTHERS: Rule = Rule {
    name: "others",
    en: "No client holds up another one: not one that stays, not one that sends and never reads, and not one that sends what is no text.",
    zh: "谁都不能耽误别人：一直不走的不能，只发不读的不能，发来的不是文本的也不能。",
    see: "Exercise",
};
const ONE_SERVER: Rule = Rule {
    name: "one-server",
    en: "While a server lives at the path, a second one leaves it alone: it ends with an exit status other than 0, and the first continues.",
    zh: "路径上的服务器还在运行，第二个就不能顶掉它：第二个自己退出，退出状态不是 0，第一个照常服务。",
    see: "The file outlives a server that was killed",
};
const AGAIN: Rule = Rule {
    name: "starts-again",
    en: "When a server was killed, its file stays, and yet the next server starts at the same path.",
    zh: "服务器被杀，文件会留下。即使这样，下一个服务器也要能在同一个路径上启动。",
    see: "The file outlives a server that was killed",
};
const KEEPS: Rule = Rule {
    name: "keeps-files",
    en: "A file that is no socket is not left over but somebody's work: the server does not touch it, and ends with an exit status other than 0.",
    zh: "不是套接字的文件，就不是遗留下来的，而是别人的东西：服务器不能碰它，要自己退出，退出状态不是 0。",
    see: "\"Refused\" does not yet mean \"a socket that was left over\"",
};
const ENTER: Rule = Rule {
    name: "enter",
    en: "At Enter, and at the end of its input, the server ends with exit status 0 and leaves no file behind.",
    zh: "按了回车，或者输入结束，服务器就结束：退出状态是 0，文件不能留下。",
    see: "Run it",
};

/// The number of clients that count the same word at once, and how often each does.
const CROWD: usize = 10;
const TIMES: usize = 400;
/// More than the system holds for a client that does not read.
const MUCH: usize = 1 << 20;
/// A program that reads nothing for this long waits for something.
const STUCK: Duration = Duration::from_millis(200);

#[cfg(not(unix))]
fn judge(_: &Check) -> Verdict {
    Ok(())
}

#[cfg(unix)]
fn judge(check: &Check) -> Verdict {
    let scratch = check.scratch()?;
    let path = scratch.path().join("words.sock");
    let started = |rule: &Rule| -> Verdict<Server<'_>> {
        let program = check.start([&path])?;
        program.line_with("listening", rule)?;
        has_file(check, &path, true, rule)?;
        Ok(Server::at(check, program, &path))
    };

    let server = started(&LISTENS)?;
    let mut ada = server.connect_by("ada", &LISTENS)?;
    check.kept(&LISTENS);
    talks(&server, &path, &mut ada)?;
    server.program.kill();
    drop(ada);
    let server = started(&AGAIN)?;
    let mut eve = server.connect_by("eve", &AGAIN)?;
    counted(&mut eve, &random::word(), 1, &AGAIN)?;
    check.kept(&AGAIN);
    drop(eve);
    server.program.type_in("\n");
    closed(check, &server.program, &path)?;

    let notes = scratch.path().join("notes.sock"); // a name says nothing
    let text = format!("my only copy: {}\n", random::word());
    let written = std::fs::write(&notes, &text).is_ok();
    gives_up(&check.start([&notes])?, &KEEPS)?;
    let kept = std::fs::read_to_string(&notes).is_ok_and(|now| now == text);
    if written && !kept {
        let kept = Observed::text("notes.sock is as it was", "notes.sock 原样不动");
        let gone = Observed::text("notes.sock is gone, or another", "notes.sock 没了，或者变了");
        return Err(check.failed(&KEEPS, kept, gone));
    }
    let empty = scratch.path().join("empty.txt"); // as the file of a socket is
    let written = std::fs::write(&empty, "").is_ok();
    gives_up(&check.start([&empty])?, &KEEPS)?;
    if written && !empty.is_file() {
        let kept = Observed::text("empty.txt is as it was", "empty.txt 原样不动");
        let gone = Observed::text("empty.txt is gone, or another", "empty.txt 没了，或者变了");
        return Err(check.failed(&KEEPS, kept, gone));
    }
    check.kept(&KEEPS);

    let server = started(&LISTENS)?;
    at_once(&server)?;
    check.kept(&TOGETHER);
    server.program.close_stdin();
    closed(check, &server.program, &path)?;
    check.kept(&ENTER);
    Ok(())
}

/// All that one server does for its clients, and does not let itself be robbed of by another one.
fn talks(server: &Server<'_>, path: &Path, ada: &mut Peer) -> Verdict {
    let check = server.check;
    let (tea, milk) = (random::word(), random::chinese(2));
    check.promptly(&COUNTS, || counted(ada, &random::word(), 1, &COUNTS))?;
    counted(ada, &tea, 1, &COUNTS)?;
    counted(ada, &tea, 2, &COUNTS)?;
    counted(ada, &milk, 1, &COUNTS)?;
    counted(ada, &random::word().to_uppercase(), 1, &COUNTS)?;
    let mut bob = server.connect_by("bob", &OTHERS)?;
    counted(&mut bob, &random::word(), 1, &OTHERS)?;
    counted(&mut bob, &tea, 3, &TOGETHER)?;
    counted(ada, &tea, 4, &TOGETHER)?;

    drop(server.serves_many(
        &OTHERS,
        |n| format!("{n}-{tea}\n").into(),
        |mut client, n| client.expect_line(format!("{n}-{tea} 1"), &OTHERS).map(|()| client),
    )?);

    let [one, two, three] = [random::word(), random::word(), random::word()];
    bob.send_pieces(byte_by_byte(format!("{one}\r\n").as_bytes()));
    bob.expect_line(format!("{one} 1"), &LINES)?;
    bob.send(format!("{two}\n{three}\n{two}\n"));
    for answer in [format!("{two} 1"), format!("{three} 1"), format!("{two} 2")] {
        bob.expect_line(answer, &LINES)?;
    }
    let (pause, mut patient) = (check.long_pause(), server.connect_by("patient", &OTHERS)?);
    patient.send(&milk.as_bytes()[..4]); // in the middle of a character

    let mut no_text = server.connect_by("no text", &OTHERS)?;
    no_text.send(b"caf\xe9\n\xff\n");
    no_text.half_close();
    no_text.expect_end(&CLOSES)?; // whatever it gets
    bob.send("half a w"); // and no end
    bob.half_close();
    bob.expect_end(&CLOSES)?;
    counted(ada, &tea, 5, &OTHERS)?;
    for _ in 0..5 {
        drop(server.connect_by("silent", &OTHERS)?);
        server.connect_by("half", &OTHERS)?.send("hal");
    }
    server.expect_freed(2, &CLOSES)?;
    check.kept(&CLOSES);

    let second = check.start([path])?;
    gives_up(&second, &ONE_SERVER)?;
    // It does not listen, and so must not say what the first one said when it did.
    let said = |program: &Program| {
        let printed = String::from_utf8_lossy(&program.output_so_far()).into_owned();
        printed.lines().find(|line| line.contains("listening")).map(str::to_string)
    };
    if let Some(line) = said(&second).filter(|line| Some(line) == said(&server.program).as_ref()) {
        let nothing =
            Observed::text("no such line, as it does not listen", "没有这一行，因为它没在监听");
        return Err(second.failure(&LISTENS, nothing, Observed::bytes(line)));
    }
    let mut dan = server.connect_by("dan", &ONE_SERVER)?;
    counted(&mut dan, &tea, 6, &ONE_SERVER)?;
    server.program.expect_running(&ONE_SERVER)?;
    check.kept(&ONE_SERVER);

    server.is_idle_while(|| patient.wait_out(&pause, &LINES))?;
    patient.send([&milk.as_bytes()[4..], b"\n"].concat());
    patient.expect_line(format!("{milk} 2"), &LINES)?;
    check.kept(&LINES);
    // A line, and the end at once behind it.
    for _ in 0..4 {
        let (mut hasty, word) = (server.connect_by("hasty", &OTHERS)?, random::word());
        hasty.send(format!("{word}\n"));
        hasty.half_close();
        hasty.expect_line(format!("{word} 1"), &COUNTS)?;
        hasty.expect_end(&CLOSES)?;
    }
    check.kept(&COUNTS);

    // The last, as it stays and takes room.
    let mut stuck = server.connect_by("never reads", &OTHERS)?;
    let line = "x".repeat(1000) + "\n";
    stuck.send_until_stuck(line.repeat(MUCH / line.len()), STUCK);
    stuck.stall();
    counted(ada, &tea, 7, &OTHERS)?;
    counted(&mut server.connect_by("after it", &OTHERS)?, &tea, 8, &OTHERS)?;
    check.kept(&OTHERS);
    Ok(())
}

fn counted(client: &mut Peer, word: &str, count: usize, rule: &Rule) -> Verdict {
    client.send(format!("{word}\n"));
    client.expect_line(format!("{word} {count}"), rule)
}

/// All count the same word: each number must arrive once.
fn at_once(server: &Server<'_>) -> Verdict {
    let answers = Mutex::new(BTreeSet::new());
    server.check.at_once(CROWD, |n| {
        let mut client = server.connect_by(&format!("client {n}"), &TOGETHER)?;
        // All in one piece, so the server counts one after the other without a wait in between.
        client.send("race\n".repeat(TIMES));
        for _ in 0..TIMES {
            let awaited = Observed::text("the answer to `race`", "对 `race` 的回复");
            let answer = client.line(awaited, &TOGETHER)?;
            lock(&answers).insert(answer);
        }
        Ok(())
    })?;
    let answers = lock(&answers);
    let mut missing = (1..=CROWD * TIMES).map(|n| format!("race {n}"));
    let Some(missing) = missing.find(|answer| !answers.contains(answer)) else { return Ok(()) };
    let nobody = Observed::text("no client got this answer", "没有一个客户端收到这个回复");
    Err(server.check.failed(&TOGETHER, Observed::bytes(missing), nobody))
}

fn has_file(check: &Check, path: &Path, there: bool, rule: &Rule) -> Verdict {
    if path.exists() == there {
        return Ok(());
    }
    let file = Observed::text("there is a file at the path", "路径上有文件");
    let none = Observed::text("there is no file at the path", "路径上没有文件");
    Err(if there { check.failed(rule, file, none) } else { check.failed(rule, none, file) })
}

/// The server must end in place of listening, and say by its status that it is not content.
fn gives_up(server: &Program, rule: &Rule) -> Verdict {
    match server.wait(rule)?.status {
        Some(0) => {
            let other = Observed::text("an exit status other than 0", "退出状态不是 0");
            Err(server.failure(rule, other, Observed::Exit(Some(0))))
        }
        _ => Ok(()),
    }
}

fn closed(check: &Check, server: &Program, path: &Path) -> Verdict {
    server.expect_exit(0, &ENTER)?;
    has_file(check, path, false, &ENTER)
}

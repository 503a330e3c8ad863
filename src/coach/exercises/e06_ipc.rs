//! 06: a server at a Unix path, which counts words for all its clients. The trap: the file that outlives its server.
#![cfg_attr(not(unix), allow(dead_code))] // without Unix sockets it is never judged

use std::path::Path;
use std::sync::Mutex;

use crate::check::{Check, Observed, Peer, Program, Rule, Verdict};
use crate::coach::exercise::Exercise;
use crate::sync::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "06_ipc",
    en: "a counter of words at a Unix path",
    zh: "在 Unix 路径上监听的单词计数器",
    rules: &[LISTENS, COUNTS, TOGETHER, ONE_SERVER, AGAIN, CLOSES, KEEPS],
    judge,
};

const LISTENS: Rule = Rule {
    name: "listens",
    en: "The server listens at the path that it is given, and then prints a line that begins with `listening`.",
    zh: "服务器在给它的路径上监听，然后打印一行，开头是 `listening`。",
    see: "In Rust",
};
const COUNTS: Rule = Rule {
    name: "counts",
    en: "To a line with a word, the server answers with the word and how many times it has come by now: `tea 2`.",
    zh: "收到一行一个词，服务器就回这个词，再加上它到现在一共来过几次：`tea 2`。",
    see: "Exercise",
};
const TOGETHER: Rule = Rule {
    name: "together",
    en: "Words are counted no matter who sends them: one count for all clients, also when they come at the same time.",
    zh: "词不管是谁发的，都算在一起：所有客户端共用一份计数，同时来也不能数错。",
    see: "Exercise",
};
const ONE_SERVER: Rule = Rule {
    name: "one-server",
    en: "While a server lives at the path, a second one leaves it alone: it ends with an exit status other than 0, and the first goes on.",
    zh: "路径上的服务器还活着，第二个就不能抢：第二个自己退出，退出状态不是 0，第一个照常服务。",
    see: "The file outlives a server that was killed",
};
const AGAIN: Rule = Rule {
    name: "starts-again",
    en: "When a server was killed, its file stays, and yet the next server starts at the same path.",
    zh: "服务器被杀，文件会留下。即使这样，下一个服务器也要能在同一个路径上启动。",
    see: "The file outlives a server that was killed",
};
const CLOSES: Rule = Rule {
    name: "closes",
    en: "At Enter, and at the end of its input, the server ends with exit status 0 and leaves no file behind.",
    zh: "按了回车，或者输入到头，服务器就结束：退出状态是 0，文件不能留下。",
    see: "Run it",
};
const KEEPS: Rule = Rule {
    name: "keeps-files",
    en: "A file that is no socket is not left over but somebody's work: the server does not touch it, and ends with an exit status other than 0.",
    zh: "不是套接字的文件，就不是遗留下来的，而是别人的东西：服务器不能碰它，要自己退出，退出状态不是 0。",
    see: "Watch out",
};

/// How many clients count the same word at once, and how many times each.
const CROWD: usize = 10;

#[cfg(not(unix))]
fn judge(_: &Check) -> Verdict {
    Ok(())
}

#[cfg(unix)]
fn judge(check: &Check) -> Verdict {
    let scratch = check.scratch()?;
    let path = scratch.path().join("words.sock");
    let started = |rule: &Rule| -> Verdict<Program> {
        let server = check.start([&path])?;
        server.line_with("listening", rule)?;
        Ok(server)
    };
    let client = |name: &str, rule: &Rule| -> Verdict<Peer> {
        has_file(check, &path, true, rule)?;
        check.connect(name, &path)
    };

    let server = started(&LISTENS)?;
    let mut ada = client("ada", &LISTENS)?;
    counted(&mut ada, "tea", 1, &COUNTS)?;
    counted(&mut ada, "tea", 2, &COUNTS)?;
    counted(&mut ada, "牛奶", 1, &COUNTS)?;
    let mut bob = client("bob", &LISTENS)?;
    counted(&mut bob, "tea", 3, &TOGETHER)?;
    drop(bob);
    counted(&mut ada, "tea", 4, &TOGETHER)?;
    counted(&mut client("cem", &LISTENS)?, "tea", 5, &TOGETHER)?;

    let second = check.start([&path])?;
    gives_up(check, &second, &ONE_SERVER)?;
    counted(&mut client("dan", &ONE_SERVER)?, "tea", 6, &ONE_SERVER)?;
    server.expect_running(&ONE_SERVER)?;

    server.kill();
    drop(ada);
    let server = started(&AGAIN)?;
    counted(&mut client("eve", &AGAIN)?, "tea", 1, &AGAIN)?;
    server.type_in("\n");
    closed(check, &server, &path)?;

    let notes = scratch.path().join("notes.txt");
    let written = std::fs::write(&notes, "my only copy\n").is_ok();
    gives_up(check, &check.start([&notes])?, &KEEPS)?;
    let kept = std::fs::read_to_string(&notes).is_ok_and(|text| text == "my only copy\n");
    if written && !kept {
        let kept = Observed::text("notes.txt is as it was", "notes.txt 原样不动");
        let gone = Observed::text("notes.txt is gone, or another", "notes.txt 没了，或者变了");
        return Err(check.failed(&KEEPS, kept, gone));
    }

    let server = started(&LISTENS)?;
    at_once(check, |n| client(&format!("client {n}"), &LISTENS))?;
    server.close_stdin();
    closed(check, &server, &path)
}

fn counted(client: &mut Peer, word: &str, count: usize, rule: &Rule) -> Verdict {
    client.send(format!("{word}\n"));
    client.expect_exactly(format!("{word} {count}\n"), rule)
}

/// All count the same word: each number has to come once.
fn at_once(check: &Check, client: impl Fn(usize) -> Verdict<Peer> + Sync) -> Verdict {
    let answers = Mutex::new(Vec::new());
    check.at_once(CROWD, |n| {
        let mut client = client(n)?;
        for _ in 0..CROWD {
            client.send("race\n");
            let answer = client
                .line(Observed::text("the answer to `race`", "对 `race` 的回复"), &TOGETHER)?;
            lock(&answers).push(answer);
        }
        Ok(())
    })?;
    let answers = lock(&answers);
    let mut missing = (1..=CROWD * CROWD).map(|n| format!("race {n}"));
    let Some(missing) = missing.find(|answer| !answers.contains(answer)) else { return Ok(()) };
    let nobody = Observed::text("no client got this answer", "没有一个客户端收到这个回答");
    Err(check.failed(&TOGETHER, Observed::bytes(missing), nobody))
}

fn has_file(check: &Check, path: &Path, there: bool, rule: &Rule) -> Verdict {
    if path.exists() == there {
        return Ok(());
    }
    let file = Observed::text("there is a file at the path", "路径上有文件");
    let none = Observed::text("there is no file at the path", "路径上没有文件");
    Err(if there { check.failed(rule, file, none) } else { check.failed(rule, none, file) })
}

/// The server has to end in place of listening, and say by its status that it is not content.
fn gives_up(check: &Check, server: &Program, rule: &Rule) -> Verdict {
    match server.wait(rule)?.status {
        Some(0) => {
            let other = Observed::text("an exit status other than 0", "退出状态不是 0");
            Err(check.failed(rule, other, Observed::Exit(Some(0))))
        }
        _ => Ok(()),
    }
}

fn closed(check: &Check, server: &Program, path: &Path) -> Verdict {
    server.expect_exit(0, &CLOSES)?;
    has_file(check, path, false, &CLOSES)
}

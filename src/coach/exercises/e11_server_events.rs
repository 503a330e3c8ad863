//! 11: a chat room of many sockets, one of which does not read. The trap: it stops the others, or fills the memory.

use std::collections::BTreeSet;

use crate::check::{Check, Observed, Peer, Rule, Verdict};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "11_server_events",
    en: "a chat room in which nobody waits for the slowest",
    zh: "再慢的人也拖不住大家的聊天室",
    rules: &[GREETS, COMES, SAYS, OWN, LEAVES, STOPS_NOBODY, PATIENT, BOUNDED, MANY],
    judge,
};

const GREETS: Rule = Rule {
    name: "greets",
    en: "Every client is told its number, counted from 1: `You are 1.` From then on it is in the room, and hears what goes on.",
    zh: "客户端来了，先告诉它编号，从 1 数起：`You are 1.` 从这时起它就在聊天室里，有什么都要听到。",
    see: "Run it",
};
const COMES: Rule = Rule {
    name: "comes",
    en: "Whoever is in the room is told who else comes: `2 has come.`",
    zh: "又来了谁，要告诉已经在聊天室里的人：`2 has come.`",
    see: "Exercise",
};
const SAYS: Rule = Rule {
    name: "says",
    en: "What one says is heard by all the others, as a line with its number in front: `1: hello`.",
    zh: "一个人说的话，其他人都要收到，一句一行，前面是他的编号：`1: hello`。",
    see: "Exercise",
};
const OWN: Rule = Rule {
    name: "not-own",
    en: "Nobody hears what it has said itself: that is for the others.",
    zh: "自己说的话，自己不用再听一遍：那是说给别人的。",
    see: "Exercise",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may leave in the middle of a line, and it may be cut off. The others are told `3 has left.`, half a line is not said, and the room stays open.",
    zh: "客户端可能话说一半就走，也可能被掐断。要告诉其他人 `3 has left.`，半句话不算说，聊天室照常开着。",
    see: "Exercise",
};
const STOPS_NOBODY: Rule = Rule {
    name: "stops-nobody",
    en: "A client that does not read stops nobody: the others hear everything, at once, as ever.",
    zh: "一个客户端不读，不能拖住别人：别人照样马上听到每一句。",
    see: "Exercise",
};
const PATIENT: Rule = Rule {
    name: "patient",
    en: "Who has not read for a while, and then does, gets everything: nobody is thrown out before more than 8 MiB wait.",
    zh: "一时没读、后来又读的，一个字节也不能少：攒下的没超过 8 MiB，谁都不能赶走。",
    see: "Exercise",
};
const BOUNDED: Rule = Rule {
    name: "bounded",
    en: "For a client that never reads, the room does not keep everything: when more than 8 MiB wait, it is disconnected, and the others are told that it has left.",
    zh: "对一直不读的客户端，聊天室不能什么都替它留着：攒下的超过 8 MiB，就断开它，并告诉其他人它走了。",
    see: "Exercise",
};
const MANY: Rule = Rule {
    name: "many",
    en: "Any number of clients are in the room, and each hears all the others, also when all speak at once.",
    zh: "聊天室里人再多，哪怕大家同时开口，每个人也都要听到其他所有人的话。",
    see: "Run it",
};

/// How long a line is when much is said.
const LINE: usize = 512 << 10;
/// How much is said while one does not read, and then does: less than 8 MiB, and more than most kernels hold.
const WHILE: usize = 6 << 20;
/// How much is said until one that never reads has to be gone: 8 MiB, and more than any kernel holds.
const MOST: usize = 64 << 20;
const CROWD: usize = 20;

/// A client in the room.
struct Guest<'c> {
    check: &'c Check,
    number: usize,
    peer: Peer,
}

fn judge(check: &Check) -> Verdict {
    let server = check.start(["0"])?;
    let port = server.port()?;
    let enters = |name: &str, number: usize| -> Verdict<Guest<'_>> {
        let mut peer = check.connect(name, port)?;
        peer.expect_exactly(format!("You are {number}.\n"), &GREETS)?;
        Ok(Guest { check, number, peer })
    };

    let mut ada = enters("ada", 1)?;
    let mut bob = enters("bob", 2)?;
    ada.hears("2 has come.", &COMES)?;
    let mut cem = enters("cem", 3)?;
    ada.hears("3 has come.", &COMES)?;
    bob.hears("3 has come.", &COMES)?;
    cem.peer.send("hi\n");
    ada.hears("3: hi", &SAYS)?;
    bob.hears("3: hi", &SAYS)?;
    ada.peer.send("hello\n");
    bob.hears("1: hello", &SAYS)?;
    cem.hears("1: hello", &SAYS)?;
    bob.peer.send("你好\n再见\n");
    for guest in [&mut ada, &mut cem] {
        guest.hears("2: 你好", &SAYS)?;
        guest.hears("2: 再见", &SAYS)?;
    }

    cem.peer.send("I am about to l");
    drop(cem);
    ada.hears("3 has left.", &LEAVES)?;
    bob.hears("3 has left.", &LEAVES)?;
    check.connect("cut off", port)?.reset();
    for guest in [&mut ada, &mut bob] {
        guest.hears("4 has come.", &COMES)?;
        guest.hears("4 has left.", &LEAVES)?;
    }

    let mut eve = enters("eve", 5)?;
    ada.hears("5 has come.", &COMES)?;
    bob.hears("5 has come.", &COMES)?;
    eve.peer.remark("does not read for a while", "暂时不读");
    let mut said = String::new();
    for n in 1..=WHILE / LINE {
        let line = long_line(n);
        if speaks(&mut ada, &mut bob, &line, "5 has left.\n")? {
            let stays = Observed::text("5 stays in the room", "5 号还在聊天室里");
            return Err(check.failed(&PATIENT, stays, Observed::bytes("5 has left.\n")));
        }
        said += &format!("1: {line}");
    }
    eve.peer.expect_exactly(said, &PATIENT)?;
    drop(eve);
    ada.hears("5 has left.", &LEAVES)?;
    bob.hears("5 has left.", &LEAVES)?;

    let fay = enters("fay", 6)?;
    ada.hears("6 has come.", &COMES)?;
    bob.hears("6 has come.", &COMES)?;
    fay.peer.stall();
    never_reads(&mut ada, &mut bob, "6 has left.\n")?;

    crowd(enters)?;
    server.expect_running(&LEAVES)
}

impl Guest<'_> {
    fn hears(&mut self, line: &str, rule: &Rule) -> Verdict {
        let came = self.peer.line(Observed::bytes(line), rule)?;
        if came == line {
            return Ok(());
        }
        let own = [" has ", ": "].map(|what| format!("{}{what}", self.number));
        let is_own = own.iter().any(|own| came.starts_with(own));
        let rule = if is_own { &OWN } else { rule };
        Err(self.check.failed(rule, Observed::bytes(line), Observed::bytes(came)))
    }
}

/// No two are the same, so that one that is left out shows.
fn long_line(n: usize) -> String {
    format!("{n} {}\n", "z".repeat(LINE))
}

/// One says a line, and another one has to hear it. Whether it has heard the news before that.
fn speaks(one: &mut Guest<'_>, other: &mut Guest<'_>, line: &str, news: &str) -> Verdict<bool> {
    one.peer.send(line);
    let line = format!("{}: {line}", one.number);
    let start = other.peer.take(news.len(), &STOPS_NOBODY)?;
    let told = start == news.as_bytes();
    let rest = if told { Some(line.as_bytes()) } else { line.as_bytes().strip_prefix(&start[..]) };
    let wrong = || one.check.failed(&STOPS_NOBODY, Observed::bytes(&line), Observed::bytes(&start));
    other.peer.expect_exactly(rest.ok_or_else(wrong)?, &STOPS_NOBODY)?;
    Ok(told)
}

/// One speaks on and on, until it and another one hear that a third one, which never reads, has left.
fn never_reads(one: &mut Guest<'_>, other: &mut Guest<'_>, news: &str) -> Verdict {
    for n in 1..=MOST / LINE {
        if speaks(one, other, &long_line(n), news)? {
            return one.peer.expect_exactly(news, &BOUNDED);
        }
    }
    let mib = MOST >> 20;
    let still = Observed::text(
        format!("{mib} MiB were said, and the one that does not read is still there"),
        format!("已经说了 {mib} MiB，不读的那个还在"),
    );
    Err(one.check.failed(&BOUNDED, Observed::bytes(news), still))
}

/// Many come, and then all speak at once.
fn crowd<'c>(enters: impl Fn(&str, usize) -> Verdict<Guest<'c>>) -> Verdict {
    let numbers = 7..7 + CROWD;
    let crowd = numbers.clone().map(|number| enters(&format!("client {number}"), number));
    let mut crowd = crowd.collect::<Verdict<Vec<_>>>()?;
    crowd.iter_mut().for_each(|one| one.peer.send("all at once\n"));
    for one in &mut crowd {
        let said = |number: usize| format!("{number}: all at once");
        let others = numbers.clone().filter(|number| *number != one.number);
        let mut missing: BTreeSet<String> = others.map(said).collect();
        let mut news = CROWD; // so many may have come after it
        while let Some(next) = missing.first() {
            let line = one.peer.line(Observed::bytes(next), &MANY)?;
            if !missing.contains(&line) {
                if news == 0 || !line.ends_with(" has come.") {
                    let rule = if line == said(one.number) { &OWN } else { &MANY };
                    return Err(one.check.failed(
                        rule,
                        Observed::bytes(next),
                        Observed::bytes(line),
                    ));
                }
                news -= 1;
            }
            missing.remove(&line);
        }
    }
    Ok(())
}

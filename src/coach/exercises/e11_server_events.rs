//! 11: a chat room of many sockets, one of which does not read. The trap: it stops the others, or fills the memory.

mod patience;

use std::collections::BTreeSet;
use std::sync::Mutex;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use self::patience::{never_reads, reads_later, waited_in_time};
use super::common::{CLOSES, IDLE, Server, buffers};
use crate::coach::exercise::Exercise;
use crate::coach::lock;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "11_server_events",
    en: "a chat room in which nobody waits for the slowest",
    zh: "再慢的人也拖不住大家的聊天室",
    rules: &[
        GREETS,
        COMES,
        SAYS,
        OWN,
        ANY,
        LEAVES,
        STOPS_NOBODY,
        PATIENT,
        BOUNDED,
        MANY,
        CLOSES,
        IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const GREETS: Rule = Rule {
    name: "greets",
    en: "Every client is told its number, counted from 1, which no other client ever gets: `You are 1.` From then on it is in the room, and hears what is said and who comes and goes.",
    zh: "客户端来了，先告诉它编号，从 1 数起，人走了也不再给别人：`You are 1.` 从这时起它就在聊天室里，谁说了什么、谁来谁走，都要听到。",
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
    en: "What one says is heard by all the others at once, as a line with its number in front: `1: hello`. A line may arrive in pieces, with a pause between them.",
    zh: "一个人说的话，其他人都要马上收到，一句一行，前面是他的编号：`1: hello`。一行可能分成几块到，中间还会停顿。",
    see: "Exercise",
};
const OWN: Rule = Rule {
    name: "not-own",
    en: "Nobody hears what it has said itself: that is for the others.",
    zh: "自己说的话，自己不用再听一遍：那是说给别人的。",
    see: "Exercise",
};
const ANY: Rule = Rule {
    name: "any-byte",
    en: "A line with bytes that are no text disturbs nobody: it is passed on as it is, or with `�`, or its sender is disconnected.",
    zh: "一行里有不是文本的字节，也不能打扰别人：原样转发，或者换成 `�`，或者断开发它的人。",
    see: "Exercise",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may leave in the middle of a line, and its connection may be reset. The others are told `3 has left.`, half a line is not said, and the room stays open.",
    zh: "客户端可能话说一半就走，连接也可能被重置。要告诉其他人 `3 has left.`，半句话不算说，聊天室照常开着。",
    see: "Exercise",
};
const STOPS_NOBODY: Rule = Rule {
    name: "stops-nobody",
    en: "A client that does not read stops nobody: the others hear everything at once as ever, and may come and go.",
    zh: "一个客户端不读，不能拖住别人：别人照样马上听到每一句，照样可以来，可以走。",
    see: "Exercise",
};
const PATIENT: Rule = Rule {
    name: "patient",
    en: "A client that has not read for a while, and then does, gets everything: nobody is disconnected before more than 8 MiB wait for it.",
    zh: "一时没读、后来又读的，一个字节也不能少：攒下的没超过 8 MiB，谁都不能断开。",
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
    en: "Any number of clients are in the room, no two with the same number, and each hears all the others, also when all come, or speak, at the same time.",
    zh: "聊天室里人再多，编号也不能重复；哪怕大家同时来、同时开口，每个人也都要听到其他所有人的话。",
    see: "Run it",
};

const CROWD: usize = 40;

/// A client in the room.
struct Guest<'c> {
    check: &'c Check,
    number: usize,
    peer: Peer,
}

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let mut ada = enters(&server, "ada", &GREETS)?;
    ada.is_number(1, &GREETS)?;
    let mut bob = enters(&server, "bob", &MANY)?;
    bob.is_number(2, &GREETS)?;
    ada.hears("2 has come.", &COMES)?;
    let mut cem = enters(&server, "cem", &MANY)?;
    cem.is_number(3, &GREETS)?;
    check.kept(&GREETS);
    ada.hears("3 has come.", &COMES)?;
    bob.hears("3 has come.", &COMES)?;
    check.kept(&COMES);
    talk(check, [&mut ada, &mut bob, &mut cem])?;

    let mut dan = enters(&server, "dan", &GREETS)?;
    dan.peer.half_close();
    dan.peer.expect_end(&CLOSES)?;
    for guest in [&mut ada, &mut bob] {
        guest.hears("4 has come.", &COMES)?;
        guest.hears("4 has left.", &LEAVES)?;
    }
    cem.peer.send("I am about to l");
    cem.peer.half_close();
    cem.peer.expect_end(&CLOSES)?;
    ada.hears("3 has left.", &LEAVES)?;
    bob.hears("3 has left.", &LEAVES)?;
    server.connect("cut off")?.reset();
    for guest in [&mut ada, &mut bob] {
        guest.hears("5 has come.", &COMES)?;
        guest.hears("5 has left.", &LEAVES)?;
    }
    no_text(&server, [&mut ada, &mut bob])?;
    check.kept(&ANY);

    reads_later(&server, &mut ada, &mut bob)?;
    let mut fay = enters(&server, "fay", &GREETS)?;
    let number = fay.number;
    for guest in [&mut ada, &mut bob] {
        guest.hears(&format!("{number} has come."), &COMES)?;
    }
    let said = never_reads(&mut ada, &mut bob, &format!("{number} has left.\n"))?;
    waited_in_time(check, said, &mut fay)?;
    check.kept(&PATIENT);
    check.kept(&BOUNDED);
    check.kept(&STOPS_NOBODY);

    let (pause, mut patient) = (check.long_pause(), enters(&server, "patient", &GREETS)?);
    patient.peer.send(&"你好\n".as_bytes()[..4]);
    crowd(&server)?;
    check.kept(&MANY);
    check.kept(&OWN);
    server.expect_freed(3, &CLOSES)?; // `ada`, `bob` and `patient`
    check.kept(&CLOSES);
    server.is_idle_while(|| patient.peer.expect_open(&pause, &SAYS))?;
    patient.peer.send(&"你好\n".as_bytes()[4..]);
    let said = format!("{}: 你好", patient.number);
    loop {
        let line = ada.next(&said, &SAYS)?;
        let crowd = line.contains(" has ") || line.ends_with(": all at once");
        match line == said {
            true => break,
            false if crowd => {}
            false => {
                let [said, line] = [said, line].map(Observed::bytes);
                return Err(check.failed(&SAYS, said, line));
            }
        }
    }
    check.kept(&SAYS);
    server.program.expect_running(&LEAVES)?;
    check.kept(&LEAVES);
    Ok(())
}

/// A client that has been told its number.
fn enters<'c>(server: &Server<'c>, name: &str, rule: &Rule) -> Verdict<Guest<'c>> {
    let mut peer = server.connect_by(name, rule)?;
    let awaited = Observed::text("`You are N.`, with its number", "`You are N.`，N 是它的编号");
    let line = peer.line(awaited.clone(), rule)?;
    let number = line.strip_prefix("You are ").and_then(|rest| rest.strip_suffix('.'));
    match number.and_then(|number| number.parse().ok()) {
        Some(number) => Ok(Guest { check: server.check, number, peer }),
        None => Err(server.check.failed(rule, awaited, Observed::bytes(line))),
    }
}

impl Guest<'_> {
    fn is_number(&self, number: usize, rule: &Rule) -> Verdict {
        let [expected, actual] =
            [number, self.number].map(|number| Observed::bytes(format!("You are {number}.")));
        if expected == actual { Ok(()) } else { Err(self.check.failed(rule, expected, actual)) }
    }

    fn hears(&mut self, line: &str, rule: &Rule) -> Verdict {
        self.hears_any(&[line], rule)
    }

    /// Expects one of these lines next.
    fn hears_any(&mut self, lines: &[&str], rule: &Rule) -> Verdict {
        let next = self.next(lines[0], rule)?;
        match lines.contains(&&*next) {
            true => Ok(()),
            false => {
                // A message that a client has left, which did not happen, or was sent twice.
                let leaving = |line: &str| line.ends_with(" has left.");
                let rule = if leaving(&next) && !leaving(lines[0]) { &LEAVES } else { rule };
                let expected = Observed::bytes(lines[0]);
                Err(self.check.failed(rule, expected, Observed::bytes(next)))
            }
        }
    }

    /// Expects one of these lines next, which may be long. Returns which one.
    fn hears_next(&mut self, lines: &[&str], rule: &Rule) -> Verdict<usize> {
        let either = |line: &&str| [line.to_string(), line.replace('\n', "\r\n")];
        let choices: Vec<String> = lines.iter().flat_map(either).collect();
        self.peer.expect_any(&choices, rule).map(|chosen| chosen / 2)
    }

    /// Receives the next line, which must not be about this client.
    fn next(&mut self, awaited: &str, rule: &Rule) -> Verdict<String> {
        let line = self.peer.line(Observed::bytes(awaited), rule)?;
        let own = [" has ", ": "].map(|what| format!("{}{what}", self.number));
        let rules = [if line.ends_with(" has left.") { &LEAVES } else { &COMES }, &OWN];
        match own.iter().zip(rules).find(|(own, _)| line.starts_with(*own)) {
            None => Ok(line),
            Some((_, rule)) => {
                let expected = Observed::bytes(awaited);
                Err(self.check.failed(rule, expected, Observed::bytes(line)))
            }
        }
    }
}

/// Each client says something, and the others must receive it.
fn talk(check: &Check, [ada, bob, cem]: [&mut Guest<'_>; 3]) -> Verdict {
    let word = random::word();
    check.promptly(&SAYS, || {
        cem.peer.send(format!("{word}\n"));
        ada.hears(&format!("3: {word}"), &SAYS)?;
        bob.hears(&format!("3: {word}"), &SAYS)
    })?;
    ada.peer.send("hello\n");
    bob.hears("1: hello", &SAYS)?;
    cem.hears("1: hello", &SAYS)?;
    bob.peer.send("你好\r\n再见, and more\n");
    for guest in [&mut *ada, &mut *cem] {
        guest.hears("2: 你好", &SAYS)?;
        guest.hears("2: 再见, and more", &SAYS)?;
    }
    cem.peer.send_pieces(byte_by_byte("红茶 \u{1f600}\n".as_bytes()));
    ada.hears("3: 红茶 \u{1f600}", &SAYS)?;
    bob.hears("3: 红茶 \u{1f600}", &SAYS)?;
    // Blanks at the edges may stay or go.
    cem.peer.send("  two  blanks \n");
    let blanks = ["3:   two  blanks ", "3: two  blanks", "3:   two  blanks", "3: two  blanks "];
    ada.hears_any(&blanks, &SAYS)?;
    bob.hears_any(&blanks, &SAYS)
}

/// Whatever becomes of it, the others hear that it leaves.
fn no_text(server: &Server<'_>, others: [&mut Guest<'_>; 2]) -> Verdict {
    let mut strange = enters(server, "no text", &ANY)?;
    strange.peer.send(b"caf\xe9 \xff\n");
    let mut stays = Vec::new();
    for guest in others {
        guest.hears("6 has come.", &COMES)?;
        let next = guest.next("6: caf\u{fffd} \u{fffd}", &ANY)?;
        match &*next {
            "6 has left." => {}
            "6: caf\u{fffd} \u{fffd}" => stays.push(guest),
            _ => {
                let said = Observed::bytes("6: caf\u{fffd} \u{fffd}");
                return Err(guest.check.failed(&ANY, said, Observed::bytes(next)));
            }
        }
    }
    strange.peer.half_close();
    strange.peer.expect_end(&CLOSES)?;
    for guest in stays {
        guest.hears("6 has left.", &LEAVES)?;
    }
    Ok(())
}

/// Many clients join at the same time, and then all send at the same time.
fn crowd(server: &Server<'_>) -> Verdict {
    let guests = Mutex::new(Vec::new());
    server.check.at_once(CROWD, |n| {
        let guest = enters(server, &format!("client {n}"), &MANY)?;
        lock(&guests).push(guest);
        Ok(())
    })?;
    let mut crowd = guests.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    crowd.sort_by_key(|guest| guest.number);
    let first = crowd.first().map_or(0, |guest| guest.number);
    for (guest, number) in crowd.iter().zip(first..) {
        guest.is_number(number, &MANY)?;
    }
    let numbers = first..first + CROWD;
    crowd.iter_mut().for_each(|one| one.peer.send("all at once\n"));
    for one in &mut crowd {
        let others = numbers.clone().filter(|number| *number != one.number);
        let mut missing: BTreeSet<String> =
            others.map(|number| format!("{number}: all at once")).collect();
        let mut news = CROWD; // so many may have come after it
        while let Some(next) = missing.first() {
            let line = one.next(next, &MANY)?;
            if !missing.contains(&line) {
                if news == 0 || !line.ends_with(" has come.") {
                    let expected = Observed::bytes(next);
                    return Err(one.check.failed(&MANY, expected, Observed::bytes(line)));
                }
                news -= 1;
            }
            missing.remove(&line);
        }
    }
    Ok(())
}

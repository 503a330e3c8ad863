//! 03: a server that greets every client and answers every line. The myth: what one read brings is one message.

use std::time::Duration;

use net_notes::check::{Check, Observed, Peer, Rule, Verdict, byte_by_byte, random};

use super::common::{CLOSES, IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "03_server",
    en: "a greeting server for any number of clients",
    zh: "会打招呼的服务器，来多少客户端都行",
    rules: &[GREETS, ANSWERS, HALF, GLUED, MANY, APART, STRANGE, LEAVES, CLOSES, IDLE],
    needs_unix_sockets: false,
    judge,
};

const GREETS: Rule = Rule {
    name: "greets",
    en: "The server greets every client with a line as soon as it connects, before the client has said a word.",
    zh: "客户端一连上，服务器就先说一行话打招呼，不等客户端开口。",
    see: "In Rust",
};
const ANSWERS: Rule = Rule {
    name: "answers",
    en: "To a line with a name, the server answers `Welcome, NAME!` in a line of its own, at once. The line may end in `\\n` or in `\\r\\n`, and the name may be several words.",
    zh: "收到一行名字，服务器马上回一行 `Welcome, 名字!`。这一行可以用 `\\n` 结尾，也可以用 `\\r\\n`；名字可以是好几个词。",
    see: "Exercise",
};
const HALF: Rule = Rule {
    name: "half-a-line",
    en: "Half a line is no line: the server answers when the rest has arrived, and then to all of it, in however many pieces it comes, and however long the client pauses.",
    zh: "半行不算一行：等剩下的到了，再对整行回复，不管它分成几块到，也不管客户端中间停多久。",
    see: "Reflect",
};
const GLUED: Rule = Rule {
    name: "glued-lines",
    en: "Two lines in one piece are two lines: each gets its own answer.",
    zh: "一块数据里有两行，就是两行：每行各回一次。",
    see: "Reflect",
};
const MANY: Rule = Rule {
    name: "many",
    en: "Any number of clients are served at the same time: nobody waits for another one to leave.",
    zh: "不管来多少客户端，都要同时服务：谁也不用等别人走。",
    see: "Reflect",
};
const APART: Rule = Rule {
    name: "apart",
    en: "What one client has sent of its line has nothing to do with the line of another.",
    zh: "一个客户端发来的半行，不能和别的客户端的混在一起。",
    see: "Reflect",
};
const STRANGE: Rule = Rule {
    name: "strange-lines",
    en: "A line may be strange, and does no harm: one with blanks is answered, one with nothing in it keeps no other from its answer, and one with bytes that are no text disturbs no other client.",
    zh: "奇怪的行不能坏事：带空格的照样回复；一个字都没有的行，不能耽误后面的行；有的字节不是文本，也不能影响别的客户端。",
    see: "Exercise",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "A client may leave without a word, or in the middle of one, and its connection may break. The server stays up for the others.",
    zh: "客户端可能一声不吭就走，也可能话说一半就走，连接还可能断掉。服务器要继续为别人服务。",
    see: "Run it",
};

fn judge(check: &Check) -> Verdict {
    let server = Server::start(check)?;
    let [ada, grace] = [random::word(), random::word()];
    let mut first = Vec::new(); // nobody leaves before it is the turn of that
    check.promptly(&ANSWERS, || {
        let mut client = greeted(&server, "first", &GREETS)?;
        client.send(format!("{ada}\n"));
        welcomed(&mut client, &ada, &ANSWERS)?;
        first.push(client);
        Ok(())
    })?;
    // Some after each other: one alone may be late by less than one would notice.
    check.promptly(&GREETS, || {
        (0..4).try_for_each(|_| {
            first.push(greeted(&server, "next", &MANY)?);
            Ok(())
        })
    })?;
    check.kept(&GREETS);
    let mut stays = greeted(&server, "ada", &MANY)?;
    stays.send(format!("{ada}\n"));
    welcomed(&mut stays, &ada, &MANY)?;
    stays.send(format!("{ada} {grace}\r\n"));
    welcomed(&mut stays, &format!("{ada} {grace}"), &ANSWERS)?;
    // Names as they are, each in one piece: and an end of two characters was the end of one line.
    for name in ["Grace Hopper", "韩梅梅"] {
        stays.send(format!("{name}\r\n"));
        welcomed(&mut stays, name, &ANSWERS)?;
    }
    stays.expect_silence(Duration::from_millis(50), &ANSWERS)?;

    let mut half = greeted(&server, "half", &MANY)?;
    let (before, after) = grace.split_at(3);
    half.send(before);
    half.expect_silence(Duration::from_millis(150), &HALF)?;
    half.send(format!("{after}\n"));
    welcomed(&mut half, &grace, &HALF)?;
    half.send_pieces(byte_by_byte("李雷\n".as_bytes()));
    welcomed(&mut half, "李雷", &HALF)?;
    half.send_pieces(["Ada\r", "\n"]);
    welcomed(&mut half, "Ada", &HALF)?;
    let long = random::word().repeat(20_000); // more than any buffer that is not meant to grow
    half.send(format!("{long}\n"));
    welcomed(&mut half, &long, &HALF)?;

    let mut glued = greeted(&server, "glued", &MANY)?;
    glued.send("Tim\nVint\nBo");
    welcomed(&mut glued, "Tim", &GLUED)?;
    welcomed(&mut glued, "Vint", &GLUED)?;
    glued.send("b\n");
    let answers = ["Welcome, Bob!\n", "Welcome, Bob!\r\n", "Welcome, Bo!"];
    if glued.expect_any(&answers, &GLUED)? == 2 {
        let [whole, half] = [answers[0], answers[2]].map(Observed::bytes);
        return Err(check.failed(&HALF, whole, half)); // it did not wait for the rest
    }
    check.kept(&GLUED);

    let mut one = greeted(&server, "one", &MANY)?;
    let mut two = greeted(&server, "two", &MANY)?;
    // The half arrives together with a whole line, so once that is answered, the half was read as well.
    one.send("Uno\nOn");
    welcomed(&mut one, "Uno", &APART)?;
    two.send("Dos\nTw");
    welcomed(&mut two, "Dos", &APART)?;
    two.send("o\n");
    welcomed(&mut two, "Two", &APART)?;
    one.send("e\n");
    welcomed(&mut one, "One", &APART)?;
    check.kept(&APART);

    let pause = check.long_pause();
    let (name, mut patient) = (random::chinese(2), greeted(&server, "patient", &MANY)?);
    patient.send(&name.as_bytes()[..4]); // in the middle of a character

    let strange = strange(&server, &mut stays)?;
    check.kept(&STRANGE);
    let many = server.serves_many(
        &MANY,
        |n| format!("{n}\n").into(),
        |mut client, n| {
            client.line(Observed::text("a line, as a greeting", "一行打招呼的话"), &MANY)?;
            welcomed(&mut client, &n.to_string(), &MANY).map(|()| client)
        },
    )?;
    drop(many);
    server.or_ended(leaves(&server), &LEAVES)?;
    let crowd = check.at_once(20, |n| {
        let mut client = greeted(&server, &format!("client {n}"), &MANY)?;
        client.send(format!("number {n}\n"));
        welcomed(&mut client, &format!("number {n}"), &MANY)
    });
    server.or_ended(crowd, &LEAVES)?;
    stays.send(format!("{ada}\n"));
    welcomed(&mut stays, &ada, &MANY)?;
    check.kept(&MANY);
    // A line, and the end at once behind it: `printf 'Zoe\n' | nc`.
    for _ in 0..4 {
        let mut hasty = greeted(&server, "hasty", &MANY)?;
        hasty.send("Zoe\n");
        hasty.half_close();
        welcomed(&mut hasty, "Zoe", &ANSWERS)?;
        hasty.expect_end(&CLOSES)?;
    }
    check.kept(&ANSWERS);

    one.send("half a l");
    for mut client in first.into_iter().chain(strange).chain([stays, half, glued, one, two]) {
        client.half_close();
        client.expect_end(&CLOSES)?;
    }
    server.expect_freed(1, &CLOSES)?;
    check.kept(&CLOSES);
    server.is_idle_while(|| patient.wait_out(&pause, &HALF))?;
    patient.send([&name.as_bytes()[4..], b"\n"].concat());
    welcomed(&mut patient, &name, &HALF)?;
    check.kept(&HALF);
    server.program.expect_running(&LEAVES)?;
    check.kept(&LEAVES);
    Ok(())
}

/// A client that has got its greeting, whatever that says.
fn greeted(server: &Server<'_>, name: &str, rule: &Rule) -> Verdict<Peer> {
    let mut client = server.connect_by(name, rule)?;
    client.line(Observed::text("a line, as a greeting", "一行打招呼的话"), rule)?;
    Ok(client)
}

fn welcomed(client: &mut Peer, name: &str, rule: &Rule) -> Verdict {
    client.expect_line(format!("Welcome, {name}!"), rule)
}

/// Returns the clients, as none has left yet.
fn strange(server: &Server<'_>, other: &mut Peer) -> Verdict<[Peer; 4]> {
    // The blanks at the edges of a name may stay or go.
    let mut blanks = greeted(server, "blanks", &MANY)?;
    blanks.send("  Ada   Lovelace \n");
    let names = ["Ada   Lovelace", "  Ada   Lovelace ", "  Ada   Lovelace", "Ada   Lovelace "];
    let answers = names.map(|name| format!("Welcome, {name}!\n"));
    let answers: Vec<String> =
        answers.iter().flat_map(|line| [line.clone(), line.replace('\n', "\r\n")]).collect();
    blanks.expect_any(&answers, &STRANGE)?;

    // A name cannot be empty: an answer to that is as right as none.
    let mut empty = greeted(server, "empty", &MANY)?;
    empty.send("\nEve\n");
    let empty_too =
        empty.expect_any(&["Welcome, !\n", "Welcome, !\r\n", "Welcome, Eve!"], &STRANGE)?;
    match empty_too {
        2 => empty.expect_line("", &STRANGE)?,
        _ => welcomed(&mut empty, "Eve", &STRANGE)?,
    }
    // The same with an end of two characters, and with nothing but blanks.
    empty.send("\r\n \t \nBob\n");
    let wanted = Observed::text("`Welcome, Bob!`", "`Welcome, Bob!`");
    let mut line = empty.line(wanted.clone(), &STRANGE)?;
    for _ in 0..2 {
        if line != "Welcome, Bob!" {
            line = empty.line(wanted.clone(), &STRANGE)?; // what was before it got an answer
        }
    }
    if line != "Welcome, Bob!" {
        return Err(server.check.failed(&STRANGE, wanted, Observed::bytes(line)));
    }

    // Whatever it is that this client gets, its own connection may be lost.
    let mut no_text = greeted(server, "no text", &MANY)?;
    no_text.send(b"caf\xe9 \xff\nagain\n");
    no_text.wait_unread(); // an answer or the end: what it does to the server, it has done
    other.send("still here\n");
    welcomed(other, "still here", &STRANGE)?;
    let mut after = greeted(server, "after it", &STRANGE)?;
    after.send("Eve\n");
    welcomed(&mut after, "Eve", &STRANGE)?;
    Ok([blanks, empty, no_text, after])
}

fn leaves(server: &Server<'_>) -> Verdict {
    for _ in 0..6 {
        drop(server.connect_by("leaves at once", &LEAVES)?); // perhaps before it is greeted
    }
    for _ in 0..4 {
        drop(greeted(server, "silent", &LEAVES)?);
        let mut cut_off = greeted(server, "cut off", &LEAVES)?;
        cut_off.send("I am about to l");
        drop(cut_off);
        server.connect_by("resets", &LEAVES)?.reset();
    }
    let mut after = greeted(server, "after them", &LEAVES)?;
    after.send("Eve\n");
    welcomed(&mut after, "Eve", &LEAVES)
}

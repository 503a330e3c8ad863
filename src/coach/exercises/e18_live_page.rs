//! 18: a chat room in the browser, by WebSocket. The trap: a client that does not read stops the others, or fills the memory.

mod crowd;

use net_notes::check::{Check, Observed, Rule, Verdict, random};

use super::common::{FREES, IDLE, Server, buffers};
use super::web_socket::WebSocket;
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "18_live_page",
    en: "a chat room in the browser that misses whoever leaves",
    zh: "浏览器里的聊天室，谁走了大家都知道",
    rules: &[
        PAGE,
        NAME,
        COMES,
        SAYS,
        TEXT_ONLY,
        LEAVES,
        STOPS_NOBODY,
        PATIENT,
        BOUNDED,
        SAME_ORDER,
        FREES,
        IDLE,
    ],
    needs_unix_sockets: false,
    judge,
};

const PAGE: Rule = Rule {
    name: "page",
    en: "`/` is a page, and `/room` is the room: a WebSocket that the page opens.",
    zh: "`/` 是网页，`/room` 是聊天室：网页打开的 WebSocket 就连到那里。",
    see: "Run it",
};
const NAME: Rule = Rule {
    name: "name",
    en: "The first message of a visitor is its name: 1 to 20 characters, and not the name of a visitor who is in the room. For any other name, the room closes its WebSocket with the code 4000, and nobody hears of it.",
    zh: "访客的第一条消息是他的名字：1 到 20 个字符，还不能和聊天室里的人重名。不合要求的，用状态码 4000 关闭他的 WebSocket，别人都不会知道他来过。",
    see: "Exercise",
};
const COMES: Rule = Rule {
    name: "comes",
    en: "With its name, the visitor enters. First it hears who is there, in the order in which they came: `+Ada`, `+Bob`. Then all hear that it has come, and it hears that, too: `+Cem`.",
    zh: "报了名字，访客就进来了。他先听到现在都有谁，按进来的先后：`+Ada`、`+Bob`。然后所有人都听到他来了，他自己也听到：`+Cem`。",
    see: "Exercise",
};
const SAYS: Rule = Rule {
    name: "says",
    en: "What a visitor says is heard by all at once, by itself, too, with its name in front: `Cem: hello`. It does not matter how a message was cut, or which pings come in between.",
    zh: "访客说的话，所有人都马上听到，他自己也听到，前面是他的名字：`Cem: hello`。消息是怎么切开的、中间夹了什么 ping，都没有关系。",
    see: "A frame, bit by bit",
};
const TEXT_ONLY: Rule = Rule {
    name: "text-only",
    en: "All messages are text. For a binary message, with a name or without, the room closes with the code 1003.",
    zh: "消息都是文本。来了二进制消息，不管有没有名字，聊天室都用状态码 1003 关闭。",
    see: "Exercise",
};
const LEAVES: Rule = Rule {
    name: "leaves",
    en: "When a visitor has gone, with a closing frame or without one, the others hear `-Cem`, once, and the name is free again. One that never said its name is not missed.",
    zh: "访客走了，发没发关闭帧都一样，其他人都听到 `-Cem`，只听到一次，名字也空出来了。没报过名字的走了，谁也不通知。",
    see: "\"To say goodbye, end the connection\"",
};
const STOPS_NOBODY: Rule = Rule {
    name: "stops-nobody",
    en: "A visitor who does not read stops nobody: the others hear everything as ever, and may come and go.",
    zh: "一个访客不读，不能拖住别人：别人照样听到每一句，照样可以来，可以走。",
    see: "\"Everyone gets everything\"",
};
const PATIENT: Rule = Rule {
    name: "patient",
    en: "A visitor who has not read for a while, and then does, has missed nothing: nobody is cut off before more than 8 MiB wait for it.",
    zh: "一时没读、后来又读的，一句也不能少：攒下的没超过 8 MiB，谁都不能断开。",
    see: "\"Everyone gets everything\"",
};
const BOUNDED: Rule = Rule {
    name: "bounded",
    en: "For a visitor who never reads, the room does not keep everything: when more than 8 MiB wait, it is cut off, and the others hear that it has gone.",
    zh: "对一直不读的访客，聊天室不能什么都替他留着：攒下的超过 8 MiB，就断开他，其他人也都听到他走了。",
    see: "\"Everyone gets everything\"",
};
const SAME_ORDER: Rule = Rule {
    name: "same-order",
    en: "All hear everything in the same order, fifty of them, too, who come, speak and leave all at once.",
    zh: "所有人听到的次序都一样，哪怕五十个人同时来、同时说、同时走。",
    see: "Reflect",
};

/// The length of a long message.
const LONG: usize = 256 << 10;
/// The number of long messages for a client that does not read at first: less than 8 MiB, and more than most kernels hold.
const WHILE: usize = 30;
/// The number of bytes that may wait for a client that does not read.
const LIMIT: usize = 8 << 20;

/// The room, and the visitors that must be in it, in the order of their arrival.
struct Room<'c> {
    server: Server<'c>,
    names: Vec<String>,
}

/// A visitor who has a name.
struct Visitor<'c> {
    name: String,
    socket: WebSocket<'c>,
}

fn judge(check: &Check) -> Verdict {
    let mut room = Room { server: Server::start(check)?, names: Vec::new() };
    page(&room.server)?;
    let word = random::word();
    let (name, mut first) = (format!("Ada {word}"), room.connects("Ada")?);
    check.kept(&PAGE);
    first.say(&name);
    let mut ada = room.has_entered(&name, first, &mut [], &NAME)?;
    let mut bob = room.enters(&format!("Bob {word}"), &mut [&mut ada], &COMES)?;
    let mut cem = room.enters(&format!("茶 {word}"), &mut [&mut ada, &mut bob], &COMES)?;
    talk(check, [&mut ada, &mut bob, &mut cem])?;
    names(&mut room, [&mut ada, &mut bob, &mut cem])?;
    check.kept(&COMES);

    text_only(&mut room, &mut [&mut ada, &mut bob, &mut cem])?;
    check.kept(&TEXT_ONLY);
    let name = cem.name.clone();
    cem.socket.close(1001, &LEAVES)?;
    room.misses(&name, &mut [&mut ada, &mut bob])?;
    leaves(&mut room, &name, [&mut ada, &mut bob])?;

    reads_later(&mut room, &mut ada, &mut bob)?;
    check.kept(&PATIENT);
    let fay = room.enters("Fay", &mut [&mut ada, &mut bob], &COMES)?;
    fay.socket.peer.stall();
    never_reads(&mut ada, &mut bob, "-Fay")?;
    room.names.retain(|name| name != "Fay");
    check.kept(&BOUNDED);
    check.kept(&STOPS_NOBODY);

    let (pause, mut patient) = (check.long_pause(), room.connects("patient")?);
    let name = "慢慢来 and take your time"; // 20 characters
    let name: String = name.chars().take(20).collect();
    let (first, last) = name.as_bytes().split_at(4);
    patient.say_first_fragment(first, &name);
    crowd::crowd(&room, &mut ada, &mut bob)?;
    check.kept(&SAME_ORDER);
    room.server.expect_freed(3, &FREES)?; // `ada`, `bob` and `patient`
    check.kept(&FREES);
    room.server.is_idle_while(|| patient.peer.expect_open(&pause, &NAME))?;
    patient.say_last_fragment(last);
    let patient = room.has_entered(&name, patient, &mut [&mut ada, &mut bob], &NAME)?;
    check.kept(&NAME);
    ada.socket.say(&word);
    for mut visitor in [ada, bob, patient] {
        visitor.socket.hears(&format!("Ada {word}: {word}"), &SAYS)?;
    }
    check.kept(&SAYS);
    room.server.program.expect_running(&LEAVES)?;
    check.kept(&LEAVES);
    Ok(())
}

/// The page itself is not looked at: only whether there is one.
fn page(server: &Server<'_>) -> Verdict {
    let mut browser = server.connect_by("browser", &PAGE)?;
    browser.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let expected = Observed::bytes("HTTP/1.1 200 OK\r\nContent-Type: text/html");
    let head = browser.until(b"\r\n\r\n", expected.clone(), &PAGE)?;
    let text = String::from_utf8_lossy(&head).to_lowercase();
    match text.starts_with("http/1.1 200 ") && text.contains("text/html") {
        true => Ok(()),
        false => Err(server.check.failed(&PAGE, expected, Observed::bytes(head))),
    }
}

impl<'c> Room<'c> {
    /// Somebody without a name.
    fn connects(&self, who: &str) -> Verdict<WebSocket<'c>> {
        WebSocket::open(&self.server, "/room", who, &PAGE)
    }

    /// Adds a visitor, who must receive the list of the others; and all must receive its arrival.
    fn enters(
        &mut self,
        name: &str,
        others: &mut [&mut Visitor<'c>],
        rule: &Rule,
    ) -> Verdict<Visitor<'c>> {
        let mut socket = self.connects(name)?;
        socket.say(name);
        self.has_entered(name, socket, others, rule)
    }

    fn has_entered(
        &mut self,
        name: &str,
        mut socket: WebSocket<'c>,
        others: &mut [&mut Visitor<'c>],
        rule: &Rule,
    ) -> Verdict<Visitor<'c>> {
        self.names.push(name.to_string());
        for name in &self.names {
            socket.hears(&format!("+{name}"), rule)?;
        }
        for other in others {
            other.socket.hears(&format!("+{name}"), rule)?;
        }
        Ok(Visitor { name: name.to_string(), socket })
    }

    /// All the others hear that this one has gone.
    fn misses(&mut self, name: &str, others: &mut [&mut Visitor<'c>]) -> Verdict {
        self.names.retain(|other| other != name);
        others.iter_mut().try_for_each(|other| other.socket.hears(&format!("-{name}"), &LEAVES))
    }
}

/// Each says something, and all hear it.
fn talk(check: &Check, mut three: [&mut Visitor<'_>; 3]) -> Verdict {
    check.promptly(&SAYS, || {
        for speaker in 0..three.len() {
            let (word, name) = (random::word(), three[speaker].name.clone());
            three[speaker].socket.say(&word);
            for visitor in &mut three {
                visitor.socket.hears(&format!("{name}: {word}"), &SAYS)?;
            }
        }
        Ok(())
    })?;
    // Lengths of each form, an empty one, and one that looks like something else.
    for text in [
        "红茶 😀, please",
        &"长".repeat(100),
        &"x".repeat(70_000),
        "",
        "+Dan",
        "a\nb: c",
        "  a \n",
        "<b>&amp;",
        &"y".repeat(1 << 19),
    ] {
        let name = three[0].name.clone();
        three[0].socket.say(text);
        for visitor in &mut three {
            visitor.socket.hears(&format!("{name}: {text}"), &SAYS)?;
        }
    }
    let name = three[2].name.clone();
    three[2].socket.say_in_fragments("红茶 in pieces", &SAYS)?;
    for visitor in &mut three {
        visitor.socket.hears(&format!("{name}: 红茶 in pieces"), &SAYS)?;
    }
    Ok(())
}

/// Names that may not be taken, and some that may.
fn names<'c>(room: &mut Room<'c>, others: [&mut Visitor<'c>; 3]) -> Verdict {
    let [ada, bob, cem] = others;
    let taken = [&*bob, &*cem].map(|visitor| visitor.name.clone());
    for name in ["", &"x".repeat(21), &"名".repeat(21), &taken[0], &taken[1]] {
        let mut socket = room.connects("refused")?;
        socket.say(name);
        socket.say("Zed"); // too late: the room has closed
        socket.expect_close(4000, &NAME)?;
    }
    // If any of that had been received, this would not be next.
    for name in [
        random::chinese(20),
        "x".to_string(),
        " ".to_string(),
        " x ".to_string(),
        taken[0].to_uppercase(),
    ] {
        let visitor = room.enters(&name, &mut [ada, bob, cem], &NAME)?;
        visitor.socket.close(1000, &LEAVES)?;
        room.misses(&name, &mut [ada, bob, cem])?;
    }
    Ok(())
}

fn text_only<'c>(room: &mut Room<'c>, others: &mut [&mut Visitor<'c>]) -> Verdict {
    let mut nobody = room.connects("no text")?;
    nobody.send_binary(b"Dan");
    nobody.expect_close(1003, &TEXT_ONLY)?;
    let mut dan = room.enters("Dan", others, &COMES)?;
    dan.socket.send_binary(b"hello");
    dan.socket.expect_close(1003, &TEXT_ONLY)?;
    room.misses("Dan", others)
}

/// In each way in which one can leave, with a name and without.
fn leaves<'c>(room: &mut Room<'c>, name: &str, others: [&mut Visitor<'c>; 2]) -> Verdict {
    let [ada, bob] = others;
    let ways: [fn(WebSocket<'c>) -> Verdict; 3] = [
        |socket| socket.close(4321, &LEAVES),
        |mut socket| {
            socket.peer.half_close();
            socket.peer.expect_end(&LEAVES)
        },
        |mut socket| {
            socket.say_first_fragment(b"I am about to l", "I am about to l…");
            Ok(()) // and it is dropped
        },
    ];
    for way in ways {
        way(room.connects("nobody")?)?;
        way(room.enters(name, &mut [ada, bob], &LEAVES)?.socket)?;
        room.misses(name, &mut [ada, bob])?;
    }
    let mut cut_off = room.enters(name, &mut [ada, bob], &LEAVES)?;
    cut_off.socket.say("I do not read this");
    for visitor in [&mut *ada, &mut *bob] {
        visitor.socket.hears(&format!("{name}: I do not read this"), &SAYS)?;
    }
    cut_off.socket.peer.reset();
    room.misses(name, &mut [ada, bob])
}

/// One client does not read, while the others send and another one joins and leaves. In the end it receives everything.
fn reads_later<'c>(room: &mut Room<'c>, ada: &mut Visitor<'c>, bob: &mut Visitor<'c>) -> Verdict {
    let mut eve = room.enters("Eve", &mut [ada, bob], &COMES)?;
    eve.socket.peer.remark("does not read for a while", "暂时不读");
    for n in 1..=WHILE {
        if speaks(ada, bob, &long_text(n), "-Eve")? {
            let stays = Observed::text("Eve stays in the room", "Eve 还在聊天室里");
            return Err(ada.socket.check.failed(&PATIENT, stays, Observed::bytes("-Eve")));
        }
    }
    let mut neo = room.connects("Neo")?;
    neo.say("Neo");
    for text in room.names.iter().map(String::as_str).chain(["Neo"]) {
        neo.hears(&format!("+{text}"), &STOPS_NOBODY)?;
    }
    neo.close(1000, &STOPS_NOBODY)?;
    for visitor in [&mut *ada, &mut *bob] {
        visitor.socket.hears("+Neo", &STOPS_NOBODY)?;
        visitor.socket.hears("-Neo", &STOPS_NOBODY)?;
    }
    for n in 1..=WHILE {
        eve.socket.hears(&format!("{}: {}", ada.name, long_text(n)), &PATIENT)?;
    }
    eve.socket.hears("+Neo", &PATIENT)?;
    eve.socket.hears("-Neo", &PATIENT)?;
    eve.socket.close(1000, &LEAVES)?;
    room.misses("Eve", &mut [ada, bob])
}

/// No two are the same, so that one that is left out shows.
fn long_text(n: usize) -> String {
    format!("{n} {}", "z".repeat(LONG))
}

/// One sends a message, and both must receive the same. Whether they have received the news in the meantime.
fn speaks(one: &mut Visitor<'_>, other: &mut Visitor<'_>, text: &str, news: &str) -> Verdict<bool> {
    one.socket.say(text);
    let (text, mut told) = (format!("{}: {text}", one.name), false);
    loop {
        let heard = other.socket.next(&text, &STOPS_NOBODY)?;
        one.socket.hears(&heard, &STOPS_NOBODY)?;
        match heard {
            heard if heard == text => return Ok(told),
            heard if heard == news && !told => told = true,
            heard => {
                let [text, heard] = [text, heard].map(Observed::bytes);
                return Err(one.socket.check.failed(&STOPS_NOBODY, text, heard));
            }
        }
    }
}

/// One speaks on and on, until both hear that a third one, which never reads, has gone.
fn never_reads(one: &mut Visitor<'_>, other: &mut Visitor<'_>, news: &str) -> Verdict {
    let most = LIMIT + buffers() + (4 << 20);
    for n in 1..=most / LONG {
        if speaks(one, other, &long_text(n), news)? {
            return Ok(());
        }
    }
    // It may have been asked politely to go, and have some time for that.
    other.socket.hears(news, &BOUNDED)?;
    one.socket.hears(news, &BOUNDED)
}

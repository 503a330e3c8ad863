//! Clients that do not read: one that does so later, and one that never does.

use std::collections::VecDeque;

use net_notes::check::{Check, Observed, Verdict};

use super::{
    BOUNDED, COMES, GREETS, Guest, LEAVES, PATIENT, STOPS_NOBODY, Server, buffers, enters,
};

/// The length of a long line.
const LINE: usize = 512 << 10;
/// The number of long lines for a client that does not read at first: less than 8 MiB, and more than most kernels hold.
const WHILE: usize = 15;
/// The number of bytes that may wait for a client that does not read.
const LIMIT: usize = 8 << 20;
/// The number of short lines after them: together less than 8 MiB.
const SHORT: usize = 100;

/// One client does not read, while the others send and another one joins and leaves. In the end it reads everything.
pub(super) fn reads_later<'c>(
    server: &Server<'c>,
    ada: &mut Guest<'c>,
    bob: &mut Guest<'c>,
) -> Verdict {
    let mut eve = enters(server, "eve", &GREETS)?;
    for guest in [&mut *ada, &mut *bob] {
        guest.hears("7 has come.", &COMES)?;
    }
    eve.peer.remark("does not read for a while", "暂时不读");
    let mut said = VecDeque::new();
    for n in 1..=WHILE {
        let line = long_line(n);
        if speaks(ada, bob, &line, "7 has left.\n")? {
            let stays = Observed::text("7 stays in the room", "7 号还在聊天室里");
            return Err(ada.check.failed(&PATIENT, stays, Observed::bytes("7 has left.\n")));
        }
        said.push_back(format!("1: {line}"));
    }
    for n in 0..SHORT {
        ada.peer.send(format!("short {n}\n"));
        said.push_back(format!("1: short {n}\n"));
    }
    for n in 0..SHORT {
        if bob.hears_next(&[&format!("1: short {n}\n"), "7 has left.\n"], &STOPS_NOBODY)? == 1 {
            let stays = Observed::text("7 stays in the room", "7 号还在聊天室里");
            return Err(ada.check.failed(&PATIENT, stays, Observed::bytes("7 has left.\n")));
        }
    }
    ada.check.promptly(&STOPS_NOBODY, || {
        let stays = |line: &str| line != "7 has left.";
        ada.peer.send("once more\n");
        said.push_back("1: once more\n".to_string());
        let next = bob.next("1: once more", &STOPS_NOBODY)?;
        let rule = if stays(&next) { &STOPS_NOBODY } else { &PATIENT };
        match next == "1: once more" {
            true => Ok(()),
            false => {
                Err(bob.check.failed(rule, Observed::bytes("1: once more"), Observed::bytes(next)))
            }
        }
    })?;
    drop(enters(server, "neo", &STOPS_NOBODY)?);
    for guest in [&mut *ada, &mut *bob] {
        let next = guest.next("8 has come.", &STOPS_NOBODY)?;
        if next != "8 has come." {
            let rule = if next == "7 has left." { &PATIENT } else { &STOPS_NOBODY };
            let come = Observed::bytes("8 has come.");
            return Err(guest.check.failed(rule, come, Observed::bytes(next)));
        }
        guest.hears("8 has left.", &STOPS_NOBODY)?;
    }
    // Each client's own doings are in order; how those of two are mixed is chance.
    let mut news = VecDeque::from(["8 has come.\n".to_string(), "8 has left.\n".to_string()]);
    while !said.is_empty() || !news.is_empty() {
        let next: Vec<&str> =
            said.iter().take(1).chain(news.iter().take(1)).map(|it| &**it).collect();
        let heard = eve.hears_next(&next, &PATIENT)?;
        let from = if heard == 0 && !said.is_empty() { &mut said } else { &mut news };
        from.pop_front();
    }
    drop(eve);
    ada.hears("7 has left.", &LEAVES)?;
    bob.hears("7 has left.", &LEAVES)
}

/// No two are the same, so that one that is left out shows.
fn long_line(n: usize) -> String {
    format!("{n} {}\n", "z".repeat(LINE))
}

/// One says a line, and another one must hear it. Whether it has heard the news before that.
fn speaks(one: &mut Guest<'_>, other: &mut Guest<'_>, line: &str, news: &str) -> Verdict<bool> {
    one.peer.send(line);
    let line = format!("{}: {line}", one.number);
    let heard = other.hears_next(&[&line, news], &STOPS_NOBODY);
    // Who hears everything and is disconnected all the same was given up too early.
    let heard = match heard {
        Err(_) if other.peer.has_ended() => other.hears_next(&[&line, news], &PATIENT),
        heard => heard,
    };
    let told = heard? == 1;
    if told {
        other.peer.expect_lines(line, &STOPS_NOBODY)?;
    }
    Ok(told)
}

/// Of what was said, this client gets what the kernels had taken. The rest has waited in the room, and must have been as much
/// as the rules say. Only Linux lets a client read what came before a reset.
pub(super) fn waited_in_time(check: &Check, said: usize, client: &mut Guest<'_>) -> Verdict {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let waited = said.saturating_sub(client.peer.read_to_end(&BOUNDED)?.len());
    let rule = match waited {
        waited if waited < LIMIT - LINE => &PATIENT,
        waited if waited > 2 * LIMIT => &BOUNDED,
        _ => return Ok(()),
    };
    let [most, waited] = [LIMIT, waited].map(|bytes| bytes as f64 / f64::from(1 << 20));
    Err(check.failed(
        rule,
        Observed::text(
            format!("it is disconnected when more than {most:.0} MiB wait"),
            format!("攒下的超过 {most:.0} MiB 就断开"),
        ),
        Observed::text(
            format!("it was disconnected when {waited:.1} MiB waited"),
            format!("攒下 {waited:.1} MiB 的时候断开的"),
        ),
    ))
}

/// One speaks on and on, until it and another one hear that a third one, which never reads, has left.
pub(super) fn never_reads(
    one: &mut Guest<'_>,
    other: &mut Guest<'_>,
    news: &str,
) -> Verdict<usize> {
    let most = LIMIT + buffers() + (4 << 20);
    for n in 1..=most / LINE {
        if speaks(one, other, &long_line(n), news)? {
            return one.peer.expect_lines(news, &BOUNDED).map(|()| n * LINE);
        }
    }
    let mib = most >> 20;
    let still = Observed::text(
        format!("{mib} MiB were said, and the one that does not read is still there"),
        format!("已经说了 {mib} MiB，不读的那个还在"),
    );
    Err(one.check.failed(&BOUNDED, Observed::bytes(news), still))
}

//! Fifty visitors at once.

use std::sync::Mutex;

use net_notes::check::{Observed, Verdict, random};

use super::{LEAVES, Room, SAME_ORDER, Visitor, WebSocket};
use crate::coach::lock;

const CROWD: usize = 50;
/// The number of messages that each of them sends.
const TIMES: usize = 5;

/// One of them, and all that it has heard.
struct Guest<'c> {
    name: String,
    socket: WebSocket<'c>,
    heard: Vec<String>,
}

impl Guest<'_> {
    /// Listens until it has heard this, and so often.
    fn hears(&mut self, what: &str, mut count: usize) -> Verdict {
        while count > 0 {
            self.heard.push(self.socket.next(what, &SAME_ORDER)?);
            count -= usize::from(self.heard.last().is_some_and(|heard| heard.ends_with(what)));
        }
        Ok(())
    }
}

/// Many come at once, and when all are there, they speak at once, and leave at once, in two ways. What each of them hears is
/// what `ada` hears.
pub(super) fn crowd<'c>(room: &Room<'c>, ada: &mut Visitor<'c>, bob: &mut Visitor<'c>) -> Verdict {
    let (check, word) = (room.server.check, random::word());
    let guests = Mutex::new(Vec::new());
    check.at_once(CROWD, |n| {
        let name = format!("{n} {word}");
        let mut guest = Guest { socket: room.connects(&name)?, name, heard: Vec::new() };
        guest.socket.say(&guest.name);
        guest.hears(&format!("+{}", guest.name), 1)?;
        lock(&guests).push(guest);
        Ok(())
    })?;
    let heard = Mutex::new(Vec::new());
    check.at_once(CROWD, |_| {
        let Some(mut guest) = lock(&guests).pop() else { return Ok(()) };
        (1..=TIMES).for_each(|time| guest.socket.say(&time.to_string()));
        guest.hears(&format!("{word}: {TIMES}"), CROWD)?;
        lock(&heard).push(guest);
        Ok(())
    })?;
    let logs = Mutex::new(Vec::new());
    check.at_once(CROWD, |n| {
        let Some(guest) = lock(&heard).pop() else { return Ok(()) };
        lock(&logs).push((guest.name, guest.heard));
        if n % 2 == 0 { guest.socket.close(1001, &LEAVES) } else { Ok(()) } // the others just go
    })?;
    let mut all = Vec::new();
    let news = CROWD * (1 + TIMES + 1);
    while all.len() < news {
        let mut gone = (0..CROWD).map(|n| format!("-{n} {word}"));
        let missing = gone.find(|gone| !all.contains(gone)).unwrap_or_default();
        let next = bob.socket.next(&missing, &SAME_ORDER)?;
        ada.socket.hears(&next, &SAME_ORDER)?;
        all.push(next);
    }
    let logs = logs.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (name, own) in logs {
        let expected = as_heard_by(&name, &room.names, &all, own.len());
        if let Some(at) = (0..own.len()).find(|at| expected.get(*at) != Some(&own[*at])) {
            let expected = expected.get(at).map_or(&[][..], |text| text.as_bytes());
            return Err(check.failed(
                &SAME_ORDER,
                Observed::bytes(expected),
                Observed::bytes(&own[at]),
            ));
        }
    }
    Ok(())
}

/// The messages for a visitor who arrives at some point: the visitors, and what follows. `all` are those for one who was there.
fn as_heard_by(name: &str, before: &[String], all: &[String], most: usize) -> Vec<String> {
    let comes = format!("+{name}");
    let at = all.iter().position(|text| *text == comes).unwrap_or(all.len());
    let mut there: Vec<&str> = before.iter().map(String::as_str).collect();
    for text in &all[..at] {
        if let Some(name) = text.strip_prefix('+') {
            there.push(name);
        } else if let Some(name) = text.strip_prefix('-') {
            there.retain(|other| *other != name);
        }
    }
    let there = there.into_iter().map(|name| format!("+{name}"));
    there.chain(all[at..].iter().cloned()).take(most).collect()
}

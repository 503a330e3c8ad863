//! Drain, and the `false` of `write` that promises it.

use super::Verdict;
use super::numbers::{Sample, samples};
use crate::schedules::history::{Call, Socket, Turn};
use crate::schedules::log::{Answer, Event};
use crate::schedules::plan::Forwarding;

/// A turn of Drain, and the writes that may have caused it: those since the Drain before it that
/// returned `false`, or had not returned yet.
struct Drain<'h> {
    turn: &'h Turn,
    writes: Vec<&'h Call>,
}

fn drains<'h>(socket: &Socket<'h>) -> Vec<Drain<'h>> {
    let mut drains: Vec<Drain<'h>> = Vec::new();
    if socket.properties.fed_by == Some(Forwarding::Pipe) {
        return drains; // its writes are not in the log
    }
    for turn in socket.turns.iter().filter(|turn| turn.event == Event::Drain) {
        let since = drains.last().map_or(0, |drain| drain.turn.decided_after);
        let is_since = |call: &&Call| call.begin < turn.begin && call.end > since;
        let may_be_due = |call: &&Call| said_false(call) || call.end > turn.begin;
        let writes = socket.writes().filter(is_since).filter(may_be_due).collect();
        drains.push(Drain { turn, writes });
    }
    drains
}

fn said_false(call: &Call) -> bool {
    matches!(call.answer, Answer::Room { room: false, .. })
}

/// Drain is emitted only after a `false`, and once for each time that it is needed.
pub fn drain_answers_a_false(socket: &Socket<'_>) -> Verdict {
    match drains(socket).iter().find(|drain| drain.writes.is_empty()) {
        Some(drain) => Err(format!("no write has said false before {:?}", drain.turn.at)),
        None => Ok(()),
    }
}

/// Guarantee 1: Drain is emitted after the return of the listener in which `write` returned
/// `false`, of any socket.
pub fn drain_comes_after_the_listener_of_the_false(socket: &Socket<'_>) -> Verdict {
    let is_early = |drain: &&Drain<'_>| {
        let runs = |call: &&Call| {
            socket.listener_of(call).is_some_and(|listener| listener.end > drain.turn.begin)
        };
        !drain.writes.is_empty() && drain.writes.iter().all(runs)
    };
    match drains(socket).iter().find(is_early) {
        Some(drain) => Err(format!("at {:?}", drain.turn.at)),
        None => Ok(()),
    }
}

/// When Drain is emitted, nothing is queued, except what is written at the same time.
pub fn drain_finds_the_queue_empty(socket: &Socket<'_>) -> Verdict {
    for Drain { turn, .. } in drains(socket) {
        let at_the_same_time =
            |call: &Call| call.begin < turn.begin && call.end > turn.decided_after;
        if turn.facts.queued > 0 && !socket.writes().any(at_the_same_time) {
            return Err(format!("{} bytes at {:?}", turn.facts.queued, turn.at));
        }
    }
    Ok(())
}

/// Each `false` is followed by a Drain, if the socket has lived long enough.
pub fn every_false_has_its_drain(socket: &Socket<'_>) -> Verdict {
    let Some(settled) = socket.settled else { return Ok(()) };
    let last = socket.turns.iter().rfind(|turn| turn.event == Event::Drain);
    let is_followed = |call: &Call| last.is_some_and(|turn| turn.begin > call.begin);
    let is_old = |call: &&Call| said_false(call) && call.end < settled;
    match socket.writes().filter(is_old).find(|call| !is_followed(call)) {
        Some(call) => Err(format!("not {:?} #{}", call.action, call.number)),
        None => Ok(()),
    }
}

/// After a `false`, `writable_need_drain` returns `true` until Drain is emitted.
pub fn a_drain_is_needed_until_it_comes(socket: &Socket<'_>) -> Verdict {
    let drains: Vec<_> = drains(socket).iter().map(|drain| drain.turn).collect();
    for Sample { after, before, facts } in samples(socket) {
        // One that is about to be emitted is no longer needed.
        let has_come =
            |call: &Call| drains.iter().any(|t| t.begin > call.begin && t.decided_after < before);
        let is_due = |call: &Call| said_false(call) && call.end < after && !has_come(call);
        if before < socket.ending && !facts.needs_drain && socket.writes().any(is_due) {
            return Err(format!("{facts:?}, before {before}"));
        }
    }
    Ok(())
}

/// If `write` returns `true`, less than the high-water mark is queued, except what is written at
/// the same time.
pub fn true_means_room(socket: &Socket<'_>) -> Verdict {
    for call in socket.writes() {
        let Answer::Room { room: true, queued } = call.answer else { continue };
        let overlaps = |other: &&Call| other.begin < call.end && other.end > call.begin;
        let is_alone = socket.writes().filter(overlaps).count() == 1;
        if is_alone && queued > 0 && queued >= socket.properties.high_water_mark {
            return Err(format!("{:?} #{}: {queued} bytes", call.action, call.number));
        }
    }
    Ok(())
}

/// A destroyed socket needs no Drain, as none would be emitted.
pub fn no_drain_is_needed_after_destroy(socket: &Socket<'_>) -> Verdict {
    let needs_it = |sample: &&Sample| sample.facts.is_destroyed && sample.facts.needs_drain;
    match samples(socket).iter().find(needs_it) {
        Some(sample) => Err(format!("{:?}", sample.facts)),
        None => Ok(()),
    }
}

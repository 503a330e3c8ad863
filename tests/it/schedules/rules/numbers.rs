//! The byte counts of a socket.

use super::Verdict;
use crate::schedules::history::{Call, Socket};
use crate::schedules::log::{Answer, Facts};
use crate::schedules::plan::Forwarding;

/// The values that a socket has reported between two positions.
pub struct Sample {
    pub after: usize,
    pub before: usize,
    pub facts: Facts,
}

pub fn samples(socket: &Socket<'_>) -> Vec<Sample> {
    let turns = socket.turns.iter().map(|turn| (turn.decided_after, turn.begin, turn.facts));
    let asked = socket.calls.iter().filter_map(|call| match call.answer {
        Answer::Facts(facts) => Some((call.begin, call.end, facts)),
        _ => None,
    });
    turns.chain(asked).map(|(after, before, facts)| Sample { after, before, facts }).collect()
}

/// `bytes_read` is at least what Data has carried.
pub fn bytes_read_covers_what_was_received(socket: &Socket<'_>) -> Verdict {
    let mut received = 0;
    for turn in &socket.turns {
        received += turn.event.bytes() as u64;
        if turn.facts.read < received {
            return Err(format!("{received} bytes have arrived: {:?}", turn.facts));
        }
    }
    Ok(())
}

/// `bytes_written` is what `write` has accepted, at once; no more than that is queued; and Drain is
/// needed only if a `write` has returned `false`.
pub fn bytes_written_counts_what_was_accepted(socket: &Socket<'_>) -> Verdict {
    if socket.properties.fed_by == Some(Forwarding::Pipe) {
        return Ok(()); // its writes are not in the log
    }
    for Sample { after, before, facts } in samples(socket) {
        let sum = |is_it: &dyn Fn(&Call) -> bool| -> u64 {
            let writes = socket.writes().filter(|call| is_it(call));
            writes.filter_map(|call| call.action.bytes()).map(|bytes| bytes as u64).sum()
        };
        let is_certain =
            |call: &Call| call.end < after && call.end < socket.ending && !call.has_failed();
        let range = sum(&is_certain)..=sum(&|call| call.begin < before);
        let may_need_drain = socket.writes().any(|call| {
            let may_be_false = matches!(call.answer, Answer::Room { room: false, .. });
            call.begin < before && (may_be_false || call.end > before)
        });
        let fits = range.contains(&facts.written)
            && facts.queued as u64 <= facts.written
            && (may_need_drain || !facts.needs_drain);
        if !fits {
            return Err(format!("{range:?} bytes were written: {facts:?}"));
        }
    }
    Ok(())
}

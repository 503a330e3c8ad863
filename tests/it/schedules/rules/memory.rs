//! The memory that a relay needs.

use super::Verdict;
use crate::schedules::history::Socket;
use crate::schedules::log::Answer;

/// The size of the largest chunk that Data carries, in bytes.
const CHUNK_MAX: usize = 64 << 10;

/// The queue of a pipe, or of a relay that obeys `false`, holds at most the high-water mark and one
/// chunk for each write on its way.
pub fn the_queue_of_a_relay_is_bounded(socket: &Socket<'_>) -> Verdict {
    let Some(forwarding) = socket.properties.fed_by else { return Ok(()) };
    let limit = socket.properties.high_water_mark + CHUNK_MAX * forwarding.chunks_in_flight();
    let queued = socket.calls.iter().filter_map(|call| match call.answer {
        Answer::Room { queued, .. } | Answer::Took { queued, .. } => Some(queued),
        Answer::Facts(facts) => Some(facts.queued),
        _ => None,
    });
    match queued.max().filter(|most| *most > limit) {
        Some(most) => Err(format!("{most} bytes by {forwarding:?}, and {limit} are allowed")),
        None => Ok(()),
    }
}

//! One listener at a time, and none inside a call.

use super::Verdict;
use crate::schedules::history::Socket;

/// Guarantee 1: the listeners of one socket never run at the same time. Callbacks and timers count.
pub fn listeners_never_overlap(socket: &Socket<'_>) -> Verdict {
    match socket.turns.windows(2).find(|pair| pair[1].begin < pair[0].end) {
        Some(pair) => Err(format!("{:?} began inside {:?}", pair[1].event, pair[0].event)),
        None => Ok(()),
    }
}

/// Guarantee 2: no listener is called on a thread that is inside a call of the library.
pub fn no_listener_is_called_inside_a_call(socket: &Socket<'_>) -> Verdict {
    match socket.turns.iter().find_map(|turn| Some((&turn.event, turn.inside?))) {
        Some((event, call)) => Err(format!("{event:?} inside {call:?}")),
        None => Ok(()),
    }
}

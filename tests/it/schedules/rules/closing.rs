//! Close, and its reported cause.

use super::Verdict;
use crate::schedules::action::Action;
use crate::schedules::history::{Call, Socket};
use crate::schedules::log::{Event, RunResult};
use crate::schedules::net::ReadyState;

/// Close carries `true` if and only if an error or a panic has ended the socket.
pub fn had_error_is_right(socket: &Socket<'_>) -> Verdict {
    let (Some(close), Some(had_error)) = (socket.close(), socket.had_error()) else {
        return Ok(());
    };
    let was_emitted = socket.first(|event| matches!(event, Event::Error(_))).is_some();
    let is_certain = was_emitted
        || has_panicked(socket, close.begin)
        || was_destroyed_with_error(socket, close.begin);
    let is_possible = is_certain || !socket.properties.has_error_listener;
    let fits = if had_error { is_possible } else { !is_certain };
    if fits { Ok(()) } else { Err(format!("Close({had_error})")) }
}

/// Whether a listener of the plan has panicked before this position.
fn has_panicked(socket: &Socket<'_>, position: usize) -> bool {
    socket.calls.iter().any(|call| call.action == Action::Panic && call.begin < position)
}

/// Whether `destroy_with` was called, and nothing before its return can have ended the socket in
/// another way.
fn was_destroyed_with_error(socket: &Socket<'_>, position: usize) -> bool {
    let is_it = |call: &&&Call| {
        call.action == Action::DestroyWith && call.begin == socket.ending && call.end < position
    };
    socket.calls.iter().find(is_it).is_some_and(|call| {
        let ends = socket.calls.iter().filter(|other| other.may_end_our_direction());
        ends.filter(|other| other.begin < call.end).count() == 1
    })
}

/// `run()` resumes a panic; otherwise it returns the error, if it had no listener; otherwise `Ok`.
pub fn run_returns_what_has_happened(socket: &Socket<'_>) -> Verdict {
    let (Some(result), Some(close)) = (socket.ran, socket.close()) else { return Ok(()) };
    let is_unheard = socket.had_error() == Some(true) && !socket.properties.has_error_listener;
    let fits = match result {
        RunResult::Panic { planned } => *planned && has_panicked(socket, usize::MAX),
        // After Close it may have returned already.
        _ if has_panicked(socket, close.end) => false,
        RunResult::Err(_) => is_unheard,
        RunResult::Ok => !is_unheard,
    };
    if fits { Ok(()) } else { Err(format!("{result:?}")) }
}

/// Guarantee 5: at Close the descriptor is closed, and nothing is queued.
pub fn nothing_is_left_at_close(socket: &Socket<'_>) -> Verdict {
    let Some(facts) = socket.close().map(|close| &close.facts) else { return Ok(()) };
    let is_over = facts.is_destroyed && facts.state == ReadyState::Closed;
    let fits = is_over && !facts.has_address && facts.queued == 0;
    if fits { Ok(()) } else { Err(format!("{facts:?}")) }
}

/// Each socket ends cleanly, and no write fails.
pub fn all_is_well(socket: &Socket<'_>) -> Verdict {
    let count = |event: Event| socket.turns.iter().filter(|turn| turn.event == event).count();
    let failed =
        socket.first(|event| matches!(event, Event::Error(_) | Event::Callback(_, Err(_))));
    let ends = (count(Event::End), count(Event::Finish), socket.had_error());
    match failed {
        Some(turn) => Err(format!("{:?}", turn.event)),
        None if ends == (1, 1, Some(false)) => Ok(()),
        None => Err(format!("End, Finish, had_error: {ends:?}")),
    }
}

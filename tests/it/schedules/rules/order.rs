//! The order of events, and the events that a call excludes from its return on.

use std::collections::HashSet;

use super::Verdict;
use crate::schedules::action::Action;
use crate::schedules::history::{Call, Socket, Turn};
use crate::schedules::log::Event;
use crate::schedules::plan::Forwarding;

/// Connect, Ready; then Data; then End; finally Error. Each of them except Data is emitted once.
/// (For Close see the next rule.)
pub fn events_come_in_their_order(socket: &Socket<'_>) -> Verdict {
    let mut before: Vec<&Event> = Vec::new();
    for turn in &socket.turns {
        let had = |event: Event| before.contains(&&event);
        let is_open = had(Event::Connection) || had(Event::Ready);
        let fits = match &turn.event {
            Event::Callback(..) | Event::Once(_) | Event::Close(_) => true,
            _ if before.iter().any(|event| matches!(event, Event::Error(_))) => false,
            Event::Connection => before.is_empty(),
            Event::Connect => !had(Event::Connect) && !socket.properties.is_accepted,
            // As in Node, Connect and Ready are one step.
            Event::Ready => had(Event::Connect) && !had(Event::Ready),
            Event::Data(bytes) => is_open && !had(Event::End) && *bytes > 0,
            Event::End => is_open && !had(Event::End),
            Event::Finish => is_open && !had(Event::Finish) && was_ended(socket, turn.begin),
            Event::Drain | Event::Timeout | Event::Timer(_) | Event::Error(_) => true,
        };
        if !fits {
            return Err(format!("{:?} after {before:?}", turn.event));
        }
        before.push(&turn.event);
    }
    Ok(())
}

/// Whether our direction may have been ended before this position: by a call, after End, or by a
/// pipe, which is not in the log.
fn was_ended(socket: &Socket<'_>, position: usize) -> bool {
    socket.ending < position || socket.properties.fed_by == Some(Forwarding::Pipe)
}

/// When Finish is emitted, everything is sent, and the callbacks of the writes were called.
pub fn finish_comes_when_all_is_sent(socket: &Socket<'_>) -> Verdict {
    let Some(finish) = socket.first(|event| *event == Event::Finish) else { return Ok(()) };
    let is_done = |turn: &&&Turn| matches!(turn.event, Event::Callback(_, Ok(())));
    let late = socket.turns.iter().filter(is_done).find(|turn| turn.begin > finish.begin);
    match (finish.facts.queued, late) {
        (0, None) => Ok(()),
        (0, Some(late)) => Err(format!("{:?} at {:?}", late.event, late.at)),
        (queued, _) => Err(format!("{queued} bytes are queued")),
    }
}

/// Guarantee 5: Close is emitted once and last; only callbacks of writes may follow.
pub fn nothing_follows_close_but_callbacks(socket: &Socket<'_>) -> Verdict {
    let close = socket.close();
    if close.is_none() && !socket.turns.is_empty() {
        return Err("no Close".to_string());
    }
    let after =
        socket.turns.iter().filter(|turn| close.is_some_and(|close| turn.begin > close.begin));
    match after.clone().find(|turn| !matches!(turn.event, Event::Callback(..))) {
        Some(turn) => Err(format!("{:?}", turn.event)),
        None => Ok(()),
    }
}

/// A listener of `once` is called at most once.
pub fn once_is_once(socket: &Socket<'_>) -> Verdict {
    let mut seen = HashSet::new();
    let numbers = socket.turns.iter().filter_map(|turn| match turn.event {
        Event::Once(number) => Some(number),
        _ => None,
    });
    match numbers.into_iter().find(|number| !seen.insert(*number)) {
        Some(number) => Err(format!("#{number} was called again")),
        None => Ok(()),
    }
}

/// No Data is emitted after `pause`, until `resume` is called.
pub fn no_data_while_paused(socket: &Socket<'_>) -> Verdict {
    for pause in socket.calls.iter().filter(|call| call.action == Action::Pause) {
        // One at the same time may have happened after it.
        let is_later = |call: &&&Call| call.action == Action::Resume && call.end > pause.begin;
        let until = socket.calls.iter().find(is_later).map_or(usize::MAX, |call| call.begin);
        rules_out(socket, pause, until, |event| matches!(event, Event::Data(_)))?;
    }
    Ok(())
}

/// After `destroy`, and after a panic, only Error and Close are emitted. (Connect and Ready are one
/// step.)
pub fn destroy_takes_effect_at_once(socket: &Socket<'_>) -> Verdict {
    for call in socket.calls.iter().filter(|call| call.action.destroys()) {
        rules_out(socket, call, usize::MAX, |event| {
            let is_the_end =
                matches!(event, Event::Error(_) | Event::Close(_) | Event::Callback(..));
            !is_the_end && !matches!(event, Event::Ready | Event::Once(_))
        })?;
    }
    Ok(())
}

/// After `close_within` no Data is emitted.
pub fn close_within_drops_data(socket: &Socket<'_>) -> Verdict {
    let is_it = |call: &&&Call| matches!(call.action, Action::CloseWithin(_));
    for call in socket.calls.iter().filter(is_it) {
        rules_out(socket, call, usize::MAX, |event| matches!(event, Event::Data(_)))?;
    }
    Ok(())
}

/// No such event begins between the end of the call and `until`, except one that was on its way.
fn rules_out(
    socket: &Socket<'_>,
    call: &Call,
    until: usize,
    is_it: impl Fn(&Event) -> bool,
) -> Verdict {
    let is_late = |begin: usize| call.end < begin && begin < until;
    let mut late = socket.turns.iter().filter(|turn| is_late(turn.begin) && is_it(&turn.event));
    match late.nth(socket.in_flight(call)) {
        Some(turn) => Err(format!("{:?} at {:?}, after {:?}", turn.event, turn.at, call.action)),
        None => Ok(()),
    }
}

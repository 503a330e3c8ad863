//! `after`, `every` and `cancel`; and the idle time of `set_timeout`.

use std::time::Duration;

use super::Verdict;
use crate::schedules::action::Action;
use crate::schedules::history::{Call, Socket, Turn};
use crate::schedules::log::{Answer, Event};

/// A call of `after` or `every`, with its turns, and the calls of `cancel`.
struct Timer<'h> {
    call: &'h Call,
    is_once: bool,
    delay: Duration,
    turns: Vec<&'h Turn>,
    cancels: Vec<&'h Call>,
}

fn timers<'h>(socket: &Socket<'h>) -> Vec<Timer<'h>> {
    let mut timers = Vec::new();
    for call in &socket.calls {
        let (is_once, millis) = match call.action {
            Action::After(millis) => (true, millis),
            Action::Every(millis) => (false, millis),
            _ => continue,
        };
        let is_turn = |turn: &&&Turn| turn.event == Event::Timer(call.number);
        let is_cancel = |other: &&&Call| {
            matches!(other.action, Action::Cancel(_)) && other.number == call.number
        };
        timers.push(Timer {
            call,
            is_once,
            delay: Duration::from_millis(millis),
            turns: socket.turns.iter().filter(is_turn).copied().collect(),
            cancels: socket.calls.iter().filter(is_cancel).copied().collect(),
        });
    }
    timers
}

/// `after` fires once, when its delay is over; `every` fires each time that its period is over.
pub fn a_timer_is_not_early(socket: &Socket<'_>) -> Verdict {
    for timer in timers(socket) {
        let is_early = |(n, turn): &(u32, &&Turn)| turn.at < timer.call.from + timer.delay * *n;
        if let Some((n, turn)) = (1..).zip(&timer.turns).find(is_early) {
            return Err(format!("#{}: turn {n} at {:?}", timer.call.number, turn.at));
        }
        if timer.is_once && timer.turns.len() > 1 {
            return Err(format!("#{} came again", timer.call.number));
        }
    }
    Ok(())
}

/// No timer fires after it was cancelled, and `cancel` returns `true` only to the call that has
/// cancelled it.
pub fn a_cancelled_timer_does_not_come(socket: &Socket<'_>) -> Verdict {
    for timer in timers(socket) {
        for cancel in &timer.cancels {
            let late = timer.turns.iter().filter(|turn| turn.begin > cancel.end).count();
            let said_true = |call: &Call| call.answer == Answer::Cancelled(true);
            let came = timer.is_once && said_true(cancel) && !timer.turns.is_empty();
            if came || late > socket.in_flight(cancel) {
                return Err(format!("#{} at {:?}", timer.call.number, cancel.from));
            }
        }
        let said_true = timer.cancels.iter().filter(|call| call.answer == Answer::Cancelled(true));
        if said_true.count() > 1 {
            return Err(format!("#{} was cancelled twice", timer.call.number));
        }
    }
    Ok(())
}

/// Of two timers, the one that is due first fires first.
pub fn timers_come_in_their_order(socket: &Socket<'_>) -> Verdict {
    let timers = timers(socket);
    let once: Vec<_> = timers.iter().filter(|timer| timer.is_once).collect();
    for first in &once {
        for second in &once {
            // The latest time at which the first may be due, and the earliest for the other.
            let (latest, earliest) =
                (first.call.until.saturating_add(first.delay), second.call.from + second.delay);
            let (Some(one), Some(other)) = (first.turns.first(), second.turns.first()) else {
                continue;
            };
            if latest < earliest && other.begin < one.begin {
                return Err(format!("#{} before #{}", second.call.number, first.call.number));
            }
        }
    }
    Ok(())
}

/// Every timer fires, if it is not cancelled and the socket has lived long enough.
pub fn every_timer_comes(socket: &Socket<'_>) -> Verdict {
    let Some(settled) = socket.settled else { return Ok(()) };
    let is_missing = |timer: &Timer<'_>| {
        let is_awaited = timer.is_once && timer.turns.is_empty() && timer.cancels.is_empty();
        is_awaited && timer.call.end < settled
    };
    match timers(socket).into_iter().find(is_missing) {
        Some(timer) => Err(format!("not #{}", timer.call.number)),
        None => Ok(()),
    }
}

/// Returns the shortest idle time that was set before this position.
pub fn shortest_idle_time(socket: &Socket<'_>, position: usize) -> Option<Duration> {
    let calls = socket.calls.iter().filter(|call| call.begin < position);
    let times = calls.filter_map(|call| match call.action {
        Action::SetTimeout(millis) => millis,
        _ => None,
    });
    times.min().map(Duration::from_millis)
}

/// Timeout is emitted when for the idle time nothing was written or set, and no Timeout was
/// emitted; and not after it was switched off.
pub fn timeout_comes_after_idle_time(socket: &Socket<'_>) -> Verdict {
    let is_set = |call: &Call| matches!(call.action, Action::SetTimeout(_));
    let restarts =
        |call: &Call| is_set(call) || (call.action.bytes().is_some() && !call.has_failed());
    let mut last_timeout = None;
    for turn in socket.turns.iter().filter(|turn| turn.event == Event::Timeout) {
        let Some(idle) = shortest_idle_time(socket, turn.begin) else {
            return Err(format!("at {:?}, and no idle time was set", turn.at));
        };
        let before = socket.calls.iter().filter(|call| call.end < turn.decided_after);
        let last =
            before.filter(|call| restarts(call)).map(|call| call.from).max().max(last_timeout);
        if last.is_some_and(|last| turn.at < last + idle) {
            return Err(format!("at {:?}, {idle:?} after {last:?}", turn.at));
        }
        let sets = socket.calls.iter().filter(|call| is_set(call) && call.begin < turn.begin);
        let is_off = sets.clone().any(|off| {
            let is_last = sets.clone().filter(|call| call.end > off.begin).count() == 1;
            is_last && off.action == Action::SetTimeout(None) && off.end < turn.decided_after
        });
        if is_off {
            return Err(format!("at {:?}, and it was switched off", turn.at));
        }
        last_timeout = Some(turn.not_before);
    }
    Ok(())
}

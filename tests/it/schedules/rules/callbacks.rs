//! The callbacks of `write_then`, and the results of the blocking writer.

use super::Verdict;
use super::timers::shortest_idle_time;
use crate::schedules::action::Action;
use crate::schedules::history::{Call, Socket, Turn};
use crate::schedules::log::{Answer, Entry, Event, What};

/// Whether every callback was called, so that the log is complete.
pub fn all_have_come(log: &[Entry]) -> bool {
    let count = |is_it: fn(&What) -> bool| log.iter().filter(|entry| is_it(&entry.what)).count();
    count(|what| matches!(what, What::Enter(Event::Callback(..), _)))
        >= count(|what| matches!(what, What::Call(Action::WriteThen(_), _)))
}

/// A callback, the call that it belongs to, and the code of the error that it received.
struct Callback<'h> {
    turn: &'h Turn,
    call: &'h Call,
    result: Result<(), &'h str>,
}

fn callbacks<'h>(socket: &Socket<'h>) -> Vec<Callback<'h>> {
    let callback = |turn: &&'h Turn| match &turn.event {
        Event::Callback(number, result) => Some(Callback {
            turn,
            call: socket.writes().find(|call| call.number == *number)?,
            result: match result {
                Ok(()) => Ok(()),
                Err(code) => Err(code),
            },
        }),
        _ => None,
    };
    socket.turns.iter().filter_map(callback).collect()
}

/// Every callback is called exactly once.
pub fn every_callback_comes_once(socket: &Socket<'_>) -> Verdict {
    let callbacks = callbacks(socket);
    for call in socket.calls.iter().filter(|call| matches!(call.action, Action::WriteThen(_))) {
        match callbacks.iter().filter(|callback| callback.call.number == call.number).count() {
            1 => {}
            count => return Err(format!("that of #{} {count} times", call.number)),
        }
    }
    Ok(())
}

/// The callbacks of writes that were accepted are called in the order of the writes. One of a
/// refused write may overtake them, but when a write succeeds, none before it has failed.
pub fn callbacks_come_in_the_order_of_the_writes(socket: &Socket<'_>) -> Verdict {
    let callbacks = callbacks(socket);
    for (n, one) in callbacks.iter().enumerate() {
        for other in &callbacks[n + 1..] {
            let were_accepted =
                one.call.end < socket.ending || (one.result.is_ok() && other.result.is_ok());
            let was_overtaken = other.call.end < one.call.begin && were_accepted;
            let has_failed = one.result.is_err() && other.result.is_ok();
            if was_overtaken || (has_failed && one.call.end < other.call.begin) {
                return Err(format!("#{} before #{}", one.call.number, other.call.number));
            }
        }
    }
    Ok(())
}

/// A callback reports the true result of its write: sent, or why not.
pub fn callbacks_tell_the_truth(socket: &Socket<'_>) -> Verdict {
    for Callback { turn, call, result } in callbacks(socket) {
        let is_true = match result {
            Ok(()) => !was_over(socket, call.begin),
            Err(code) => explains(socket, code, turn.begin),
        };
        if !is_true {
            return Err(format!("#{}: {result:?}", call.number));
        }
    }
    Ok(())
}

/// A blocking write takes a whole record, or reports why not.
pub fn blocking_writes_tell_the_truth(socket: &Socket<'_>) -> Verdict {
    for call in &socket.calls {
        let Answer::Took { result, .. } = &call.answer else { continue };
        let is_true = match result.as_ref().map_err(String::as_str) {
            Ok(bytes) => *bytes == call.action.bytes().unwrap_or(0),
            // There is no connection to wait for.
            Err("ERR_INVALID_STATE") => {
                let connect = socket.first(|event| *event == Event::Connect);
                !socket.properties.is_accepted && connect.is_none_or(|turn| call.begin < turn.begin)
            }
            Err("ETIMEDOUT") => shortest_idle_time(socket, call.end)
                .is_some_and(|idle| call.until - call.from >= idle),
            Err(code) => explains(socket, code, call.end),
        };
        if !is_true {
            return Err(format!("{:?} #{}: {result:?}", call.action, call.number));
        }
    }
    Ok(())
}

/// Whether no write was accepted any longer at this position: a call that forbids them had
/// returned, or Close was emitted. A panic never returns: it takes effect at some time between its
/// listener and Close.
fn was_over(socket: &Socket<'_>, position: usize) -> bool {
    let forbids = |call: &Call| call.action.ends() || call.action.destroys();
    let has_returned = |call: &Call| call.action != Action::Panic && call.end < position;
    socket.close().is_some_and(|close| close.begin < position)
        || socket.calls.iter().any(|call| forbids(call) && has_returned(call))
}

/// Whether an entry before this position explains a write that fails with this code.
fn explains(socket: &Socket<'_>, code: &str, position: usize) -> bool {
    let was_called = |is_it: &dyn Fn(&Call) -> bool| {
        socket.calls.iter().any(|call| call.begin < position && is_it(call))
    };
    let peer_has_ended = socket.had(&Event::End) && !socket.properties.half_open;
    let has_failed = socket.had_error() == Some(true);
    match code {
        "ERR_STREAM_WRITE_AFTER_END" => was_called(&|call| call.action.ends()),
        "ERR_STREAM_DESTROYED" => {
            was_called(&Call::may_end_our_direction) || peer_has_ended || has_failed
        }
        "ERR_SOCKET_CLOSED_BEFORE_CONNECTION" => {
            !socket.properties.is_accepted && !socket.had(&Event::Ready)
        }
        "" => was_called(&|call| call.action == Action::DestroyWith),
        "EPIPE" => peer_has_ended || has_failed,
        "ECONNRESET" => has_failed,
        _ => false,
    }
}

//! The rules that a finished log must obey. Each rule is a pure function of it, named after what it
//! requires.

mod bytes;
pub mod callbacks;
mod closing;
mod drain;
mod memory;
mod numbers;
mod order;
mod timers;
mod turns;

use std::fmt;

use self::bytes::Path;
use super::history::{History, Socket};
use super::log::Role;

/// `Err`: the reason why the rule does not hold.
type Verdict = Result<(), String>;

/// Rules with their names.
type Rules<R> = &'static [(&'static str, R)];

macro_rules! rules {
    ($($module:ident: $($rule:ident)*;)*) => {
        &[$($((stringify!($rule), $module::$rule),)*)*]
    };
}

/// The rules for each socket.
const RULES: Rules<fn(&Socket<'_>) -> Verdict> = rules! {
    turns: listeners_never_overlap no_listener_is_called_inside_a_call;
    order: events_come_in_their_order finish_comes_when_all_is_sent
        nothing_follows_close_but_callbacks once_is_once no_data_while_paused
        destroy_takes_effect_at_once close_within_drops_data;
    drain: drain_answers_a_false drain_comes_after_the_listener_of_the_false
        drain_finds_the_queue_empty every_false_has_its_drain a_drain_is_needed_until_it_comes
        true_means_room no_drain_is_needed_after_destroy;
    callbacks: every_callback_comes_once callbacks_come_in_the_order_of_the_writes
        callbacks_tell_the_truth blocking_writes_tell_the_truth;
    closing: had_error_is_right run_returns_what_has_happened nothing_is_left_at_close;
    numbers: bytes_read_covers_what_was_received bytes_written_counts_what_was_accepted;
    timers: a_timer_is_not_early a_cancelled_timer_does_not_come timers_come_in_their_order
        every_timer_comes timeout_comes_after_idle_time;
    memory: the_queue_of_a_relay_is_bounded;
};

/// The rules for each socket if the plan is not rough.
const SMOOTH_RULES: Rules<fn(&Socket<'_>) -> Verdict> = rules! {
    closing: all_is_well;
};

/// The rules for the bytes that one party has received from another one.
const PATH_RULES: Rules<fn(&Path<'_, '_>, &[u8]) -> Verdict> = rules! {
    bytes: what_was_written_arrives all_count_the_same_bytes;
};

/// Checks all rules. `Ok`: whether every socket ended cleanly.
pub fn judge(rough: bool, history: &History, received: &[(Role, Vec<u8>)]) -> Result<bool, String> {
    let sockets = history.sockets();
    let mut broken = Vec::new();
    let mut note = |whose: &dyn fmt::Display, rule: &str, verdict: Verdict| {
        if let Err(why) = verdict {
            broken.push(format!("{whose}: {rule}: {why}"));
        }
    };
    for socket in &sockets {
        let smooth = if rough { &[] } else { SMOOTH_RULES };
        for (name, rule) in RULES.iter().chain(smooth) {
            note(&format!("{:?}", socket.role), name, rule(socket));
        }
    }
    for path in bytes::paths(&sockets) {
        let (_, received) =
            received.iter().find(|(role, _)| path.leads_to(*role)).expect("a party");
        for (name, rule) in PATH_RULES {
            note(&path, name, rule(&path, received));
        }
    }
    if broken.is_empty() {
        Ok(sockets.iter().all(Socket::is_clean))
    } else {
        Err(broken.join("\n"))
    }
}

//! The timers of a party.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::Party;
use crate::schedules::action::Action;
use crate::schedules::log::{Answer, Event, lock};
use crate::schedules::net::{EventSocket, TimerId};

#[derive(Default)]
pub(super) struct Timers {
    /// The timers of the plan, with their numbers.
    all: Vec<(TimerId, u32)>,
    /// The timers that must be called once, and were not yet.
    pub(super) awaited: HashSet<u32>,
}

impl Party {
    /// Calls `after` or `every` for the plan.
    pub(super) fn add_timer(self: &Arc<Self>, socket: &EventSocket, action: Action) {
        let number = self.next_number();
        // The lock is held during the call: a timer that fires at once waits for it, in its
        // listener.
        let mut timers = lock(&self.timers);
        let id = self.start_timer(socket, action, number, Party::step);
        timers.all.push((id, number));
        if matches!(action, Action::After(_)) {
            timers.awaited.insert(number);
        }
    }

    /// Adds a timer that the plan cannot cancel: the peer may wait for it.
    pub(super) fn resume_after(self: &Arc<Self>, socket: &EventSocket, millis: u64) {
        let number = self.next_number();
        let mut timers = lock(&self.timers);
        let resume = |party: &Arc<Self>, socket: &EventSocket| party.resume(socket);
        self.start_timer(socket, Action::After(millis), number, resume);
        timers.awaited.insert(number);
    }

    fn start_timer(
        self: &Arc<Self>,
        socket: &EventSocket,
        action: Action,
        number: u32,
        then: fn(&Arc<Self>, &EventSocket),
    ) -> TimerId {
        let party = self.clone();
        let timer = move |socket: &EventSocket| {
            let _turn = party.recorder.enter(socket, Event::Timer(number));
            lock(&party.timers).awaited.remove(&number);
            then(&party, socket);
        };
        let start = || match action {
            Action::After(millis) => socket.after(Duration::from_millis(millis), timer),
            Action::Every(millis) => socket.every(Duration::from_millis(millis), timer),
            _ => unreachable!("it starts no timer"),
        };
        self.recorder.call(action, number, start, |_| Answer::Nothing)
    }

    pub(super) fn cancel_timer(&self, socket: &EventSocket, which: u64) {
        let timers = lock(&self.timers);
        let Some((id, number)) = timers.all.iter().cycle().nth(which as usize).copied() else {
            return; // no timer was added so far
        };
        drop(timers);
        let (cancel, answer) = (|| socket.cancel(id), |found: &bool| Answer::Cancelled(*found));
        if self.recorder.call(Action::Cancel(which), number, cancel, answer) {
            lock(&self.timers).awaited.remove(&number);
        }
    }
}

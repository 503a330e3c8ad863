//! The transitions of a socket's times. Their states: `state::clock`.

use std::sync::Weak;
use std::time::{Duration, Instant};

use super::state::State;
use super::state::clock::Idle;
use super::state::dispatch::Pending;
use super::state::input::Flow;
use super::state::life::{Cause, Life};
use super::state::timer::{Timer, TimerId};
use crate::timers::{self, AlarmTarget};

impl State {
    /// Implements `set_timeout`.
    pub(super) fn set_idle_time(&mut self, time: Option<Duration>) {
        if !self.is_destroyed() {
            self.clock.idle = match time {
                Some(time) if !time.is_zero() => Idle::Set(time),
                _ => Idle::Off,
            };
            self.restart_idle_timer();
            self.effects.wake(); // a blocking write may wait, and must compute its deadline again
        }
    }

    /// Restarts the idle time after an activity.
    pub(super) fn restart_idle_timer(&mut self) {
        let runs = matches!(self.life, Life::Connecting | Life::Greeting(_) | Life::Open(_));
        if let (Some(time), true) = (self.clock.idle.time(), runs) {
            self.clock.idle = Idle::Counting { time, since: Instant::now() };
        }
    }

    /// Whether the idle time is over, without activity since. A pending Timeout waits for its turn,
    /// and in the meantime a listener may have written something, or changed the time.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.clock.idle, Idle::Set(_))
    }

    /// Whether the socket needs an alarm. Checked whenever the lock is released, and most of the
    /// time it needs none.
    pub(super) fn has_times(&self) -> bool {
        matches!(self.clock.idle, Idle::Counting { .. })
            || !self.clock.timers.is_empty()
            || self.input.is_discarding()
    }

    /// Sets the alarm for the earliest of the times.
    pub(super) fn set_alarm(&mut self, target: impl FnOnce() -> Weak<dyn AlarmTarget>) {
        let Some(due) = self.next_time() else { return };
        if self.clock.alarm.as_ref().is_none_or(|alarm| alarm.time() > due) {
            self.clock.alarm = Some(timers::set_alarm(due, target()));
        }
    }

    fn next_time(&self) -> Option<Instant> {
        let idle = self.clock.idle.due();
        let timers = self.clock.timers.iter().filter_map(Timer::due).min();
        let end = match self.input.flow {
            Flow::Discarding { until } if !self.is_destroyed() => Some(until),
            _ => None,
        };
        [idle, timers, end].into_iter().flatten().min()
    }

    /// The alarm has rung: makes pending what is due.
    pub(super) fn on_alarm(&mut self, now: Instant) {
        self.clock.alarm = None;
        if self.clock.idle.due().is_some_and(|due| due <= now) {
            self.clock.idle = Idle::Set(self.clock.idle.time().unwrap_or_default());
            if !self.dispatch.pending.iter().any(|pending| matches!(pending, Pending::Timeout)) {
                self.make_pending(Pending::Timeout);
            }
        }
        let timers = self.clock.timers.iter_mut();
        let mut fired: Vec<(Instant, TimerId)> =
            timers.filter_map(|timer| timer.fire(now)).collect();
        fired.sort(); // sorts by due time
        fired.into_iter().for_each(|(_, id)| self.make_pending(Pending::Timer(id)));
        if matches!(self.input.flow, Flow::Discarding { until } if until <= now) {
            self.destroy(Cause::Closed);
        }
    }

    /// Stops all times, when the socket is destroyed.
    pub(super) fn stop_clock(&mut self) {
        if let Some(time) = self.clock.idle.time() {
            self.clock.idle = Idle::Set(time);
        }
        self.clock.stopped = std::mem::take(&mut self.clock.timers);
        self.clock.alarm = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::socket::EventSocket;

    #[test]
    fn timers_that_are_late_together_fire_in_the_order_of_their_times() {
        let socket = EventSocket::new(1);
        let hours = |n| Duration::from_secs(n * 3600);
        let ids = [3u64, 1, 2].map(|n| socket.after(hours(n), |_| {}));
        let mut state = socket.lock();
        state.on_alarm(Instant::now() + hours(4));
        let fired = state.dispatch.pending.iter().filter_map(|pending| match pending {
            Pending::Timer(id) => Some(*id),
            _ => None,
        });
        assert!(fired.eq([ids[1], ids[2], ids[0]]));
    }
}

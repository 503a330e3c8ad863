//! The transitions of the peer's direction. Its states: `state::input`.

use std::time::Instant;

use super::state::State;
use super::state::input::{Flow, Holder};
use super::state::life::Life;
use super::text::Decoder;
use crate::listeners::ListenerId;

impl State {
    /// NotStarted → Flowing, for the first listener of Data or Text.
    pub(super) fn start_flow(&mut self) {
        if self.input.flow == Flow::NotStarted {
            self.start_flowing();
        }
    }

    /// Any flow except Discarding → Paused, with one more holder. A pipe that has ended holds
    /// nothing.
    pub(super) fn hold_flow(&mut self, holder: Holder) {
        if matches!(holder, Holder::Pipe(id) if !self.input.pipes.contains(&id)) {
            return;
        }
        match &mut self.input.flow {
            Flow::NotStarted | Flow::Flowing => {
                let read_ahead = matches!(self.life, Life::Open(_));
                self.input.flow = Flow::Paused { holders: vec![holder], read_ahead };
            }
            Flow::Paused { holders, .. } if !holders.contains(&holder) => holders.push(holder),
            Flow::Paused { .. } | Flow::Discarding { .. } => {}
        }
    }

    /// Paused → Flowing, by the last holder. `resume()` of the user also starts a flow that has not
    /// started.
    pub(super) fn release_flow(&mut self, holder: Holder) {
        match &mut self.input.flow {
            Flow::NotStarted if holder == Holder::User => self.start_flowing(),
            Flow::Paused { holders, .. } => {
                holders.retain(|other| *other != holder);
                if holders.is_empty() {
                    self.start_flowing();
                }
            }
            Flow::NotStarted | Flow::Flowing | Flow::Discarding { .. } => {}
        }
    }

    fn start_flowing(&mut self) {
        self.input.flow = Flow::Flowing;
        self.effects.wake(); // the runner continues to read, and emits the held data
    }

    /// Any flow → Discarding, until `until` at the latest.
    pub(super) fn discard_input(&mut self, until: Instant) {
        let until = match self.input.flow {
            Flow::Discarding { until: earlier } => until.min(earlier),
            _ => until,
        };
        self.input.flow = Flow::Discarding { until };
        self.input.held = Vec::new();
        self.input.decoder = Decoder::default();
        self.effects.wake();
    }

    /// Removes a pipe whose target is closed. After the last one the flow is paused: the data has
    /// no destination.
    pub(super) fn unpipe(&mut self, pipe: ListenerId) {
        let before = self.input.pipes.len();
        self.input.pipes.retain(|other| *other != pipe);
        if self.input.pipes.is_empty() && before > 0 {
            self.hold_flow(Holder::User);
        }
        self.release_flow(Holder::Pipe(pipe));
    }

    /// Whether held data may be emitted.
    pub(super) fn may_emit_held(&self) -> bool {
        self.input.is_flowing() && !self.input.held.is_empty() && !self.is_destroyed()
    }
}

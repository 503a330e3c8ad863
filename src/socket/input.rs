//! The peer's direction: data that was read and not emitted, whether data flows, and the peer's
//! end.

use std::time::Instant;

use super::life::Life;
use super::state::State;
use super::text::Decoder;
use crate::listeners::ListenerId;

/// The largest chunk of data, in bytes.
pub(super) const CHUNK_MAX: usize = 64 * 1024;

/// With this number of bytes held, reading stops, and TCP itself slows the peer down. Node:
/// `readableHighWaterMark`.
const READ_AHEAD_LIMIT: usize = 16 * 1024;

/// The state of the peer's direction.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) flow: Flow,
    /// Bytes that were read and not emitted.
    pub(super) held: Vec<u8>,
    pub(super) decoder: Decoder,
    pub(super) peer: Peer,
    pub(super) bytes_read: u64,
    /// The pipes from this socket to others.
    pub(super) pipes: Vec<ListenerId>,
}

/// Whether data is emitted. Node: `readableFlowing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    /// No Data listener was added yet. Data is held, and the first listener starts the flow.
    NotStarted,
    /// Data is emitted. It is lost if all listeners were removed.
    Flowing,
    /// Only [`State::release_flow`] by the last holder starts the flow again. `read_ahead`: reading
    /// had begun before the pause, so it continues up to the limit; otherwise the data stays in the
    /// kernel.
    Paused { holders: Vec<Holder>, read_ahead: bool },
    /// `close_within` was called: data is read and dropped. This state is final.
    Discarding { until: Instant },
}

/// A reason to hold back the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// `pause()` was called.
    User,
    /// The target of this pipe is full.
    Pipe(ListenerId),
}

/// The progress of the peer's direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// The peer may send more.
    Sending,
    /// The FIN was read. End is emitted when no data is held.
    FinRead,
    /// End was emitted, or is being emitted.
    Ended,
}

impl Input {
    pub(super) fn new(paused: bool) -> Input {
        let flow = if paused {
            Flow::Paused { holders: vec![Holder::User], read_ahead: false }
        } else {
            Flow::NotStarted
        };
        Input {
            flow,
            held: Vec::new(),
            decoder: Decoder::default(),
            peer: Peer::Sending,
            bytes_read: 0,
            pipes: Vec::new(),
        }
    }

    /// Whether the next chunk may be read from the kernel.
    pub(super) fn may_read(&self) -> bool {
        match self.flow {
            Flow::Paused { read_ahead: false, .. } => false,
            _ => self.held.len() < READ_AHEAD_LIMIT,
        }
    }

    pub(super) fn is_flowing(&self) -> bool {
        self.flow == Flow::Flowing
    }

    pub(super) fn is_discarding(&self) -> bool {
        matches!(self.flow, Flow::Discarding { .. })
    }

    /// Takes the next chunk of the held data.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        let length = self.held.len().min(CHUNK_MAX);
        let rest = self.held.split_off(length);
        std::mem::replace(&mut self.held, rest)
    }
}

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

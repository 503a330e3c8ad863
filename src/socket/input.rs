//! The peer's direction: what was read and not emitted yet, whether data flows, and the peer's end.

use std::time::Instant;

use super::life::Life;
use super::state::State;
use super::text::Decoder;
use crate::listeners::ListenerId;

/// The largest chunk of data, in bytes.
pub(super) const CHUNK_MAX: usize = 64 * 1024;

/// With so many bytes held, reading stops, and TCP itself slows the peer down. Node: `readableHighWaterMark`.
const READ_AHEAD_LIMIT: usize = 16 * 1024;

/// The peer's direction.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) flow: Flow,
    /// Bytes that were read and not emitted.
    pub(super) held: Vec<u8>,
    pub(super) decoder: Decoder,
    pub(super) peer: Peer,
    pub(super) bytes_read: u64,
    /// The pipes that lead away from here.
    pub(super) pipes: Vec<ListenerId>,
}

/// Whether data goes to the listeners. Node: `readableFlowing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    /// No Data listener was added yet: data is kept, and the first listener starts the flow.
    NotStarted,
    /// Data is emitted, and lost if all listeners have been removed.
    Flowing,
    /// Only [`State::release`] starts the flow again, when nobody holds it any longer. `read_ahead`: reading had begun
    /// before, so reading goes on up to the limit; otherwise the data stays in the kernel.
    Paused { holders: Vec<Holder>, read_ahead: bool },
    /// `close_within` was called: data is read and dropped. Nothing leads back.
    Discarding { until: Instant },
}

/// Who holds the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// `pause()`.
    User,
    /// A pipe whose target is full.
    Pipe(ListenerId),
}

/// How far the peer's direction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// The peer may send more.
    Sending,
    /// The FIN was read. End waits until nothing is held.
    FinRead,
    /// End was emitted, or is being emitted.
    Ended,
}

impl Input {
    pub(super) fn new(paused: bool) -> Input {
        let flow = match paused {
            true => Flow::Paused { holders: vec![Holder::User], read_ahead: false },
            false => Flow::NotStarted,
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

    /// Takes the next chunk of what is held.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        let length = self.held.len().min(CHUNK_MAX);
        let rest = self.held.split_off(length);
        std::mem::replace(&mut self.held, rest)
    }
}

impl State {
    /// A first listener of Data or Text was added.
    pub(super) fn start_flow(&mut self) {
        if self.input.flow == Flow::NotStarted {
            self.flow();
        }
    }

    /// Any flow → Paused, by one more holder. A pipe that has ended holds nothing.
    pub(super) fn hold(&mut self, holder: Holder) {
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

    /// Paused → Flowing, when this was the last holder. `resume()` of the user starts the flow also before any listener is
    /// there.
    pub(super) fn release(&mut self, holder: Holder) {
        match &mut self.input.flow {
            Flow::NotStarted if holder == Holder::User => self.flow(),
            Flow::Paused { holders, .. } => {
                holders.retain(|other| *other != holder);
                if holders.is_empty() {
                    self.flow();
                }
            }
            Flow::NotStarted | Flow::Flowing | Flow::Discarding { .. } => {}
        }
    }

    fn flow(&mut self) {
        self.input.flow = Flow::Flowing;
        self.effects.wake(); // the runner reads on, and emits what is held
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

    /// A pipe from here has ended, as its target is closed. When it was the last one, data has no place to go.
    pub(super) fn unpipe(&mut self, pipe: ListenerId) {
        let before = self.input.pipes.len();
        self.input.pipes.retain(|other| *other != pipe);
        if self.input.pipes.is_empty() && before > 0 {
            self.hold(Holder::User);
        }
        self.release(Holder::Pipe(pipe));
    }

    /// Whether held data may be emitted.
    pub(super) fn may_emit_held(&self) -> bool {
        self.input.is_flowing() && !self.input.held.is_empty() && !self.is_destroyed()
    }
}

//! The state of the peer's direction: data that was read and not emitted, whether data flows, and
//! the peer's end.

use std::time::Instant;

use crate::listeners::ListenerId;
use crate::socket::text::Decoder;

/// The largest chunk of data, in bytes.
pub(in crate::socket) const CHUNK_MAX: usize = 64 * 1024;

/// With this number of bytes held, reading stops, and TCP itself slows the peer down. Node:
/// `readableHighWaterMark`.
const READ_AHEAD_LIMIT: usize = 16 * 1024;

/// The state of the peer's direction.
#[derive(Debug)]
pub(in crate::socket) struct Input {
    pub(in crate::socket) flow: Flow,
    /// Bytes that were read and not emitted.
    pub(in crate::socket) held: Vec<u8>,
    pub(in crate::socket) decoder: Decoder,
    pub(in crate::socket) peer: Peer,
    pub(in crate::socket) bytes_read: u64,
    /// The number of threads that peek into the kernel's buffer: no read begins meanwhile, as both
    /// set the time limit of the stream.
    pub(in crate::socket) peeking: usize,
    /// The pipes from this socket to others.
    pub(in crate::socket) pipes: Vec<ListenerId>,
}

/// Whether data is emitted. Node: `readableFlowing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::socket) enum Flow {
    /// No Data listener was added yet. Data is held, and the first listener starts the flow.
    NotStarted,
    /// Data is emitted. It is lost if all listeners were removed.
    Flowing,
    /// Only [`State::release_flow`](super::State::release_flow) by the last holder starts the flow again. `read_ahead`: reading
    /// had begun before the pause, so it continues up to the limit; otherwise the data stays in the
    /// kernel.
    Paused { holders: Vec<Holder>, read_ahead: bool },
    /// `close_within` was called: data is read and dropped. This state is final.
    Discarding { until: Instant },
}

/// A reason to hold back the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Holder {
    /// `pause()` was called.
    User,
    /// The target of this pipe is full.
    Pipe(ListenerId),
}

/// The progress of the peer's direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Peer {
    /// The peer may send more.
    Sending,
    /// The FIN was read. End is emitted when no data is held.
    FinRead,
    /// End was emitted, or is being emitted.
    Ended,
}

impl Input {
    pub(in crate::socket) fn new(paused: bool) -> Input {
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
            peeking: 0,
            pipes: Vec::new(),
        }
    }

    /// Whether the next chunk may be read from the kernel.
    pub(in crate::socket) fn may_read(&self) -> bool {
        match self.flow {
            Flow::Paused { read_ahead: false, .. } => false,
            _ => self.held.len() < READ_AHEAD_LIMIT,
        }
    }

    pub(in crate::socket) fn is_flowing(&self) -> bool {
        self.flow == Flow::Flowing
    }

    pub(in crate::socket) fn is_discarding(&self) -> bool {
        matches!(self.flow, Flow::Discarding { .. })
    }

    /// Takes the next chunk of the held data.
    pub(in crate::socket) fn take_held(&mut self) -> Vec<u8> {
        let length = self.held.len().min(CHUNK_MAX);
        let rest = self.held.split_off(length);
        std::mem::replace(&mut self.held, rest)
    }
}

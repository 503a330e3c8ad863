//! The actions of a peer.

use super::plan::NEVER_REACHED_MS;
use super::records;

/// One action of a peer: nearly always one call of the library.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// With the length of the record, as in the next ones.
    Write(usize),
    WriteThen(usize),
    /// By `io::Write`, in records that fit into one call.
    Block(usize),
    Flush,
    /// A relay's write of a chunk that it has received.
    Forward(usize),
    End,
    EndWith(usize),
    /// In milliseconds, as all times but that of `Compute`.
    CloseWithin(u64),
    DestroySoon,
    Destroy,
    DestroyWith,
    /// Only from a listener.
    Panic,
    /// `close_all_connections` of the server.
    CloseAll,
    /// The server closes, and listens again at the same place.
    Relisten,
    Pause,
    Resume,
    SetTimeout(Option<u64>),
    After(u64),
    Every(u64),
    /// One of the timers added so far.
    Cancel(u64),
    SetNoDelay(bool),
    /// Removes the Data listener: what arrives in the meantime is lost.
    RemoveListener,
    AddListener,
    /// Adds a listener that is called once.
    Once,
    /// Reads every property of a socket.
    Ask,
    /// Computes for this number of microseconds.
    Compute(u64),
    Yield,
    /// Waits until this number of events has happened, but not for long.
    Await(u64),
}

impl Action {
    /// Returns the number of bytes that it writes, if it writes.
    pub fn bytes(self) -> Option<usize> {
        match self {
            Action::Write(length)
            | Action::WriteThen(length)
            | Action::Block(length)
            | Action::EndWith(length) => Some(records::size(length)),
            Action::Forward(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it ends our direction when everything is sent, and closes later.
    pub fn ends(self) -> bool {
        matches!(
            self,
            Action::End | Action::EndWith(_) | Action::CloseWithin(_) | Action::DestroySoon
        )
    }

    /// Whether it closes at once.
    pub fn destroys(self) -> bool {
        matches!(self, Action::Destroy | Action::DestroyWith | Action::CloseAll | Action::Panic)
    }

    /// Whether it may close before everything has arrived.
    pub fn is_abrupt(self) -> bool {
        self.destroys() || matches!(self, Action::CloseWithin(millis) if millis != NEVER_REACHED_MS)
    }
}

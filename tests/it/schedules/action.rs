//! What a peer can do.

use super::plan::LONG;
use super::records;

/// One thing that a peer does: nearly always one call of the library.
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
    /// One of the timers that there were so far.
    Cancel(u64),
    SetNoDelay(bool),
    /// Removes the Data listener: what arrives in the meantime is lost.
    RemoveListener,
    AddListener,
    /// Adds a listener for one time.
    Once,
    /// Asks everything that a socket says about itself.
    Ask,
    /// Computes for so many microseconds.
    Compute(u64),
    Yield,
    /// Waits until there were so many events, but not for long.
    Await(u64),
}

impl Action {
    /// How many bytes it writes, if it writes.
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

    /// It ends our direction when everything is sent, and closes later.
    pub fn ends(self) -> bool {
        matches!(
            self,
            Action::End | Action::EndWith(_) | Action::CloseWithin(_) | Action::DestroySoon
        )
    }

    /// It closes at once.
    pub fn destroys(self) -> bool {
        matches!(self, Action::Destroy | Action::DestroyWith | Action::CloseAll | Action::Panic)
    }

    /// It may close before everything has arrived.
    pub fn is_abrupt(self) -> bool {
        self.destroys() || matches!(self, Action::CloseWithin(millis) if millis != LONG)
    }
}

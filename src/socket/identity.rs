//! Handles of the same connection are equal. A chat uses this to send to everyone except the
//! author.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::EventSocket;

impl EventSocket {
    /// An id that is unique in the process.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }
}

impl PartialEq for EventSocket {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for EventSocket {}

impl Hash for EventSocket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl fmt::Debug for EventSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSocket")
            .field("id", &self.0.id)
            .field("local", &self.local_addr())
            .field("remote", &self.remote_addr())
            .field("state", &self.ready_state())
            .finish()
    }
}

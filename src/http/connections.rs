//! The connections of a server, for its `close`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use crate::sync::lock;

/// The connections that are alive, by the id of their socket.
pub(super) struct Connections<C>(Mutex<HashMap<u64, Weak<C>>>);

impl<C> Connections<C> {
    pub(super) fn new() -> Connections<C> {
        Connections(Mutex::default())
    }

    pub(super) fn add(&self, socket: u64, connection: &Arc<C>) {
        lock(&self.0).insert(socket, Arc::downgrade(connection));
    }

    pub(super) fn remove(&self, socket: u64) {
        lock(&self.0).remove(&socket);
    }

    /// A snapshot: no lock is held while the caller uses the connections.
    pub(super) fn alive(&self) -> Vec<Arc<C>> {
        lock(&self.0).values().filter_map(Weak::upgrade).collect()
    }
}

//! The connections of a server, so that `close` reaches them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use super::Options;
use super::connection::{Connection, Handler};
use crate::sync::lock;

/// What the connections of a server share.
pub(super) struct Shared {
    pub(super) handler: Box<Handler>,
    pub(super) options: Options,
    /// By the id of the socket.
    connections: Mutex<HashMap<u64, Weak<Connection>>>,
}

impl Shared {
    pub(super) fn new(options: Options, handler: Box<Handler>) -> Shared {
        Shared { handler, options, connections: Mutex::default() }
    }

    pub(super) fn add(&self, socket: u64, connection: &Arc<Connection>) {
        lock(&self.connections).insert(socket, Arc::downgrade(connection));
    }

    pub(super) fn remove(&self, socket: u64) {
        lock(&self.connections).remove(&socket);
    }

    /// `close` of the server was called.
    pub(super) fn close(&self) {
        let connections: Vec<_> = lock(&self.connections).values().cloned().collect();
        let alive = connections.iter().filter_map(Weak::upgrade);
        alive.for_each(|connection| connection.close_when_answered());
    }
}

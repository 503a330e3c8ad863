//! The connections of a server, for its `close`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use super::Options;
use super::connection::{Handler, HttpConnection};
use crate::sync::lock;

/// The data that the connections of a server share.
pub(super) struct ServerShared {
    pub(super) handler: Box<Handler>,
    pub(super) options: Options,
    /// The connections, by the id of their socket.
    connections: Mutex<HashMap<u64, Weak<HttpConnection>>>,
}

impl ServerShared {
    pub(super) fn new(options: Options, handler: Box<Handler>) -> ServerShared {
        ServerShared { handler, options, connections: Mutex::default() }
    }

    pub(super) fn add(&self, socket: u64, connection: &Arc<HttpConnection>) {
        lock(&self.connections).insert(socket, Arc::downgrade(connection));
    }

    pub(super) fn remove(&self, socket: u64) {
        lock(&self.connections).remove(&socket);
    }

    /// Implements `close` of the server.
    pub(super) fn close(&self) {
        let connections: Vec<_> = lock(&self.connections).values().cloned().collect();
        let alive = connections.iter().filter_map(Weak::upgrade);
        alive.for_each(|connection| connection.close_when_answered());
    }
}

//! Handing over the socket: `Upgrade` (RFC 9110 7.8).

use std::sync::Arc;

use super::connection::HttpConnection;
use super::phase::{Phase, TakeSocket};
use super::request::has;

impl HttpConnection {
    /// Implements `Response::upgrade`.
    pub(super) fn upgrade(self: &Arc<Self>, number: u64, protocol: &str, take: TakeSocket) {
        let mut inner = self.lock();
        if !inner.is_open(number) {
            return;
        }
        // A server must not switch to a protocol that the client did not offer (RFC 9110 7.8).
        let offered = inner.offered.as_ref().is_some_and(|offered| has(offered, protocol));
        let can_switch = offered && inner.answer.is_unsent();
        if !can_switch {
            inner.answer.refuse_upgrade(protocol);
        }
        if !can_switch || inner.answer.has_mistake() {
            HttpConnection::unlock(inner);
            return self.end(number, &[]);
        }
        inner.answer.switch_protocol(protocol);
        inner.number += 1;
        let outstanding = matches!(inner.phase, Phase::Outstanding);
        inner.phase = Phase::Upgrading(take);
        HttpConnection::unlock(inner);
        if outstanding {
            // On the socket's turn, so that no data is emitted before.
            let this = self.clone();
            self.socket.after(std::time::Duration::ZERO, move |_| this.hand_over_socket());
        }
    }

    /// Sends the 101, and hands over the socket with the bytes that arrived after the request.
    /// Called on the socket's turn.
    pub(super) fn hand_over_socket(self: &Arc<Self>) {
        let mut inner = self.lock();
        let Phase::Upgrading(take) = std::mem::replace(&mut inner.phase, Phase::Upgraded) else {
            return;
        };
        if inner.client_ended {
            // Its End was emitted, and no listener of `take` would ever notice that it is gone.
            inner.phase = Phase::Closing;
            self.socket.destroy();
            HttpConnection::unlock(inner);
            return drop(take);
        }
        self.send(&mut inner, &[]);
        let rest = inner.incoming.take_rest();
        let listeners = std::mem::take(&mut inner.listeners);
        HttpConnection::unlock(inner); // callbacks and `take` are code of the user
        self.detach();
        listeners.into_iter().for_each(|listener| _ = self.socket.off(listener));
        self.socket.resume();
        self.call_on_close();
        take(&self.socket, &rest);
    }
}

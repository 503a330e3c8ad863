//! Callbacks for room in the queue, and for the end of a response: `Response::on_drain`,
//! `on_close`, `is_closed`.

use std::sync::Arc;

use super::connection::{CloseCallback, ConnectionState, DrainCallback, HttpConnection};
use super::phase::Phase;
use crate::event;

impl HttpConnection {
    pub(super) fn on_drain(self: &Arc<Self>, number: u64, callback: DrainCallback) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            inner.watchers.on_drain.push(callback);
            self.listen(&mut inner);
        }
    }

    pub(super) fn on_close(self: &Arc<Self>, number: u64, callback: CloseCallback) {
        let mut inner = self.lock();
        if !inner.is_open(number) || self.socket.peer_has_ended() {
            if self.is_sent(&inner, number) || self.socket.peer_has_ended() {
                drop(inner); // the callback may call methods of the response
                return callback();
            }
            // It has ended, and its last bytes are queued.
            inner.watchers.on_close.push(callback);
            return self.call_on_close_when_sent(&mut inner);
        }
        inner.watchers.on_close.push(callback);
        self.listen(&mut inner);
        drop(inner);
        if self.socket.is_over() {
            self.call_on_close(); // Close was emitted before the listener was added
        }
    }

    pub(super) fn is_closed(&self, number: u64) -> bool {
        let inner = self.lock();
        if !inner.is_open(number) {
            return self.is_sent(&inner, number) || self.socket.is_destroyed();
        }
        let is_handling = matches!(inner.phase, Phase::Handling);
        drop(inner); // the check below may take some milliseconds
        if is_handling {
            // While the handler runs, no thread reads; so this call checks the connection.
            self.socket.peer_has_ended_now()
        } else {
            self.socket.peer_has_ended()
        }
    }

    /// Whether the kernel has taken all of a response that has ended.
    fn is_sent(&self, inner: &ConnectionState, number: u64) -> bool {
        let is_newest = inner.number == number + 1;
        !(is_newest && self.socket.writable_length() > 0)
    }

    /// Adds the listeners for the socket's Drain and Close, once.
    fn listen(self: &Arc<Self>, inner: &mut ConnectionState) {
        if std::mem::replace(&mut inner.watchers.listening, true) {
            return;
        }
        let this = self.clone();
        let drain = self.socket.on(event::Drain, move |_, ()| this.call_on_drain());
        let this = self.clone();
        let close = self.socket.on(event::Close, move |_, _| this.call_on_close());
        inner.listeners.extend([drain, close]);
    }

    fn call_on_drain(&self) {
        let mut inner = self.lock();
        let number = inner.number;
        let mut callbacks = std::mem::take(&mut inner.watchers.on_drain);
        drop(inner); // a callback may write, or add another one
        callbacks.iter_mut().for_each(|callback| callback());
        // Under the lock again: put back, unless the response has ended in the meantime.
        let mut inner = self.lock();
        if inner.is_open(number) {
            callbacks.append(&mut inner.watchers.on_drain); // callbacks that one of them has added
            inner.watchers.on_drain = callbacks;
        }
    }

    /// Calls the callbacks for the end of the response, or of its client. No lock is held.
    pub(super) fn call_on_close(&self) {
        let callbacks = std::mem::take(&mut self.lock().watchers.on_close);
        callbacks.into_iter().for_each(|callback| callback());
    }

    /// Calls them when the kernel has taken all of a response that has ended, or never will.
    pub(super) fn call_on_close_when_sent(&self, inner: &mut ConnectionState) {
        inner.watchers.on_drain.clear();
        let callbacks = std::mem::take(&mut inner.watchers.on_close);
        if !callbacks.is_empty() {
            self.socket
                .write_then([], move |_| callbacks.into_iter().for_each(|callback| callback()));
        }
    }
}

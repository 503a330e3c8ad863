//! Who waits for room, or for the end of a response: `Response::on_drain`, `on_close`, `is_closed`.

use std::sync::Arc;

use super::connection::{Connection, Inner};
use super::phase::Phase;
use crate::event;

type OnDrain = Box<dyn FnMut() + Send>;
type OnClose = Box<dyn FnOnce() + Send>;

/// The callbacks of the response that is open.
#[derive(Default)]
pub(super) struct Watchers {
    on_drain: Vec<OnDrain>,
    on_close: Vec<OnClose>,
    /// The socket's Drain and Close are listened to.
    listening: bool,
}

impl Connection {
    pub(super) fn on_drain(self: &Arc<Self>, number: u64, callback: OnDrain) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            inner.watchers.on_drain.push(callback);
            self.listen(&mut inner);
        }
    }

    pub(super) fn on_close(self: &Arc<Self>, number: u64, callback: OnClose) {
        let mut inner = self.lock();
        if !inner.is_open(number) || self.socket.peer_has_ended() {
            if self.is_sent(&inner, number) || self.socket.peer_has_ended() {
                drop(inner);
                return callback();
            }
            // It has ended, and the last of it is on its way.
            inner.watchers.on_close.push(callback);
            return self.call_on_close_when_sent(&mut inner);
        }
        inner.watchers.on_close.push(callback);
        self.listen(&mut inner);
        drop(inner);
        if self.socket.is_over() {
            self.call_on_close(); // Close came before we listened
        }
    }

    pub(super) fn is_closed(&self, number: u64) -> bool {
        let inner = self.lock();
        match inner.is_open(number) {
            false => self.is_sent(&inner, number) || self.socket.is_destroyed(),
            // While the handler runs, nobody reads; so this one has to look.
            true if matches!(inner.phase, Phase::Handling) => {
                drop(inner);
                self.socket.peer_has_ended_now()
            }
            true => {
                drop(inner);
                self.socket.peer_has_ended()
            }
        }
    }

    /// Whether a response that has ended was taken by the kernel, all of it.
    fn is_sent(&self, inner: &Inner, number: u64) -> bool {
        let is_newest = inner.number == number + 1;
        !(is_newest && self.socket.writable_length() > 0)
    }

    fn listen(self: &Arc<Self>, inner: &mut Inner) {
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
        drop(inner);
        callbacks.iter_mut().for_each(|callback| callback());
        let mut inner = self.lock();
        if inner.is_open(number) {
            callbacks.append(&mut inner.watchers.on_drain); // those that were added by one of them
            inner.watchers.on_drain = callbacks;
        }
    }

    /// The response is over, or its client is gone. No lock is held.
    pub(super) fn call_on_close(&self) {
        let callbacks = std::mem::take(&mut self.lock().watchers.on_close);
        callbacks.into_iter().for_each(|callback| callback());
    }

    /// The response has ended: its callbacks are called when the kernel has all of it, or never will.
    pub(super) fn call_on_close_when_sent(&self, inner: &mut Inner) {
        inner.watchers.on_drain.clear();
        let callbacks = std::mem::take(&mut inner.watchers.on_close);
        if !callbacks.is_empty() {
            self.socket
                .write_then([], move |_| callbacks.into_iter().for_each(|callback| callback()));
        }
    }
}

//! Callbacks for room in the queue, and for the end of a response: `Response::on_drain`,
//! `on_close`, `is_closed`.

use std::mem::take;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::connection::{CloseCallback, ConnectionState, DrainCallback, HttpConnection, Watchers};
use super::phase::Phase;
use crate::event;
use crate::panics;

impl HttpConnection {
    pub(super) fn on_drain(self: &Arc<Self>, number: u64, callback: DrainCallback) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            inner.watchers.on_drain.push(callback);
            self.listen(&mut inner);
            drop(inner);
            self.release_if_closed();
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
            return self.release_watchers_when_sent(&mut inner);
        }
        inner.watchers.on_close.push(callback);
        self.listen(&mut inner);
        drop(inner);
        self.release_if_closed();
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
        let close = self.socket.on(event::Close, move |_, _| this.take_watchers().release());
        inner.listeners.extend([drain, close]);
    }

    fn call_on_drain(&self) {
        let mut inner = self.lock();
        let number = inner.number;
        let mut callbacks = take(&mut inner.watchers.on_drain);
        drop(inner); // a callback may write, or add another one
        let panic =
            panics::first(callbacks.iter_mut().filter_map(|callback| panics::catch(callback)));
        // Under the lock again: put back, unless the response has ended in the meantime.
        let mut inner = self.lock();
        if inner.is_open(number) {
            callbacks.append(&mut inner.watchers.on_drain); // callbacks that one of them has added
            inner.watchers.on_drain = callbacks;
        }
        drop(inner);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Calls the callbacks for the end of the response, as its client has ended. No lock is held.
    pub(super) fn call_on_close(&self) {
        let on_close = take(&mut self.lock().watchers.on_close);
        panics::call_each(on_close);
    }

    /// Releases the callbacks of a connection whose Close may have been emitted before our
    /// listener was added: they often own a response, which owns the connection.
    fn release_if_closed(&self) {
        if self.socket.close_has_begun() {
            self.take_watchers().release();
        }
    }

    /// Takes the callbacks of the open response.
    fn take_watchers(&self) -> Released {
        self.lock().watchers.take()
    }

    /// Releases the callbacks of a response that has ended, when the kernel has taken all of it, or
    /// never will. On the socket's turn, and with no lock held: neither ours, nor one that the
    /// caller of `end` may hold.
    pub(super) fn release_watchers_when_sent(&self, inner: &mut ConnectionState) {
        if inner.watchers.are_waiting() {
            let watchers = inner.watchers.take();
            self.socket.write_then([], move |_| watchers.release());
        }
    }
}

impl Watchers {
    /// Whether there are callbacks.
    pub(super) fn are_waiting(&self) -> bool {
        !(self.on_drain.is_empty() && self.on_close.is_empty())
    }

    fn take(&mut self) -> Released {
        Released { on_drain: take(&mut self.on_drain), on_close: take(&mut self.on_close) }
    }
}

/// The callbacks of a response that is over.
struct Released {
    on_drain: Vec<DrainCallback>,
    on_close: Vec<CloseCallback>,
}

impl Released {
    /// Drops the callbacks for room, and calls those for the end. Code of the user: never call it
    /// under a lock.
    fn release(self) {
        let dropped = panics::drop_each(self.on_drain);
        let called = panics::catch(|| panics::call_each(self.on_close));
        if let Some(panic) = panics::first(dropped.into_iter().chain(called)) {
            resume_unwind(panic);
        }
    }
}

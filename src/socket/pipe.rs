//! One socket's data into another, no faster than that one takes it.

use super::EventSocket;
use super::event::{Close, Data, Drain, End};
use super::input::Holder;
use crate::listeners::ListenerId;

impl EventSocket {
    /// Writes all data to `to`, pauses while `to` is full, and ends it when the peer has ended. Pipe a socket into itself
    /// and it is an echo. Into several targets, the slowest one sets the pace. When `to` is closed, the pipe ends; when the
    /// last pipe has ended, this socket is paused. Node: `socket.pipe`.
    ///
    /// A pipe pauses the socket by itself: [`resume`](Self::resume) does not overrule it, and its Drain does not overrule
    /// [`pause`](Self::pause). (In Node each overrules the other.)
    pub fn pipe(&self, to: &EventSocket) {
        let id = ListenerId::next();
        self.lock().input.pipes.push(id);

        let target = to.clone();
        let data = self.on(Data, move |source, data| {
            if !target.write(data) {
                source.lock().hold(Holder::Pipe(id)); // Drain comes after this listener has returned
            }
        });
        let target = to.clone();
        let end = self.on(End, move |_, ()| target.end());
        let source = self.clone();
        let drain = to.on(Drain, move |_, ()| source.lock().release(Holder::Pipe(id)));
        let source = self.clone();
        let unpipe = move || {
            source.off(data);
            source.off(end);
            source.lock().unpipe(id);
        };
        let close = to.on(Close, {
            let unpipe = unpipe.clone();
            move |_, _| unpipe()
        });
        // The other way round: a source that is gone must not be kept alive by its target.
        let target = to.clone();
        self.on(Close, move |_, _| {
            target.off(drain);
            target.off(close);
        });
        self.resume();
        if to.lock().is_over() {
            return unpipe(); // no Close is to come
        }
        if to.writable_need_drain() {
            // Full already. If Drain came in the meantime, there is nothing to wait for.
            self.lock().hold(Holder::Pipe(id));
            if !to.writable_need_drain() {
                self.lock().release(Holder::Pipe(id));
            }
        }
    }
}

//! `pipe`: copies the data of one socket to another, at the speed of the other.

use std::sync::{Arc, OnceLock};

use super::EventSocket;
use super::event::{Close, Data, Drain, End};
use super::state::input::Holder;
use crate::listeners::ListenerId;

impl EventSocket {
    /// Writes all data to `to`, pauses while `to` is full, and ends it when the peer has ended. A
    /// socket that is piped to itself is an echo. With several targets, the slowest one sets the
    /// pace. The pipe ends when `to` is closed; after the last pipe has ended, this socket is
    /// paused. Node: `socket.pipe`.
    ///
    /// A pipe holds the data back independently of [`pause`](Self::pause): [`resume`](Self::resume)
    /// does not overrule a full target, and a Drain of the target does not overrule `pause`. (In
    /// Node each overrules the other.)
    #[track_caller]
    pub fn pipe(&self, to: &EventSocket) {
        let id = ListenerId::next();
        self.lock().input.pipes.push(id);

        let target = to.clone();
        let data = self.on(Data, move |source, data| {
            if !target.write(data) {
                // Drain is emitted after this listener has returned.
                source.lock().hold_flow(Holder::Pipe(id));
            }
        });
        let target = to.clone();
        let end = self.on(End, move |_, ()| target.end());
        let source = self.clone();
        let drain = to.on(Drain, move |_, ()| source.lock().release_flow(Holder::Pipe(id)));
        let source = self.clone();
        let source_close: Arc<OnceLock<ListenerId>> = Arc::default();
        let its_listener = source_close.clone();
        let unpipe = move || {
            for listener in [Some(data), Some(end), its_listener.get().copied()] {
                listener.map(|listener| source.off(listener));
            }
            source.lock().unpipe(id);
        };
        let close = to.on(Close, {
            let unpipe = unpipe.clone();
            move |_, _| unpipe()
        });
        // The reverse: the target must not keep a closed source alive.
        let target = to.clone();
        let listener = self.on(Close, move |_, _| {
            target.off(drain);
            target.off(close);
        });
        let _ = source_close.set(listener);
        self.resume();
        if to.close_has_begun() {
            return unpipe(); // the listener above may never be called
        }
        if to.writable_need_drain() {
            // Already full. If Drain was emitted in the meantime, there is nothing to wait for.
            self.lock().hold_flow(Holder::Pipe(id));
            if !to.writable_need_drain() {
                self.lock().release_flow(Holder::Pipe(id));
            }
        }
    }
}

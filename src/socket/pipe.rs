//! One socket's data into another, no faster than that one takes it.

use super::EventSocket;
use super::event::{Close, Data, Drain, End};

impl EventSocket {
    /// Writes all data to `to`, pauses while `to` is full, and ends it when the peer has ended. Pipe a socket into itself
    /// and it is an echo. When `to` is closed, the piping stops and this socket is paused. Node: `socket.pipe`.
    pub fn pipe(&self, to: &EventSocket) {
        let target = to.clone();
        let data = self.on(Data, move |source, data| {
            if !target.write(data) {
                source.pause();
                // From here on Drain resumes. If the queue became empty before this line, it may have been emitted.
                if !target.owes_drain() {
                    source.resume();
                }
                if target.is_destroyed() {
                    source.pause(); // also if its Close came before this line
                }
            }
        });
        let target = to.clone();
        let end = self.on(End, move |_, ()| target.end());
        let source = self.clone();
        let drain = to.on(Drain, move |_, ()| source.resume());
        let source = self.clone();
        let close = to.on(Close, move |_, _| {
            source.off(data);
            source.off(end);
            source.pause();
        });
        // The other way round: a source that is gone must not be kept alive by its target.
        let target = to.clone();
        self.on(Close, move |_, _| {
            target.off(drain);
            target.off(close);
        });
        self.resume();
    }

    /// A `write` has said `false`, and Drain is still to come.
    fn owes_drain(&self) -> bool {
        self.lock().need_drain
    }
}

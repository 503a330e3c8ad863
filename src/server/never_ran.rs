//! A forgotten `run()`: a server that listens and is dropped before it ran says so on standard
//! error. The compiler cannot: `listen` borrows the server, which is use enough for `must_use`.

use std::thread;

use super::Inner;
use crate::error;

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.monitor.lock();
        // Who accepts has a handle, so a server that still listens here was never run.
        let Some(open) = &state.open else { return };
        // In a panic, `run` was not forgotten: it was not reached.
        if !thread::panicking() {
            error::complain(&format!(
                "a server listened on {} and never ran, so it accepted no connection: \
                 call run() or spawn() after listen(), or close() if that is intended",
                open.address
            ));
        }
    }
}

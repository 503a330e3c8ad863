//! The end of a server's last handle. A server that listens and is dropped before it ran says so on standard error: `run()`
//! was forgotten. The compiler cannot say it: `listen` borrows the server, which is use enough for `must_use`.

use std::thread;

use super::Inner;
use super::listening::ActiveListener;
use crate::error;
use crate::panics;

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.monitor.get_mut();
        // The thread that accepts has a handle, so a server that still listens here was never run.
        if let Some(listening) = state.listening.take() {
            complain(&listening);
            listening.close(); // and with it goes the file of a Unix domain socket
        }
        let listeners = std::mem::take(&mut state.listeners);
        let panic = panics::drop_each(listeners.into_each());
        panic.into_iter().for_each(panics::discard);
    }
}

fn complain(listening: &ActiveListener) {
    // In a panic, `run` was not forgotten: it was not reached.
    if !thread::panicking() {
        error::report(&format!(
            "a server listened on {} and never ran, so it accepted no connection: \
             call run() or spawn() after listen(), or close() if that is intended",
            listening.address
        ));
    }
}

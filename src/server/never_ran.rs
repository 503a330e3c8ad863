//! Drops the last handle of a server. If the server listens and never ran, a line on standard error
//! says that `run()` was forgotten. The compiler cannot detect this: `listen` borrows the server,
//! and so counts as a use for `must_use`.

use std::thread;

use super::ServerInner;
use super::listening::ActiveListener;
use crate::error;
use crate::panics;

impl Drop for ServerInner {
    fn drop(&mut self) {
        let state = self.monitor.get_mut();
        // The accepting thread has a handle, so a server that still listens here was never run.
        if let Some(listening) = state.listening.take() {
            report_never_ran(&listening);
            listening.close(); // this also removes the file of a Unix domain socket
        }
        let listeners = std::mem::take(&mut state.listeners);
        let panic = panics::drop_each(listeners.into_each());
        panic.into_iter().for_each(panics::discard);
    }
}

fn report_never_ran(listening: &ActiveListener) {
    // In a panic, `run` was not forgotten: the program did not reach it.
    if !thread::panicking() {
        error::report_to_stderr(&format!(
            "a server listened on {} and never ran, so it accepted no connection: \
             call run() or spawn() after listen(), or close() if that is intended",
            listening.address
        ));
    }
}

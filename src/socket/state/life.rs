//! The states of a socket's life, and of the thread inside `run()`.
//!
//! ```text
//! New ──▶ Connecting ──▶ Greeting ──▶ Open        an accepted socket begins as Open
//!  │          │             │          │
//!  └──────────┴── destroy ──┴──────────┘          by any thread, or by the runner
//!                    ▼
//!                Destroyed ──▶ Closing ──▶ Over   by the runner
//! ```

use std::io;
use std::sync::Arc;

use crate::error;
use crate::options::ConnectOptions;
use crate::stream::Stream;
use crate::wire::CallSite;

/// The connection, from the first call to Close.
#[derive(Debug)]
pub(in crate::socket) enum Life {
    /// `run()` was not called. Writes are queued.
    New(Box<ConnectOptions>),
    /// The runner resolves the name and connects. Writes are queued.
    Connecting,
    /// Connected; the listeners of Connect and Ready are being called. Writes are sent, the FIN is
    /// not yet.
    Greeting(Arc<Stream>),
    /// Connected.
    Open(Arc<Stream>),
    /// No more I/O. The runner takes the stream and closes it later, as another thread may be
    /// inside read(2) or write(2). `None`: there never was a connection.
    Destroyed { stream: Option<Arc<Stream>>, cause: Cause },
    /// The descriptor is closed; Error, the last callbacks and Close are being emitted. `failure`
    /// is a copy of the error.
    Closing { failure: Option<io::Error> },
    /// Close has been emitted.
    Over { failure: Option<io::Error> },
}

/// The cause of the end of a socket.
#[derive(Debug)]
pub(in crate::socket) enum Cause {
    /// `destroy()`, a panic, or the end of both directions. No Error event follows.
    Closed,
    /// An error, which the Error event carries. The copy answers later calls; it holds no value of
    /// the user.
    Failed { error: io::Error, copy: io::Error },
}

impl Cause {
    /// May run the user's `Display`: never call it under the lock, unless the error is the
    /// library's.
    pub(in crate::socket) fn failed(error: io::Error) -> Cause {
        Cause::Failed { copy: error::duplicate(&error), error }
    }
}

/// The state of the thread that runs the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Runner {
    /// There is no such thread. A destroyed socket may still be run once, to emit Close.
    NotStarted,
    /// It works, or waits for a change: it emits the pending events.
    Awake,
    /// It is inside read(2), or about to be: a helper must emit events that become pending.
    Reading,
    /// `run()` has returned. A helper calls the callback of a late `write_then`.
    Returned,
}

/// The permission to run a socket. Each socket gives it once. `to` is `None` if the socket was
/// destroyed before.
pub(in crate::socket) struct Permit {
    pub(in crate::socket) to: Option<Box<ConnectOptions>>,
    /// The line that runs the socket.
    pub(in crate::socket) site: CallSite,
}

/// The parts of a destroyed socket that the runner must close and report.
pub(in crate::socket) struct Remains {
    pub(in crate::socket) stream: Option<Arc<Stream>>,
    pub(in crate::socket) error: Option<io::Error>,
}

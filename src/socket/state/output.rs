//! The state of our direction: the bytes that the kernel has not taken yet, the thread that sends
//! them, the Drain that is owed, and the FIN.
//!
//! ```text
//! the sender's role   Free ──▶ Caller ──▶ Free              the kernel took everything at once
//!                                └─────▶ HandedOver ──▶ Draining ──▶ Free
//! the FIN             NotAsked ──▶ Asked ──▶ Sent           Sent as soon as the role is free
//! the Drain           NotOwed ──▶ Owed ──▶ Due ──▶ NotOwed  Due: the queue has become empty
//! ```

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::error::NetError;
use crate::stream::Stream;
use crate::wire::CallSite;

/// The callback of `write_then`.
pub(in crate::socket) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// The largest number of bytes for one system call. A time limit does not bound a call that makes
/// progress; this does.
pub(in crate::socket) const WRITE_CALL_MAX: usize = 64 * 1024;

/// The largest number of buffers for one system call, so that a queue of small writes needs few
/// calls.
pub(in crate::socket) const BUFFERS_PER_CALL: usize = 64;

/// The state of our direction.
#[derive(Default)]
pub(in crate::socket) struct Output {
    pub(in crate::socket) role: Role,
    pub(in crate::socket) queue: VecDeque<Chunk>,
    /// The number of bytes given to `write` that the kernel has not taken, including those inside a
    /// system call.
    pub(in crate::socket) length: usize,
    /// When the kernel last took some of the waiting bytes. `None`: no bytes wait.
    pub(in crate::socket) stalled_since: Option<Instant>,
    /// The number of threads that wait in a blocking write or flush.
    pub(in crate::socket) blocked_threads: usize,
    pub(in crate::socket) drain: Drain,
    pub(in crate::socket) fin: Fin,
    /// The line that asked for the FIN.
    pub(in crate::socket) fin_site: CallSite,
    /// Whether the socket is destroyed after Finish: `destroy_soon` was called.
    pub(in crate::socket) destroy_after_finish: bool,
    /// The callbacks of the writes that `destroy` gave up, oldest first.
    pub(in crate::socket) given_up: Vec<Done>,
    pub(in crate::socket) bytes_written: u64,
}

/// Bytes that wait for the kernel.
pub(in crate::socket) struct Chunk {
    pub(in crate::socket) data: Vec<u8>,
    /// The number of bytes that the kernel has taken.
    pub(in crate::socket) sent: usize,
    pub(in crate::socket) done: Option<Done>,
    /// The line that wrote it.
    pub(in crate::socket) site: CallSite,
}

/// The thread that alone may call write(2). All other threads queue their bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Role {
    /// No thread. If there is a connection, the queue is empty.
    #[default]
    Free,
    /// A thread inside `write`, with the bytes of that call; or the runner, with the bytes that
    /// were queued before the connection.
    Caller,
    /// No thread at the moment: a helper must send the queue.
    HandedOver,
    /// A helper sends the queue.
    Draining,
}

/// The progress of our FIN.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Fin {
    #[default]
    NotAsked,
    /// `end()` was called, or the peer has ended and half-open is not allowed. The queue is sent
    /// first.
    Asked,
    Sent,
}

/// The Drain that a `false` of `write` promises.
///
/// `holders` counts the listeners, of any socket, that received a `false` from `write` and have not
/// returned yet. Drain waits for them, so it cannot be emitted between `write` and the `pause` that
/// follows it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::socket) enum Drain {
    #[default]
    NotOwed,
    /// `write` has returned `false`.
    Owed { holders: u32 },
    /// The queue has become empty since, and Drain is pending.
    Due { holders: u32 },
}

/// How to handle a write.
pub(in crate::socket) enum Route {
    /// The caller now has the sender's role, and writes to this stream.
    Send(Arc<Stream>),
    Queue,
    /// The write fails with this error.
    Refuse(NetError),
}

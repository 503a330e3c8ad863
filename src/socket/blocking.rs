//! `io::Write`: a write that blocks until there is room, so `io::copy` sends a file of any size
//! with little memory.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Instant;

use super::EventSocket;
use super::lock::Locked;
use super::state::State;
use super::state::life::Life;
use super::state::output::{Fin, WRITE_CALL_MAX};
use crate::error::{self, NetError};

/// Blocking writes, beside [`EventSocket::write`], which does not block. `socket.write(data)`
/// always calls the latter; `io::copy(&mut file, &mut &socket)` and `write!(&socket, …)` block.
///
/// - `write` waits until fewer bytes than the high-water mark are queued, and then takes at most 64
///   KiB.
/// - `flush` waits until the kernel has taken all bytes.
///
/// They may be called on any thread, and in a listener of this socket. While a listener blocks, its
/// own socket reads nothing; so two peers that both send much before they read can wait for each
/// other for ever, as with any blocking socket.
///
/// # Errors
///
/// - the error that has destroyed the socket; `ERR_STREAM_DESTROYED`, if it was destroyed without
///   an error
/// - `ERR_STREAM_WRITE_AFTER_END` after `end()`; this does not destroy the socket
/// - `ETIMEDOUT`, kind `TimedOut`, if the kernel takes nothing during the time of
///   [`EventSocket::set_timeout`]
/// - `ERR_INVALID_STATE`, if the write would wait for a socket that no thread runs yet; or for the
///   connection, in a listener of the same socket: it is not established before the listener has
///   returned
///
/// ```
/// use net_notes as net;
/// use std::io::{self, Write};
///
/// let server = net::create_server(|socket| {
///     let mut file = io::repeat(b'x').take_bytes(1 << 20);
///     let mut out = socket; // `&EventSocket` implements `Write`, too
///     io::copy(&mut file, &mut out).unwrap();
///     writeln!(out, "\nthat was all").unwrap();
///     socket.end();
/// });
/// # use std::io::Read;
/// # trait TakeBytes: Read + Sized { fn take_bytes(self, n: u64) -> io::Take<Self> { self.take(n) } }
/// # impl TakeBytes for io::Repeat {}
/// # server.listen(0, |_| {})?;
/// # let client = net::connect(server.address().unwrap(), |_| {});
/// # client.resume();
/// # let running = server.spawn();
/// # client.run()?;
/// # assert_eq!(client.bytes_read(), (1 << 20) + 14);
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), io::Error>(())
/// ```
impl Write for &EventSocket {
    #[track_caller]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        let piece = &data[..data.len().min(WRITE_CALL_MAX)];
        drop(self.wait_for(State::has_room)?);
        match self.write_or_queue(piece, None) {
            Ok(state) if state.is_destroyed() => Err(state.destroyed_error()),
            Ok(_) => Ok(piece.len()),
            Err(refused) => Err(self.lock().failure_or(refused.error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait_for(|state| state.output.length == 0).map(drop)
    }
}

/// As for `&EventSocket`.
impl Write for EventSocket {
    #[track_caller]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut &*self)
    }
}

impl EventSocket {
    /// When the kernel last took some of the queued bytes. `None`: nothing is queued.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        self.lock().output.stalled_since
    }

    /// Blocks until `write` would return `true`.
    pub(crate) fn wait_for_room(&self) -> io::Result<()> {
        self.wait_for(State::has_room).map(drop)
    }

    /// The error of a blocking write on a destroyed socket.
    pub(crate) fn destroyed_error(&self) -> io::Error {
        self.lock().destroyed_error()
    }

    /// Waits until `is_ready`, and returns with the lock held. Fails when the kernel has taken
    /// nothing during the idle time.
    fn wait_for(&self, is_ready: impl Fn(&State) -> bool) -> io::Result<Locked<'_>> {
        let mut state = self.lock();
        state.output.blocked_threads += 1;
        if !is_ready(&state) {
            state.effects.wake(); // a failed write may wait for a listener, which blocks here
        }
        let result = wait_for(&mut state, is_ready);
        state.output.blocked_threads -= 1;
        result.map(|()| state)
    }
}

fn wait_for(state: &mut Locked<'_>, is_ready: impl Fn(&State) -> bool) -> io::Result<()> {
    let began = Instant::now();
    loop {
        if state.is_destroyed() && state.output.fin != Fin::Sent {
            return Err(state.destroyed_error());
        }
        if is_ready(state) {
            return Ok(());
        }
        let never = match state.life {
            Life::New(_) => Some(NetError::NotRunYet),
            Life::Connecting if state.connector == Some(thread::current().id()) => {
                Some(NetError::NotConnectedYet)
            }
            _ => None,
        };
        if let Some(never) = never {
            return Err(never.into());
        }
        let since = state.output.stalled_since.map_or(began, |since| since.max(began));
        let deadline = state.clock.idle.time().and_then(|time| since.checked_add(time));
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(error::from_syscall("write", "", ErrorKind::TimedOut.into()));
        }
        state.wait(deadline);
    }
}

impl State {
    /// The error of a blocking write on a destroyed socket: the error that destroyed it, if there
    /// was one.
    fn destroyed_error(&self) -> io::Error {
        self.failure_or(NetError::Destroyed)
    }

    fn failure_or(&self, otherwise: NetError) -> io::Error {
        self.failure().map_or_else(|| otherwise.into(), error::duplicate)
    }
}

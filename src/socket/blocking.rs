//! `io::Write`: a write that blocks until there is room, so that `io::copy` sends a file of any size in little memory.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Instant;

use super::EventSocket;
use super::life::Life;
use super::lock::Locked;
use super::output::{Fin, WRITE_CALL_MAX};
use super::state::State;
use crate::error;

/// Writes that block, beside [`EventSocket::write`], which does not. Where both could be meant, `socket.write(data)` is the
/// one that does not block; `io::copy(&mut file, &mut &socket)` and `write!(&socket, …)` block.
///
/// - `write` waits until fewer bytes than the high-water mark are queued, and then takes at most 64 KiB.
/// - `flush` waits until the kernel has taken everything.
///
/// Any thread may call them, also a listener of this socket. While a listener blocks, its own socket reads nothing; so two
/// peers that both send much before they read can wait for each other for ever, as with any blocking socket.
///
/// # Errors
///
/// - the error that has ended the socket, if it was destroyed by one; `ERR_STREAM_DESTROYED`, if it was destroyed otherwise
/// - `ERR_STREAM_WRITE_AFTER_END` after `end()`; this does not destroy the socket
/// - `ETIMEDOUT`, kind `TimedOut`, if the kernel takes nothing for the time of [`EventSocket::set_timeout`]
/// - `ERR_INVALID_STATE`, if it would have to wait for a socket that no thread runs yet; or for the connection, in a listener
///   of the socket itself: until that has returned there is none
///
/// ```
/// use net_notes as net;
/// use std::io::{self, Write};
///
/// let server = net::create_server(|socket| {
///     let mut file = io::repeat(b'x').take_bytes(1 << 20);
///     let mut out = socket; // a `&EventSocket` writes, too
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
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        let piece = &data[..data.len().min(WRITE_CALL_MAX)];
        drop(self.wait_for(State::has_room)?);
        match self.write_or_queue(piece, None) {
            Ok(state) if state.is_destroyed() => Err(state.why_gone()),
            Ok(_) => Ok(piece.len()),
            Err(refused) => Err(self.lock().failure_or(refused.code)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait_for(|state| state.output.length == 0).map(drop)
    }
}

/// The same as for `&EventSocket`.
impl Write for EventSocket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut &*self)
    }
}

impl EventSocket {
    /// Blocks until `write` would say `true`.
    pub(crate) fn wait_for_room(&self) -> io::Result<()> {
        self.wait_for(State::has_room).map(drop)
    }

    /// Why the socket is gone, as a blocking write says it.
    pub(crate) fn why_gone(&self) -> io::Error {
        self.lock().why_gone()
    }

    /// Waits until `ready`, as long as the kernel takes something now and then.
    fn wait_for(&self, ready: impl Fn(&State) -> bool) -> io::Result<Locked<'_>> {
        let mut state = self.lock();
        let began = Instant::now();
        loop {
            if state.is_destroyed() && state.output.fin != Fin::Sent {
                return Err(state.why_gone());
            }
            if ready(&state) {
                return Ok(state);
            }
            let why_never = match state.life {
                Life::New(_) => Some(
                    "this socket does not run yet, and the bytes before these fill its queue: call spawn() first",
                ),
                Life::Connecting if state.connector == Some(thread::current().id()) => Some(
                    "this socket is not connected yet, and will not be before this listener has returned",
                ),
                _ => None,
            };
            if let Some(why) = why_never {
                return Err(error::with_code(ErrorKind::NotConnected, error::INVALID_STATE, why));
            }
            let since = state.output.stalled_since.map_or(began, |since| since.max(began));
            let deadline = state.clock.idle.time().and_then(|time| since.checked_add(time));
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(error::of_call("write", "", ErrorKind::TimedOut.into()));
            }
            state.wait(deadline);
        }
    }
}

impl State {
    /// Why a blocking write fails on a socket that was destroyed.
    fn why_gone(&self) -> io::Error {
        self.failure_or(error::STREAM_DESTROYED)
    }

    fn failure_or(&self, code: &'static str) -> io::Error {
        self.failure().map_or_else(|| error::refused_write(code), error::duplicate)
    }
}

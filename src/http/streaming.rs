//! Response bodies that are sent as they are written, no faster than the client takes them.

use std::io::{self, Write};
use std::sync::Arc;

use super::answer::GATHER_BYTES_MAX;
use super::connection::HttpConnection;
use super::phase::Phase;
use super::response::Response;
use crate::error::NetError;

/// Blocking writes: `io::copy(&mut file, &mut &response)` sends a file of any size with little
/// memory. `response.write(data)` always calls [`Response::write`], which does not block.
///
/// `flush` sends the gathered bytes, and waits until the kernel has taken all of them. A client
/// that takes nothing for [`idle_timeout`](super::Options::idle_timeout) is given up, which ends
/// the wait.
///
/// # Errors
///
/// The error that has ended the connection; `ERR_STREAM_DESTROYED`, if the client was given up;
/// `ERR_STREAM_WRITE_AFTER_END`, after `end`.
impl Write for &Response {
    #[track_caller]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        let (connection, number) = self.connection();
        connection.write_when_there_is_room(number, &data[..data.len().min(GATHER_BYTES_MAX)])
    }

    #[track_caller]
    fn flush(&mut self) -> io::Result<()> {
        let (connection, number) = self.connection();
        connection.flush_headers(number);
        (&connection.socket).flush()
    }
}

/// As for `&Response`.
impl Write for Response {
    #[track_caller]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, data)
    }

    #[track_caller]
    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut &*self)
    }
}

impl HttpConnection {
    #[track_caller]
    pub(super) fn write(&self, number: u64, data: &[u8]) -> bool {
        let mut inner = self.lock();
        if !inner.is_open(number) {
            return false;
        }
        inner.answer.write(data);
        if data.is_empty() || matches!(inner.phase, Phase::Outstanding) {
            inner.answer.flush();
        }
        let clear = self.send(&mut inner, &[]);
        HttpConnection::unlock(inner);
        clear
    }

    #[track_caller]
    pub(super) fn flush_headers(&self, number: u64) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            inner.answer.flush();
            self.send(&mut inner, &[]);
        }
        HttpConnection::unlock(inner);
    }

    /// Implements `Response::end_with`.
    #[track_caller]
    pub(super) fn end(self: &Arc<Self>, number: u64, data: &[u8]) {
        let mut inner = self.lock();
        if !inner.is_open(number) {
            return;
        }
        inner.number += 1;
        let rest = inner.answer.end(data);
        self.finish_answer(&mut inner, rest);
        HttpConnection::unlock(inner);
    }

    /// Implements `Response::destroy`.
    #[track_caller]
    pub(super) fn destroy(&self, number: u64) {
        let mut inner = self.lock();
        if inner.is_open(number) {
            self.cut(&mut inner);
        }
    }

    pub(super) fn need_drain(&self, number: u64) -> bool {
        let inner = self.lock();
        inner.is_open(number) && self.socket.writable_need_drain()
    }

    #[track_caller]
    fn write_when_there_is_room(&self, number: u64, piece: &[u8]) -> io::Result<usize> {
        if !self.lock().answer.has_room_for(piece.len()) {
            self.socket.wait_for_room()?; // without the lock, as the client may be slow
        }
        if !self.lock().is_open(number) {
            return Err(NetError::WriteAfterEnd.into());
        }
        if !self.write(number, piece) && self.socket.is_destroyed() {
            return Err(self.socket.destroyed_error());
        }
        Ok(piece.len())
    }
}

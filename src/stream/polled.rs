//! [`PolledTcp`]: a TCP socket that never blocks, for Windows.
//!
//! On Windows, `shutdown` does not wake a thread that is blocked in a read (rust-lang/rust#121594),
//! a time limit under 500 ms counts as 500 ms, and after a send has reached its limit it is unknown
//! how much was sent ("the socket state is indeterminate", says Microsoft). A call that does not
//! block has none of these problems, so [`Poll`] does the waiting.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::poll::Poll;

/// A TCP socket with those methods of std's `TcpStream` that are needed here, and the meaning that
/// they have on Unix.
#[derive(Debug)]
pub(crate) struct PolledTcp {
    socket: TcpStream,
    reading: Poll,
    writing: Poll,
}

impl PolledTcp {
    pub(super) fn new(socket: TcpStream) -> io::Result<PolledTcp> {
        socket.set_nonblocking(true)?;
        Ok(PolledTcp { socket, reading: Poll::default(), writing: Poll::default() })
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        // Before the call: a thread that finds the socket shut down must also find out why.
        if how != Shutdown::Write {
            self.reading.shut_down();
        }
        if how != Shutdown::Read {
            self.writing.shut_down();
        }
        self.socket.shutdown(how)
    }

    pub(super) fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.reading.set_limit(limit);
        Ok(())
    }

    pub(super) fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.writing.set_limit(limit);
        Ok(())
    }

    pub(super) fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.socket.set_nodelay(on)
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub(super) fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        self.reading.read(|| self.socket.peek(into))
    }
}

impl Read for &PolledTcp {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reading.read(|| (&self.socket).read(into))
    }
}

impl Write for &PolledTcp {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            return (&self.socket).write(data); // see `Stream::is_broken`
        }
        self.write_vectored(&[IoSlice::new(data)])
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        self.writing.write(data, |rest| (&self.socket).write_vectored(rest))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Instant;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    /// A polled socket, and its peer, which has its own read timeout.
    fn pair() -> (PolledTcp, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        (PolledTcp::new(listener.accept().unwrap().0).unwrap(), peer)
    }

    /// Bytes that each depend on their position.
    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
    }

    /// The shortest of 20 times: the other load of this machine adds to each.
    fn fastest(mut what: impl FnMut() -> Duration) -> Duration {
        (0..20).map(|_| what()).min().unwrap()
    }

    #[test]
    fn shutdown_wakes_a_read_whose_peer_is_silent() {
        let woken = fastest(|| {
            let (socket, _peer) = pair();
            thread::scope(|scope| {
                let reader = scope.spawn(|| ((&socket).read(&mut [0]), Instant::now()));
                thread::park_timeout(SHORT); // so that the read waits
                let began = Instant::now();
                socket.shutdown(Shutdown::Both).unwrap();
                let (result, ended) = reader.join().unwrap();
                assert_eq!(result.unwrap(), 0);
                ended - began
            })
        });
        assert!(woken < Duration::from_millis(20), "{woken:?}");
    }

    #[test]
    fn shutdown_wakes_a_write_whose_peer_never_reads() {
        let (socket, _peer) = pair();
        thread::scope(|scope| {
            let (full, is_full) = channel();
            let socket = &socket;
            let writer = scope.spawn(move || {
                let chunk = vec![0; 1 << 20];
                socket.set_write_timeout(Some(SHORT)).unwrap();
                while { socket }.write(&chunk).is_ok() {}
                socket.set_write_timeout(None).unwrap();
                full.send(()).unwrap();
                { socket }.write(&chunk)
            });
            is_full.recv().unwrap();
            socket.shutdown(Shutdown::Both).unwrap();
            assert_eq!(writer.join().unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn a_limit_is_kept_to_the_millisecond_and_not_to_half_a_second() {
        let (socket, mut peer) = pair();
        for limit in [Duration::from_millis(1), SHORT] {
            socket.set_read_timeout(Some(limit)).unwrap();
            let waited = fastest(|| {
                let began = Instant::now();
                assert_eq!((&socket).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
                began.elapsed()
            });
            assert!(waited >= limit && waited < limit + SHORT, "{waited:?} for {limit:?}");
        }
        socket.set_read_timeout(Some(Duration::MAX)).unwrap(); // no limit
        peer.write_all(b"x").unwrap();
        assert_eq!((&socket).read(&mut [0]).unwrap(), 1);
    }

    #[test]
    fn a_write_that_ran_into_its_limit_says_how_much_was_sent() {
        let (socket, mut peer) = pair();
        socket.set_write_timeout(Some(SHORT)).unwrap();
        let data = pattern(64 << 20); // Windows may take all of it at once, but no more
        let mut sent = (&socket).write(&data).unwrap();
        let error = loop {
            match (&socket).write(&data[sent % data.len()..]) {
                Ok(size) => sent += size,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        socket.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), sent);
        assert!(received.chunks(data.len()).all(|chunk| *chunk == data[..chunk.len()]));
    }

    #[test]
    fn no_byte_is_sent_twice_however_the_writes_are_cut() {
        const ALL: usize = 8 << 20;
        let (socket, mut peer) = pair();
        let reader = thread::spawn(move || {
            let (mut received, mut chunk) = (Vec::new(), vec![0; 100_000]);
            for wait in (0..3000).cycle() {
                // slower and slower, then fast again
                thread::park_timeout(Duration::from_micros(wait));
                match peer.read(&mut chunk).unwrap() {
                    0 => break,
                    size => received.extend_from_slice(&chunk[..size]),
                }
            }
            received
        });
        socket.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
        let data = pattern(ALL);
        let mut sent = 0;
        while sent < ALL {
            let rest = &data[sent..];
            let (one, two) = rest[..rest.len().min(200_000)].split_at(rest.len().min(777));
            match (&socket).write_vectored(&[
                IoSlice::new(one),
                IoSlice::new(&[]),
                IoSlice::new(two),
            ]) {
                Ok(size) => sent += size,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        socket.shutdown(Shutdown::Write).unwrap();
        assert!(reader.join().unwrap() == data);
    }
}

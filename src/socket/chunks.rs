//! [`ChunkReader`]: reads the stream chunk by chunk, with little memory for a connection that
//! receives little.

use std::io::{self, BufRead, BufReader};
use std::time::Duration;

use super::state::input::CHUNK_MAX;
use crate::stream::{Stream, is_timeout};

/// The size of the first buffer of a connection, in bytes. Most connections receive little, most of
/// the time.
const SMALL_BUFFER_BYTES: usize = 2 * 1024;

/// How long to wait for the rest of a chunk that fills the small buffer: if there is more, it has
/// usually arrived already.
const REMAINDER_WAIT: Duration = Duration::from_millis(1);

/// Reads chunks of at most [`CHUNK_MAX`] bytes.
pub(super) struct ChunkReader<'s> {
    stream: &'s Stream,
    /// `BufReader` does not initialize its memory, so unused memory costs nothing.
    reader: BufReader<&'s Stream>,
    /// The first chunk that is larger than the small buffer. Its two parts are emitted as one.
    joined: Vec<u8>,
    /// An error of the read of the second part: the kernel reports it only once.
    error: Option<io::Error>,
}

impl<'s> ChunkReader<'s> {
    pub(super) fn new(stream: &'s Stream) -> Self {
        let reader = BufReader::with_capacity(SMALL_BUFFER_BYTES, stream);
        ChunkReader { stream, reader, joined: Vec::new(), error: None }
    }

    /// Switches to the large buffer.
    pub(super) fn grow(&mut self) {
        if self.reader.capacity() < CHUNK_MAX {
            self.reader = BufReader::with_capacity(CHUNK_MAX, self.stream);
        }
    }

    /// Blocks until bytes arrive. Returns an empty chunk if the peer has ended, or if the stream
    /// was shut down here.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.reader.consume(self.reader.buffer().len()); // the previous chunk
        self.joined = Vec::new();
        let length = self.reader.fill_buf()?.len();
        if length < SMALL_BUFFER_BYTES || length < self.reader.capacity() || length == CHUNK_MAX {
            return Ok(self.reader.buffer());
        }
        self.joined.reserve_exact(CHUNK_MAX);
        self.joined.extend_from_slice(self.reader.buffer());
        self.reader = BufReader::with_capacity(CHUNK_MAX - length, self.stream);
        self.stream.set_read_timeout(Some(REMAINDER_WAIT));
        match self.reader.fill_buf() {
            Ok(rest) => self.joined.extend_from_slice(rest),
            Err(error) if is_timeout(&error) => {}
            Err(error) => self.error = Some(error),
        }
        self.stream.set_read_timeout(None);
        self.reader = BufReader::with_capacity(CHUNK_MAX, self.stream);
        Ok(&self.joined)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    fn pair() -> (TcpStream, Stream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (peer, Stream::tcp(listener.accept().unwrap().0).unwrap())
    }

    #[test]
    fn the_first_large_chunk_is_whole() {
        for (size, chunks) in [(1, vec![1]), (2048, vec![2048]), (60_000, vec![60_000])] {
            let (mut peer, stream) = pair();
            peer.write_all(&vec![7; size]).unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            let mut reader = ChunkReader::new(&stream);
            let lengths = std::iter::from_fn(|| Some(reader.next().unwrap().len()));
            assert_eq!(lengths.take_while(|length| *length > 0).collect::<Vec<_>>(), chunks);
        }
    }

    #[test]
    fn nothing_is_lost_between_the_buffers() {
        let (mut peer, stream) = pair();
        let data: Vec<u8> = (0..200_000u32).map(|n| (n / 7) as u8).collect();
        let sent = data.clone();
        let writer = std::thread::spawn(move || peer.write_all(&sent).unwrap());
        let mut reader = ChunkReader::new(&stream);
        let mut read = Vec::new();
        loop {
            let chunk = reader.next().unwrap();
            assert!(chunk.len() <= CHUNK_MAX);
            if chunk.is_empty() {
                break;
            }
            read.extend_from_slice(chunk);
        }
        writer.join().unwrap();
        assert!(read == data);
    }
}

//! Bytes in, messages out: [`Lines`] and [`Frames`] cut a stream into messages. They use no socket.
//!
//! TCP carries bytes and not messages: one read may return half a line, or three lines and the
//! beginning of a fourth. So feed all bytes that arrive, and take out the complete messages. The
//! rest is kept until more bytes arrive.
//!
//! ```
//! use net::{event, framing::Lines};
//! use net_notes as net;
//!
//! let server = net::create_server(|socket| {
//!     let mut lines = Lines::new(1000); // one for each connection
//!     socket.on(event::Data, move |socket, data| {
//!         for line in lines.feed(data) {
//!             match line {
//!                 Ok(line) => _ = socket.write([b"got: ", &line[..], b"\n"].concat()),
//!                 Err(error) => socket.destroy_with(error), // a line of more than 1000 bytes
//!             }
//!         }
//!     });
//! });
//! server.listen(0, |_| {})?;
//! # let at = server.address().unwrap();
//! # let running = server.spawn();
//! # let client = net::connect(at, |socket| {
//! #     socket.write("one\ntw");
//! #     socket.end_with("o\n");
//! # });
//! # let mut answers = Lines::new(1000);
//! # let (sender, receiver) = std::sync::mpsc::channel();
//! # client.on(event::Data, move |_, data| {
//! #     answers.feed(data).for_each(|line| sender.send(line.unwrap()).unwrap())
//! # });
//! # client.run()?;
//! # drop(client);
//! # assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [b"got: one", b"got: two"]);
//! # server.close()?;
//! # running.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A line is bytes: convert it to text when it is complete. A piece may end within a character, but
//! a line cannot: in UTF-8 only the line feed contains the byte 10.
//!
//! # Limits
//!
//! Both types have a limit in bytes for one message. It applies before the whole message has
//! arrived: a peer that sends without end causes an `Err`, and does not fill the memory. If all
//! messages are taken out before the next feed, at most twice the limit and one feed are held. The
//! time is linear in the bytes fed, in pieces of any size; the time of the function of `Frames` is
//! not included.
//!
//! # Errors
//!
//! After an `Err` it is unknown where the next message begins. So the iterator ends, and bytes fed
//! later are ignored. The messages before the error are returned first. An error of this module has
//! the kind `InvalidData` and one sentence; [`code`](crate::code) is `""` for it, as Node has no
//! framing, and so no name for its errors.
//!
//! # From lines to counted bytes
//!
//! Many protocols begin with lines and continue with a body whose length was in one of them.
//! [`take_rest`](Lines::take_rest) returns all bytes that were fed and not yet returned:
//!
//! ```
//! use net_notes::framing::Lines;
//!
//! let mut lines = Lines::new(1000);
//! lines.feed(b"Content-Length: 7\r\n\r\nin two\nnext line\n");
//!
//! let mut length = 0;
//! while let Some(line) = lines.next() {
//!     let line = String::from_utf8(line?).unwrap();
//!     if line.is_empty() {
//!         break; // the blank line: the body follows
//!     }
//!     length = line.strip_prefix("Content-Length: ").unwrap().parse().unwrap();
//! }
//! let mut body = lines.take_rest();
//! let next = body.split_off(length); // here the whole body has arrived
//! assert_eq!(body, b"in two\n");
//!
//! assert_eq!(lines.feed(&next).next().unwrap()?, b"next line"); // and lines again
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! If head and body are always taken together, [`Frames`] does both: its function reads the head,
//! and returns the length of both.

mod buffer;
mod frames;
mod lines;

use std::fmt;
use std::io;

pub(crate) use self::buffer::Buffer;
pub use self::frames::Frames;
pub use self::lines::Lines;

/// The reason why a stream cannot be cut into messages.
#[derive(Debug, Clone, Copy)]
enum Error {
    /// More bytes than `limit` before the line end, which may not have arrived.
    LineTooLong {
        limit: usize,
    },
    FrameTooLong {
        length: usize,
        limit: usize,
    },
    /// More bytes than `limit`, and the length function still returns `None`.
    LengthUnknown {
        limit: usize,
    },
    /// A frame of no bytes: the next frame would begin at the same byte, and so on without end.
    EmptyFrame,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::LineTooLong { limit } => write!(f, "a line is longer than {limit} bytes"),
            Error::FrameTooLong { length, limit } => {
                write!(f, "a frame has {length} bytes, and the limit is {limit}")
            }
            Error::LengthUnknown { limit } => {
                write!(f, "a frame is longer than {limit} bytes, and its length is still unknown")
            }
            Error::EmptyFrame => f.write_str("a frame has a length of 0 bytes"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// A stream that is cut into messages, until its first error.
#[derive(Default)]
struct Splitter {
    buffer: Buffer,
    failed: bool,
}

impl Splitter {
    fn feed(&mut self, data: &[u8]) {
        if !self.failed {
            self.buffer.feed(data);
        }
    }

    /// Returns the next message, with its end. `length` gets the bytes that were not returned yet,
    /// and returns the length of the message at their beginning, if all of it has arrived.
    fn next(
        &mut self,
        length: impl FnOnce(&[u8]) -> io::Result<Option<usize>>,
    ) -> Option<io::Result<Vec<u8>>> {
        if self.failed {
            return None;
        }
        let rest = self.buffer.rest();
        match length(rest) {
            Ok(length) => {
                let message = rest[..length?].to_vec();
                self.buffer.consume(message.len());
                Some(Ok(message))
            }
            Err(error) => {
                *self = Splitter { failed: true, ..Splitter::default() };
                Some(Err(error))
            }
        }
    }
}

/// Counts the bytes that are searched or moved, so that tests can show that the time is linear.
#[cfg(test)]
mod work {
    use std::cell::Cell;

    thread_local!(static BYTES: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// Returns the count of this thread since the last call.
    pub(super) fn take() -> usize {
        BYTES.take()
    }
}

/// Tests of the work and the memory, which cannot be observed from outside.
#[cfg(test)]
mod tests {
    use super::buffer::BUFFER_KEEP_BYTES;
    use super::{Frames, Lines, work};

    const BYTES: usize = 100_000;
    /// Each byte is searched once and moved once at most; the range leaves some room.
    const LINEAR: std::ops::RangeInclusive<usize> = 1..=3 * BYTES;

    /// Runs a function, and returns how many bytes were searched or moved.
    fn work_of(run: impl FnOnce()) -> usize {
        work::take();
        run();
        work::take()
    }

    #[test]
    fn a_line_byte_by_byte_is_linear() {
        let mut lines = Lines::new(BYTES);
        let work = work_of(|| {
            for _ in 0..BYTES {
                assert!(lines.feed(b"a").next().is_none());
            }
            assert_eq!(lines.feed(b"\n").next().unwrap().unwrap().len(), BYTES);
        });
        assert!(LINEAR.contains(&work), "{work}");
    }

    #[test]
    fn many_lines_in_one_feed_are_linear() {
        let mut lines = Lines::new(BYTES);
        let work = work_of(|| {
            lines.feed(&b"123456789\n".repeat(BYTES / 10)).feed(b"end");
            assert_eq!(lines.by_ref().count(), BYTES / 10);
            assert_eq!(lines.feed(b"\n").next().unwrap().unwrap(), b"end");
        });
        assert!(LINEAR.contains(&work), "{work}");
    }

    #[test]
    fn lines_taken_one_a_feed_are_linear() {
        let mut lines = Lines::new(BYTES);
        let work = work_of(|| {
            lines.feed(&b"\n".repeat(BYTES)); // all of them wait
            for _ in 0..BYTES {
                assert!(lines.feed(b"a").next().unwrap().unwrap().is_empty());
            }
        });
        assert_eq!(lines.rest().len(), BYTES);
        assert!(LINEAR.contains(&work), "{work}");
    }

    #[test]
    fn a_long_line_is_not_moved_for_each_short_one_behind_it() {
        let mut lines = Lines::new(BYTES);
        let work = work_of(|| {
            for _ in 0..100 {
                assert!(lines.feed(&[b'a'; BYTES / 100]).next().is_none());
            }
            lines.feed(b"\nb\nc");
            assert_eq!(lines.next().unwrap().unwrap().len(), BYTES);
            assert_eq!(lines.next().unwrap().unwrap(), b"b");
        });
        assert!(LINEAR.contains(&work), "{work}");
    }

    #[test]
    fn a_line_that_is_too_long_is_not_searched_beyond_its_limit() {
        let mut lines = Lines::new(10);
        let work = work_of(|| assert!(lines.feed(&[b'a'; BYTES]).next().unwrap().is_err()));
        assert_eq!(work, 12);
    }

    #[test]
    fn frames_are_linear() {
        let mut shown = 0;
        let mut frames = Frames::new(9, |bytes| {
            shown += bytes.len();
            Ok(Some(1))
        });
        let work = work_of(|| {
            frames.feed(&[0; BYTES]);
            assert_eq!(frames.by_ref().count(), BYTES);
            frames.feed(&[0]);
        });
        assert_eq!(work, 0, "all were used up, so none was moved");
        drop(frames);
        assert!(shown <= 10 * BYTES, "{shown}");
    }

    #[test]
    fn used_bytes_leave_also_where_some_always_wait() {
        let mut lines = Lines::new(10);
        lines.feed(b"a");
        for _ in 0..BYTES {
            assert!(lines.feed(b"b\na").next().is_some()); // never all of it
        }
        assert!(memory(&lines) <= 100);
    }

    #[test]
    fn memory_is_bounded_by_the_limit_and_one_feed() {
        const LIMIT: usize = 1000;
        const FEED: usize = 100;
        let mut lines = Lines::new(LIMIT);
        let mut most = 0;
        let stream: Vec<u8> =
            (0..BYTES).map(|n| if n % LIMIT == 0 { b'\n' } else { b'a' }).collect();
        for piece in stream.chunks(FEED) {
            assert!(lines.feed(piece).all(|line| line.is_ok()));
            assert!(lines.rest().len() <= LIMIT);
            most = most.max(memory(&lines));
        }
        // Twice for bytes that are used up, and twice as a `Vec` doubles when it grows.
        assert!((LIMIT..=2 * (2 * LIMIT + FEED)).contains(&most), "{most}");
    }

    #[test]
    fn memory_of_one_large_feed_is_given_back() {
        let mut lines = Lines::new(10);
        assert_eq!(lines.feed(&b"line\n".repeat(BYTES)).count(), BYTES);
        assert!(memory(&lines) <= BUFFER_KEEP_BYTES);

        assert!(lines.feed(&[b'a'; BYTES]).next().unwrap().is_err());
        assert_eq!(memory(&lines), 0);
        lines.feed(&[b'a'; BYTES]);
        assert_eq!(memory(&lines), 0, "what is fed after an error is ignored");
    }

    fn memory(lines: &Lines) -> usize {
        lines.splitter.buffer.bytes.capacity()
    }
}

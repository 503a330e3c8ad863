//! [`Frames`]: messages that say their length.

use std::{fmt, io};

use super::{Error, Splitter};

/// Cuts a stream into frames, each as long as a function says: an iterator of the whole frames so
/// far, as they are, with their headers.
///
/// The function is shown the bytes from the beginning of the next frame on, and says
/// - `Ok(Some(length))`: the length of the whole frame, header included;
/// - `Ok(None)`: these bytes are not enough to tell. It is asked again when more have arrived;
/// - `Err`: no frame begins like this. The iterator gives this error out, and ends.
///
/// It sees at least one byte and at most one more than the limit, and is not asked again once it
/// has said the length of a frame. It may see bytes of later frames, too, and must not depend on
/// them: where one read ends is arbitrary. Until it can tell, it sees the same bytes again with
/// each feed, at most `limit` of them.
///
/// ```
/// use net_notes::framing::Frames;
///
/// // A byte with the length of a text, and the text.
/// let mut frames = Frames::new(100, |bytes| Ok(Some(1 + usize::from(bytes[0]))));
/// assert!(frames.feed(b"\x05hel").next().is_none());
/// assert_eq!(frames.feed(b"lo\x02m").next().unwrap()?, b"\x05hello");
/// assert!(frames.next().is_none());
/// assert_eq!(frames.rest(), b"\x02m");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The length in four bytes, as in many protocols:
///
/// ```
/// use net_notes::framing::Frames;
///
/// let mut frames = Frames::new(64 * 1024, |bytes| {
///     let Some(length) = bytes.first_chunk::<4>() else { return Ok(None) };
///     Ok(Some((u32::from_be_bytes(*length) as usize).saturating_add(4)))
/// });
/// assert_eq!(frames.feed(&[0, 0, 0, 2, b'o', b'k']).next().unwrap()?, b"\0\0\0\x02ok");
///
/// // Refused as soon as its length has arrived.
/// let error = frames.feed(&[255; 4]).next().unwrap().unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of the function, and `InvalidData` when a frame is longer than the limit, when its length
/// is 0, or when the function cannot tell the length from more bytes than the limit; see the
/// [module](super#errors).
pub struct Frames<F> {
    limit: usize,
    length: F,
    splitter: Splitter,
    next: Next,
}

/// The state of the next frame.
#[derive(Clone, Copy)]
enum Next {
    /// The function could not tell its length from so many bytes.
    Unknown(usize),
    Length(usize),
}

impl<F> Frames<F>
where
    F: FnMut(&[u8]) -> io::Result<Option<usize>>,
{
    /// Takes frames of up to `limit` bytes, header included; `length` says how long the next is.
    pub fn new(limit: usize, length: F) -> Frames<F> {
        Frames { limit, length, splitter: Splitter::default(), next: Next::Unknown(0) }
    }

    /// Appends bytes that have arrived, in pieces of any size. The frames come from the iterator:
    /// `for frame in frames.feed(data)`.
    pub fn feed(&mut self, data: &[u8]) -> &mut Frames<F> {
        self.splitter.feed(data);
        self
    }
}

impl<F> Frames<F> {
    /// The bytes that were fed and not given out. Once all frames are given out, they are the
    /// beginning of a frame that is not whole yet; when nothing more arrives, one that was cut
    /// short. Empty after an error.
    pub fn rest(&self) -> &[u8] {
        self.splitter.buffer.rest()
    }

    /// Takes the [`rest`](Self::rest) out, for whatever follows the frames. The next frame begins
    /// with what is fed next.
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.next = Next::Unknown(0);
        self.splitter.buffer.take_rest()
    }
}

impl<F> Iterator for Frames<F>
where
    F: FnMut(&[u8]) -> io::Result<Option<usize>>,
{
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Frames { limit, length, splitter, next } = self;
        let limit = *limit;
        splitter.next(|rest| {
            if let Next::Unknown(seen) = *next {
                // Bytes far behind the limit are there or not, depending on how the stream was cut.
                let shown = &rest[..rest.len().min(limit.saturating_add(1))];
                if shown.len() == seen {
                    return Ok(None);
                }
                *next = match length(shown)? {
                    None if shown.len() > limit => {
                        return Err(Error::LengthUnknown { limit }.into());
                    }
                    None => Next::Unknown(shown.len()),
                    Some(0) => return Err(Error::EmptyFrame.into()),
                    Some(length) if length > limit => {
                        return Err(Error::FrameTooLong { length, limit }.into());
                    }
                    Some(length) => Next::Length(length),
                };
            }
            match *next {
                Next::Length(length) if length <= rest.len() => {
                    *next = Next::Unknown(0);
                    Ok(Some(length))
                }
                _ => Ok(None),
            }
        })
    }
}

impl<F> fmt::Debug for Frames<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.rest().len();
        f.debug_struct("Frames")
            .field("limit", &self.limit)
            .field("rest", &rest)
            .finish_non_exhaustive()
    }
}

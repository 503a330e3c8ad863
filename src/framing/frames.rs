//! [`Frames`]: messages that contain their length.

use std::{fmt, io};

use super::{Error, Splitter};

/// Cuts a stream into frames, whose lengths a function determines: an iterator of the complete
/// frames so far, with their headers.
///
/// The function gets the bytes from the beginning of the next frame, and returns
/// - `Ok(Some(length))`: the length of the whole frame, including the header;
/// - `Ok(None)`: the length is not known from these bytes. The function is called again when more
///   have arrived;
/// - `Err`: no frame begins like this. The iterator returns this error, and ends.
///
/// It gets at least one byte and at most `limit` plus one, and is not called again after it has
/// returned the length of a frame. It may also get bytes of later frames, and must not depend on
/// them: where one read ends is arbitrary. Until it returns a length, it gets the same bytes again
/// with each feed, at most `limit` of them.
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
/// Those of the function, and `InvalidData` if a frame is longer than the limit, if its length is
/// 0, or if the function returns `None` for more bytes than the limit; see the
/// [module](super#errors).
pub struct Frames<F> {
    limit: usize,
    length: F,
    splitter: Splitter,
    next: NextFrame,
}

/// The state of the next frame.
#[derive(Clone, Copy)]
enum NextFrame {
    /// The length is not known from this number of bytes.
    Unknown(usize),
    Length(usize),
}

impl<F> Frames<F>
where
    F: FnMut(&[u8]) -> io::Result<Option<usize>>,
{
    /// Creates an iterator of frames of up to `limit` bytes, including the header. `length` returns
    /// the length of the next frame.
    pub fn new(limit: usize, length: F) -> Frames<F> {
        Frames { limit, length, splitter: Splitter::default(), next: NextFrame::Unknown(0) }
    }

    /// Appends bytes that have arrived, in pieces of any size. Iterate over the result:
    /// `for frame in frames.feed(data)`.
    pub fn feed(&mut self, data: &[u8]) -> &mut Frames<F> {
        self.splitter.feed(data);
        self
    }
}

impl<F> Frames<F> {
    /// The bytes that were fed and not returned. After all complete frames were taken, they are the
    /// beginning of an incomplete frame; if no more bytes arrive, this frame was cut off. Empty
    /// after an error.
    pub fn rest(&self) -> &[u8] {
        self.splitter.buffer.rest()
    }

    /// Takes the [`rest`](Self::rest) out, for the bytes that follow the frames. The next frame
    /// begins with the bytes that are fed next.
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.next = NextFrame::Unknown(0);
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
            if let NextFrame::Unknown(seen) = *next {
                // Bytes far beyond the limit may or may not have arrived, depending on how the
                // stream was cut.
                let shown = &rest[..rest.len().min(limit.saturating_add(1))];
                if shown.len() == seen {
                    return Ok(None);
                }
                *next = match length(shown)? {
                    None if shown.len() > limit => {
                        return Err(Error::LengthUnknown { limit }.into());
                    }
                    None => NextFrame::Unknown(shown.len()),
                    Some(0) => return Err(Error::EmptyFrame.into()),
                    Some(length) if length > limit => {
                        return Err(Error::FrameTooLong { length, limit }.into());
                    }
                    Some(length) => NextFrame::Length(length),
                };
            }
            match *next {
                NextFrame::Length(length) if length <= rest.len() => {
                    *next = NextFrame::Unknown(0);
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

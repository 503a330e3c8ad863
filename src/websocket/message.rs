//! [`Message`].

/// A message: text or bytes, as its sender has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text: always valid UTF-8; otherwise the connection ends.
    Text(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
}

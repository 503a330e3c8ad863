//! The common format of HTTP and [STS](crate::sts): a start line, header lines, a blank line, and a
//! body whose length is in the head. Parses and formats messages; uses no socket.
//!
//! TCP is a stream: a message may arrive in one piece or in a hundred, and one piece may contain
//! the end of one message and the beginning of the next. So a [`Parser`] is fed with each piece,
//! and then asked whether a message is complete:
//!
//! ```
//! use net_notes::message::{Limits, Parsed, Parser};
//!
//! let mut parser = Parser::new(Limits::default());
//! parser.feed(b"STS/1.1 SAY\r\nContent-Le");
//! assert_eq!(parser.head()?, Parsed::Partial);
//!
//! parser.feed(b"ngth: 5\r\n\r\nhelloSTS/1.1 S");
//! let Parsed::Complete(head) = parser.head()? else { unreachable!() };
//! assert_eq!(head.start(), "STS/1.1 SAY");
//! assert_eq!(head.header("content-length"), Some("5")); // case-insensitive
//!
//! let length = head.content_length()?.unwrap_or(0);
//! assert_eq!(parser.body(length)?, Parsed::Complete(b"hello".to_vec()));
//! assert_eq!(parser.unread(), b"STS/1.1 S"); // belongs to the next message
//! # Ok::<(), net_notes::message::Error>(())
//! ```
//!
//! The grammar is that of RFC 9112, sections 2 to 5. Input that is known to be dangerous is
//! refused: a carriage return without a line feed, a NUL, a folded line, a space before the colon.
//! A line may end in a line feed alone (section 2.2 allows that).

mod head;
mod parser;

use std::fmt;

pub use self::head::Head;
pub(crate) use self::head::{content_length, is_folded};
pub use self::head::{is_token, trim};
pub use self::parser::{Limits, Parsed, Parser};

/// The reason why bytes are not a valid message, or a header is not valid in one. Each has one
/// sentence, its [`Display`](fmt::Display).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than [`Limits::start_line`] without a line end.
    StartLineTooLong,
    /// More bytes than [`Limits::head`] without a blank line.
    HeadTooLarge,
    /// More header lines than [`Limits::lines`].
    TooManyLines,
    /// A body longer than [`Limits::body`].
    BodyTooLarge,
    /// Two blank lines where a message should begin. (One is accepted: RFC 9112 2.2.)
    NoStartLine,
    /// A carriage return without a line feed after it.
    BareCr,
    /// A zero byte.
    Nul,
    /// Another control character.
    Control,
    /// A header line that begins with a space or a tab: the obsolete way to continue the line
    /// before it (RFC 9112 5.2).
    Folded,
    /// A header line without a colon.
    NoColon,
    /// A space between the name and the colon: different parsers would read different names (RFC
    /// 9112 5.1).
    SpaceBeforeColon,
    /// A name that is not a token (RFC 9110 5.6.2).
    BadName,
    /// A value that contains a line end or another control character.
    BadValue,
    /// A `Content-Length` that is not a decimal number.
    BadLength,
    /// Two different lengths: two parsers might disagree on where the next message begins.
    LengthsDiffer,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::StartLineTooLong => "the start line is too long",
            Error::HeadTooLarge => "the head is too large",
            Error::TooManyLines => "the head has too many lines",
            Error::BodyTooLarge => "the body is too large",
            Error::NoStartLine => "there is no start line",
            Error::BareCr => "a carriage return without a line feed",
            Error::Nul => "a NUL byte in the head",
            Error::Control => "a control character in the head",
            Error::Folded => "a header line begins with a space",
            Error::NoColon => "a header line has no colon",
            Error::SpaceBeforeColon => "a space between a header's name and the colon",
            Error::BadName => "a header's name has a character that a name cannot have",
            Error::BadValue => "a header's value has a character that a value cannot have",
            Error::BadLength => "the Content-Length is not a number",
            Error::LengthsDiffer => "there are two lengths, and they differ",
        })
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

//! From bytes to messages: frames, and what they are put together to (RFC 6455 5.4, 8.1). Knows no socket.

use std::io;

use super::close::Closed;
use super::failure::{Failure, not_utf8, protocol, too_big};
use super::frame::{self, Frame, HEADER_MAX, Opcode};
use super::options::Options;
use crate::framing::Frames;

/// What a client has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Closed),
}

type Length = Box<dyn FnMut(&[u8]) -> io::Result<Option<usize>> + Send>;

/// The frames of one client, and the message that is arriving.
pub(super) struct Incoming {
    frames: Frames<Length>,
    message_limit: usize,
    /// Of which kind it is, and what has arrived of it. `None`: the next frame begins one.
    message: Option<(Kind, Vec<u8>)>,
    /// How many bytes of it are known to be whole characters.
    checked: usize,
    failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Incoming {
    pub(super) fn new(options: &Options) -> Incoming {
        let Options { frame_limit, message_limit, .. } = *options;
        let length = move |bytes: &[u8]| Ok(frame::length(bytes, frame_limit)?);
        Incoming {
            // A frame that is too long is refused by its header already.
            frames: Frames::new(frame_limit.saturating_add(HEADER_MAX), Box::new(length)),
            message_limit,
            message: None,
            checked: 0,
            failed: false,
        }
    }

    pub(super) fn feed(&mut self, data: &[u8]) {
        self.frames.feed(data);
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Said>, Failure> {
        let Frame { is_last, opcode, payload } = frame;
        let kind = match opcode {
            Opcode::Ping => return Ok(Some(Said::Ping(payload))),
            Opcode::Pong => return Ok(Some(Said::Pong(payload))),
            Opcode::Close => return Closed::parse(&payload).map(|close| Some(Said::Close(close))),
            Opcode::Continuation => None,
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
        };
        let (kind, message) = match (self.message.take(), kind) {
            (None, Some(kind)) => (kind, payload),
            (Some((kind, mut message)), None) => {
                message.extend_from_slice(&payload);
                (kind, message)
            }
            (None, None) => return Err(protocol("a fragment of no message")),
            (Some(_), Some(_)) => return Err(protocol("a message within another one")),
        };
        if message.len() > self.message_limit {
            return Err(too_big("a message larger than the limit"));
        }
        if !is_last {
            if kind == Kind::Text {
                self.check_text(&message)?;
            }
            self.message = Some((kind, message));
            return Ok(None);
        }
        self.checked = 0;
        Ok(Some(match kind {
            Kind::Text => Said::Text(String::from_utf8(message).map_err(|_| not_utf8())?),
            Kind::Binary => Said::Binary(message),
        }))
    }

    /// A text that can never become UTF-8 is not waited for. A fragment may end inside a character.
    fn check_text(&mut self, message: &[u8]) -> Result<(), Failure> {
        match std::str::from_utf8(&message[self.checked..]) {
            Ok(_) => self.checked = message.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(not_utf8()),
        }
        Ok(())
    }
}

/// What was said so far, up to the first failure.
impl Iterator for Incoming {
    type Item = Result<Said, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let bytes = self.frames.next()?;
            let frame = bytes.map_err(Failure::from);
            let frame = frame.and_then(|bytes| Frame::parse(bytes).ok_or(protocol("not a frame")));
            let said = frame.and_then(|frame| self.take(frame));
            self.failed = said.is_err();
            if let Some(said) = said.transpose() {
                return Some(said);
            }
        }
        None
    }
}

//! [`MessageReader`]: from bytes to frames, and from frames to messages (RFC 6455 5.4, 8.1). Uses
//! no socket.

use std::io;

use super::close::Closed;
use super::failure::{ProtocolFailure, not_utf8, protocol, too_big};
use super::frame::{self, Frame, HEADER_BYTES_MAX, Opcode};
use super::options::Options;
use crate::framing::Frames;

/// A message or a control frame of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Closed),
}

type LengthFn = Box<dyn FnMut(&[u8]) -> io::Result<Option<usize>> + Send>;

/// The frames of one client, and the message that is arriving.
pub(super) struct MessageReader {
    frames: Frames<LengthFn>,
    message_limit: usize,
    /// The kind and the bytes of the current message. `None`: the next frame begins a message.
    message: Option<(MessageKind, Vec<u8>)>,
    /// The number of its bytes that are known to be whole characters.
    checked: usize,
    failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageKind {
    Text,
    Binary,
}

impl MessageReader {
    pub(super) fn new(options: &Options) -> MessageReader {
        let Options { frame_limit, message_limit, .. } = *options;
        let length = move |bytes: &[u8]| Ok(frame::length(bytes, frame_limit)?);
        MessageReader {
            // A frame that is too long is refused because of its header.
            frames: Frames::new(frame_limit.saturating_add(HEADER_BYTES_MAX), Box::new(length)),
            message_limit,
            message: None,
            checked: 0,
            failed: false,
        }
    }

    pub(super) fn feed(&mut self, data: &[u8]) {
        self.frames.feed(data);
    }

    fn take_frame(&mut self, frame: Frame) -> Result<Option<Received>, ProtocolFailure> {
        let Frame { is_last, opcode, payload } = frame;
        let kind = match opcode {
            Opcode::Ping => return Ok(Some(Received::Ping(payload))),
            Opcode::Pong => return Ok(Some(Received::Pong(payload))),
            Opcode::Close => {
                return Closed::parse(&payload).map(|close| Some(Received::Close(close)));
            }
            Opcode::Continuation => None,
            Opcode::Text => Some(MessageKind::Text),
            Opcode::Binary => Some(MessageKind::Binary),
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
            if kind == MessageKind::Text {
                self.check_text(&message)?;
            }
            self.message = Some((kind, message));
            return Ok(None);
        }
        self.checked = 0;
        Ok(Some(match kind {
            MessageKind::Text => {
                Received::Text(String::from_utf8(message).map_err(|_| not_utf8())?)
            }
            MessageKind::Binary => Received::Binary(message),
        }))
    }

    /// Refuses a text as soon as it is invalid UTF-8. A fragment may end within a character.
    fn check_text(&mut self, message: &[u8]) -> Result<(), ProtocolFailure> {
        match std::str::from_utf8(&message[self.checked..]) {
            Ok(_) => self.checked = message.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(not_utf8()),
        }
        Ok(())
    }
}

/// Returns messages and control frames, up to the first failure.
impl Iterator for MessageReader {
    type Item = Result<Received, ProtocolFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let bytes = self.frames.next()?;
            let frame = bytes.map_err(ProtocolFailure::from);
            let frame = frame.and_then(|bytes| Frame::parse(bytes).ok_or(protocol("not a frame")));
            let received = frame.and_then(|frame| self.take_frame(frame));
            self.failed = received.is_err();
            if let Some(received) = received.transpose() {
                return Some(received);
            }
        }
        None
    }
}

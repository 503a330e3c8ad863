//! A WebSocket client (RFC 6455) for checks: it has nothing but bytes, and knows nothing of the library's module.

use std::collections::VecDeque;

use net_notes::check::{Check, Failure, Observed, Peer, Rule, Verdict, cut, random};

use super::common::Server;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The bit that says that a message ends with this frame.
const FIN: u8 = 0x80;
const MASK: u8 = 0x80;

/// Keys, and the answers that a server must give. The first is the example of the RFC, which a program could know by heart.
const KEYS: [(&str, &str); 4] = [
    ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ("XesQf+1lHaIAwYYAzdPTtw==", "giIl4YTp0oEH4cu6E7wkKQm7GgU="),
    ("gRXiK50vFACaaNwul50pGQ==", "9iAhD4OFa2KUYmnoO+5W+LGUp6o="),
    ("3C3hcYC0qfIWAl3U0CETaw==", "VTaMYGpnik3WSI2vrdtBjR6s5KM="),
];

/// Into how small pieces a frame is cut: the first one ends in the mask.
const PIECE: usize = 5;
const LONG: usize = 100_000;
/// The number of characters of a message in the transcript.
const SHOWN: usize = 40;

/// One WebSocket to the program.
pub(super) struct WebSocket<'c> {
    pub(super) check: &'c Check,
    pub(super) peer: Peer,
    /// The fragments of a message that have arrived.
    begun: Option<Vec<u8>>,
    /// Messages that arrived while a pong was waited for.
    heard: VecDeque<String>,
    pongs: VecDeque<Vec<u8>>,
}

/// A message of the server.
enum Said {
    Text(String),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

impl<'c> WebSocket<'c> {
    /// Connects, and asks for this path to become a WebSocket, which it must.
    pub(super) fn open(
        server: &Server<'c>,
        path: &str,
        name: &str,
        rule: &Rule,
    ) -> Verdict<WebSocket<'c>> {
        let mut peer = server.connect_by(name, rule)?;
        let (key, accept) = *random::choice(&KEYS);
        // As Firefox says it; and the case of a name does not matter (RFC 9110 5.1).
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nsec-websocket-key: {key}\r\n\r\n"
        );
        peer.send_pieces(cut(head.as_bytes(), &[head.len() - 30]));
        let expected = "HTTP/1.1 101 Switching Protocols";
        let head = peer.until(b"\r\n\r\n", Observed::bytes(expected), rule)?;
        let text = String::from_utf8_lossy(&head);
        let says = |wanted: &str, is: &dyn Fn(&str) -> bool| {
            text.lines()
                .filter_map(|line| line.split_once(':'))
                .any(|(name, value)| name.eq_ignore_ascii_case(wanted) && is(value.trim()))
        };
        let accepts = says("Sec-WebSocket-Accept", &|value| value == accept)
            && says("Upgrade", &|value| value.eq_ignore_ascii_case("websocket"))
            && says("Connection", &|value| {
                value.split(',').any(|one| one.trim().eq_ignore_ascii_case("upgrade"))
            });
        if !text.starts_with("HTTP/1.1 101 ") || !accepts {
            let accept = format!(
                "{expected}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
            );
            return Err(server.check.failed(rule, Observed::bytes(accept), Observed::bytes(head)));
        }
        let (heard, pongs) = (VecDeque::new(), VecDeque::new());
        Ok(WebSocket { check: server.check, peer, begun: None, heard, pongs })
    }

    /// Sends a text in one frame.
    pub(super) fn say(&mut self, text: &str) {
        self.remark_message(text);
        self.peer.send(frame(FIN | TEXT, text));
    }

    /// Sends a text in two fragments, in small pieces, with a ping between them, which must be answered.
    pub(super) fn say_in_fragments(&mut self, text: &str, rule: &Rule) -> Verdict {
        self.say_first_fragment(&text.as_bytes()[..text.len() / 2], text);
        let ping = random::word();
        self.peer.send_pieces(frame(FIN | PING, &ping).chunks(PIECE));
        self.say_last_fragment(&text.as_bytes()[text.len() / 2..]);
        loop {
            match self.pongs.pop_front() {
                Some(pong) if pong == ping.as_bytes() => return Ok(()),
                Some(_) => {}
                None => {
                    let awaited = Observed::text(
                        format!("a pong with `{ping}`"),
                        format!("内容为 `{ping}` 的 pong"),
                    );
                    match self.said(&awaited, rule)? {
                        Said::Text(text) => self.heard.push_back(text),
                        Said::Pong(pong) => self.pongs.push_back(pong),
                        Said::Close(code) => return Err(self.closes_instead(awaited, code, rule)),
                    }
                }
            }
        }
    }

    /// Sends the first bytes of a text.
    pub(super) fn say_first_fragment(&mut self, bytes: &[u8], text: &str) {
        self.remark_message(text);
        self.peer.send_pieces(frame(TEXT, bytes).chunks(PIECE));
    }

    /// Sends the other bytes of it.
    pub(super) fn say_last_fragment(&mut self, bytes: &[u8]) {
        self.peer.send_pieces(frame(FIN, bytes).chunks(PIECE));
    }

    /// Sends bytes that are no text.
    pub(super) fn send_binary(&mut self, bytes: &[u8]) {
        self.peer.remark("sends a binary message", "发一条二进制消息");
        self.peer.send(frame(FIN | BINARY, bytes));
    }

    /// Sends a closing frame, and waits for the answer and for the end.
    pub(super) fn close(mut self, code: u16, rule: &Rule) -> Verdict {
        self.peer.remark(format!("closes with {code}"), format!("用状态码 {code} 关闭"));
        self.peer.send(frame(FIN | CLOSE, code.to_be_bytes()));
        let awaited = Observed::text("a closing frame", "关闭帧");
        while !matches!(self.said(&awaited, rule)?, Said::Close(_)) {}
        self.peer.expect_end(rule)
    }

    /// Expects this message next.
    pub(super) fn hears(&mut self, text: &str, rule: &Rule) -> Verdict {
        let heard = self.next(text, rule)?;
        if heard == text {
            return Ok(());
        }
        Err(self.check.failed(rule, Observed::bytes(text), Observed::bytes(heard)))
    }

    /// Receives the next message. `awaited` is an example of a right one.
    pub(super) fn next(&mut self, awaited: &str, rule: &Rule) -> Verdict<String> {
        if let Some(text) = self.heard.pop_front() {
            return Ok(text);
        }
        loop {
            match self.said(&Observed::bytes(awaited), rule)? {
                Said::Text(text) => return Ok(text),
                Said::Pong(pong) => self.pongs.push_back(pong),
                Said::Close(code) => {
                    return Err(self.closes_instead(Observed::bytes(awaited), code, rule));
                }
            }
        }
    }

    /// Expects a closing frame with this code, answers it, and expects the end of the connection.
    pub(super) fn expect_close(mut self, code: u16, rule: &Rule) -> Verdict {
        let expected = closing(Some(code));
        loop {
            match self.said(&expected, rule)? {
                Said::Pong(_) => {}
                Said::Close(Some(actual)) if actual == code => break,
                Said::Close(actual) => {
                    return Err(self.check.failed(rule, expected, closing(actual)));
                }
                Said::Text(text) => {
                    return Err(self.check.failed(rule, expected, Observed::bytes(text)));
                }
            }
        }
        self.peer.send(frame(FIN | CLOSE, code.to_be_bytes()));
        self.peer.expect_end(rule)
    }

    /// The next frame that is not a ping: pings are answered.
    fn said(&mut self, awaited: &Observed, rule: &Rule) -> Verdict<Said> {
        loop {
            let frame = self.peer.message(frame_length, awaited.clone(), rule)?;
            let payload = &frame[header_length(frame[1])..];
            // No mask, no reserved bit, the shortest form of the length (RFC 6455 5.1 and 5.2).
            let is_short = match header_length(frame[1]) {
                2 => true,
                4 => payload.len() >= 126,
                _ => payload.len() > 0xffff,
            };
            if frame[1] & MASK != 0 || frame[0] & 0x70 != 0 || !is_short {
                return Err(self.check.failed(rule, awaited.clone(), Observed::bytes(frame)));
            }
            match (frame[0] & 0x0f, frame[0] & FIN != 0) {
                (opcode @ 0..=1, is_last) if self.begun.is_some() == (opcode == 0) => {
                    self.begun.get_or_insert_default().extend_from_slice(payload);
                    if is_last {
                        let message = self.begun.take().unwrap_or_default();
                        return Ok(Said::Text(String::from_utf8_lossy(&message).into_owned()));
                    }
                }
                (CLOSE, _) => {
                    return Ok(Said::Close(payload.first_chunk().map(|c| u16::from_be_bytes(*c))));
                }
                (PING, _) => self.peer.send(self::frame(FIN | PONG, payload)),
                (PONG, _) => return Ok(Said::Pong(payload.to_vec())),
                _ => return Err(self.check.failed(rule, awaited.clone(), Observed::bytes(frame))),
            }
        }
    }

    fn closes_instead(&self, awaited: Observed, code: Option<u16>, rule: &Rule) -> Failure {
        self.check.failed(rule, awaited, closing(code))
    }

    /// The transcript shows the text before masking, which a person can read.
    fn remark_message(&self, text: &str) {
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        self.peer.remark(format!("says `{shown}`"), format!("说 `{shown}`"));
    }
}

fn closing(code: Option<u16>) -> Observed {
    match code {
        Some(code) => Observed::text(
            format!("a closing frame with the code {code}"),
            format!("状态码为 {code} 的关闭帧"),
        ),
        None => Observed::text("a closing frame without a code", "没有状态码的关闭帧"),
    }
}

/// A frame of a client, with a mask that no program can guess; of a long one it is 0, as a check has no time to mask megabytes.
fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(MASK | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(MASK | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(MASK | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    if payload.len() > LONG {
        return [&frame, &[0; 4][..], payload].concat();
    }
    let mask = random::bytes(4);
    frame.extend(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The number of bytes before the payload of a server's frame.
fn header_length(second: u8) -> usize {
    match second & !MASK {
        126 => 4,
        127 => 10,
        _ => 2,
    }
}

/// The length of this frame of a server; `None`: it is not known yet.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let second = *bytes.get(1)?;
    let header = header_length(second);
    let length = match bytes.get(2..header)? {
        [] => u64::from(second & !MASK),
        long => long.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    };
    Some(header.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)))
}

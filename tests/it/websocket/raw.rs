//! A WebSocket client that uses nothing of this crate: frames are bytes.
#![allow(dead_code)] // each test target uses its own part

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::common::DEADLINE;

pub const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// Returns a frame of a client, masked, with the shortest form of the length.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = header(first, 0x80, payload.len());
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(mask);
    frame.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]));
    frame
}

/// Returns a frame as a server sends it.
pub fn unmasked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&header(first, 0, payload.len())[..], payload].concat()
}

fn header(first: u8, mask: u8, length: usize) -> Vec<u8> {
    match length {
        0..=125 => vec![first, mask | length as u8],
        126..=65535 => [&[first, mask | 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, mask | 127][..], &(length as u64).to_be_bytes()].concat(),
    }
}

/// Returns a closing frame.
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(CLOSE, closing(code, reason))
}

pub fn closing(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

pub struct Client {
    pub stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects, and does the handshake.
    pub fn open(port: u16) -> Client {
        let mut client = Client::connect(port);
        client.send(HELLO);
        client.welcomed();
        client
    }

    pub fn connect(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connects");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_nodelay(true).expect("a TCP socket");
        Client { stream: BufReader::new(stream) }
    }

    /// Reads the answer to the handshake.
    pub fn welcomed(&mut self) {
        let head = self.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let accept = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n";
        assert!(head.to_lowercase().contains(accept), "{head}");
    }

    /// Reads an HTTP head, with the blank line.
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let size = self.stream.read_line(&mut head).expect("a line in time");
            assert!(size > 0, "the head ends early: {head:?}");
        }
        head
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        self.stream.get_ref().write_all(bytes.as_ref()).expect("sends");
        self
    }

    pub fn end(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("connected");
    }

    /// Returns the next frame of the server: its first byte, and its payload.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        let [first, second] = self.bytes();
        assert!(second < 0x80, "a server does not mask");
        let length = match second {
            126 => {
                let length = u16::from_be_bytes(self.bytes());
                assert!(length > 125, "the shortest form");
                usize::from(length)
            }
            127 => {
                let length = u64::from_be_bytes(self.bytes());
                assert!(length > 65535, "the shortest form");
                usize::try_from(length).expect("fits")
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).expect("the payload in time");
        (first, payload)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("a frame in time");
        bytes
    }

    pub fn text(&mut self) -> String {
        let (first, payload) = self.frame();
        assert_eq!(first, TEXT, "{payload:?}");
        String::from_utf8(payload).expect("UTF-8")
    }

    /// Returns everything that still arrives, up to the server's end; a reset is a failure.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end in time, and no reset");
        rest
    }

    /// Reads the server's closing frame, and its end after it.
    pub fn closed(&mut self) -> (u16, String) {
        let (first, payload) = self.frame();
        assert_eq!(first, CLOSE, "{payload:?}");
        assert_eq!(self.rest(), b"", "nothing follows a closing frame");
        let [high, low, reason @ ..] = &payload[..] else { panic!("no code: {payload:?}") };
        let reason = String::from_utf8(reason.to_vec()).expect("UTF-8");
        (u16::from_be_bytes([*high, *low]), reason)
    }
}

//! Replies as bytes. The first byte is the type.

use std::io::Write;

/// `+OK\r\n`: a word that contains no line end.
pub fn simple(out: &mut Vec<u8>, text: &str) {
    line(out, '+', text);
}

/// `-ERR unknown command\r\n`
pub fn error(out: &mut Vec<u8>, text: &str) {
    line(out, '-', text.replace(['\r', '\n'], " ")); // it may quote what a client sent
}

/// `:5\r\n`
pub fn integer(out: &mut Vec<u8>, number: i64) {
    line(out, ':', number);
}

/// `$5\r\nhello\r\n`: bytes of any kind, counted.
pub fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    line(out, '$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// `$-1\r\n`: no such value.
pub fn nil(out: &mut Vec<u8>) {
    line(out, '$', -1);
}

/// `*2\r\n`: this number of replies follow, and belong together.
pub fn array(out: &mut Vec<u8>, length: usize) {
    line(out, '*', length);
}

fn line(out: &mut Vec<u8>, mark: char, text: impl std::fmt::Display) {
    let _ = write!(out, "{mark}{text}\r\n"); // a vector takes everything
}

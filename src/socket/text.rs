//! [`Decoder`]: from chunks of bytes to text, whole characters only.

use std::borrow::Cow;
use std::str;

/// Keeps the beginning of a character until its rest arrives. Node: `StringDecoder`.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// At most three bytes: a character has at most four bytes in UTF-8 (RFC 3629).
    kept: Vec<u8>,
}

impl Decoder {
    /// Returns the characters that are complete with these bytes. Invalid bytes become U+FFFD.
    pub(super) fn decode<'a>(&mut self, data: &'a [u8]) -> Cow<'a, str> {
        if self.kept.is_empty() {
            let whole = data.len() - incomplete(data);
            self.kept.extend_from_slice(&data[whole..]);
            return String::from_utf8_lossy(&data[..whole]);
        }
        let mut joined = std::mem::take(&mut self.kept);
        joined.extend_from_slice(data);
        Cow::Owned(self.decode(&joined).into_owned())
    }

    /// The stream has ended: returns U+FFFD if a character is incomplete.
    pub(super) fn finish(&mut self) -> Option<&'static str> {
        let owed = !self.kept.is_empty();
        self.kept.clear();
        owed.then_some("\u{FFFD}")
    }
}

/// The number of bytes at the end that are the beginning of a character.
fn incomplete(data: &[u8]) -> usize {
    // Only the last three bytes matter; a character that begins before them is complete or invalid.
    let tail = &data[data.len().saturating_sub(3)..];
    (1..=tail.len())
        .rev()
        .find(|n| {
            // `error_len` is None exactly if the text ends within a character.
            let piece = &tail[tail.len() - n..];
            str::from_utf8(piece).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cut_anywhere_is_the_same_text() {
        let text = "a套é😀\u{7f}z字";
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            for second in cut..=bytes.len() {
                let mut decoder = Decoder::default();
                let pieces = [&bytes[..cut], &bytes[cut..second], &bytes[second..]];
                let whole: String =
                    pieces.iter().map(|piece| decoder.decode(piece).into_owned()).collect();
                assert_eq!(whole, text);
                assert_eq!(decoder.finish(), None);
            }
        }
    }

    #[test]
    fn what_never_becomes_a_character_is_replaced() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"a\xffb"), "a\u{FFFD}b");
        assert_eq!(decoder.decode(b"\xe5\xa5"), "");
        assert_eq!(decoder.decode(b"x"), "\u{FFFD}x");
        assert_eq!(decoder.decode(b"\xf0\x9f\x98"), "");
        assert_eq!(decoder.finish(), Some("\u{FFFD}"));
        assert_eq!(decoder.finish(), None);
    }
}

//! Base64 (RFC 4648), encoding only. **Not the lesson**: it turns three bytes into four characters
//! that are allowed in a header.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(*group.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Whether this is the encoding of 16 bytes: 22 digits, and two padding characters.
pub(super) fn is_of_16_bytes(text: &str) -> bool {
    let digits = text.strip_suffix("==").unwrap_or_default();
    digits.len() == 22 && digits.bytes().all(|byte| DIGITS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_its_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn sixteen_bytes_and_nothing_else() {
        for length in 0..50 {
            assert_eq!(is_of_16_bytes(&encode(&vec![0xff; length])), length == 16, "{length}");
        }
        for bad in
            ["dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j ZQ==", "dGhlIHNhbXBsZSBub25j-Q=="]
        {
            assert!(!is_of_16_bytes(bad), "{bad}");
        }
    }
}

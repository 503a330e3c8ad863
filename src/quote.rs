//! Bytes and times as text in a column of a terminal.

use std::time::Duration;

/// Formats a time in milliseconds, right-aligned in a column: `   0.123`.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:>8.3}", time.as_secs_f64() * 1e3)
}

/// Formats bytes as text in quotes, with line ends and invisible characters escaped, cut to `width`
/// columns.
pub(crate) fn quoted(bytes: &[u8], width: usize) -> String {
    format!("\"{}\"", escaped(bytes, width - 2))
}

/// [`quoted`] without the quotes.
pub(crate) fn escaped(bytes: &[u8], width: usize) -> String {
    let bytes = &bytes[..bytes.len().min(4 * width)]; // no character is longer than four bytes
    let pieces = bytes.utf8_chunks().flat_map(|chunk| {
        let text = chunk.valid().chars().map(|c| match c {
            '\'' => "'".to_string(), // needs no escape between double quotes
            _ => c.escape_debug().to_string(),
        });
        text.chain(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")))
    });
    let mut text = String::new();
    for piece in pieces {
        if columns(&text) + columns(&piece) + 1 > width {
            return text + "…";
        }
        text.push_str(&piece);
    }
    text
}

/// The width of a text in a terminal, in columns: Chinese characters and most characters above them
/// take two.
pub fn columns(text: &str) -> usize {
    let wide =
        |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{d7a3}' | '\u{f900}'.. );
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_and_cut() {
        assert_eq!(quoted(b"Bye!\n\r", 20), r#""Bye!\n\r""#);
        assert_eq!(quoted(b"\x00\xff 'a' \"b\"", 40), r#""\0\xff 'a' \"b\"""#);
        assert_eq!(quoted("套接字".as_bytes(), 9), "\"套接字\"");
        assert_eq!(quoted("套接字".as_bytes(), 7), "\"套接…\"");
        assert_eq!(quoted(&"套".as_bytes()[..2], 20), r#""\xe5\xa5""#);
        assert_eq!(quoted(b"abcdefgh", 8), "\"abcde…\"");
        assert_eq!(quoted(&[b'a'; 1000], 10).chars().count(), 10);
    }
}

//! JSON for other programs.

/// A text as a string of JSON (RFC 8259, section 7).
pub(super) fn string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json + "\""
}

/// A list whose items are JSON already.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_escaped() {
        assert_eq!(string("a\"b\\c\n\u{1b}é"), r#""a\"b\\c\n\u001bé""#);
        assert_eq!(list(["1".into(), string("b")]), r#"[1, "b"]"#);
    }
}

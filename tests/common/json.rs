//! As much JSON as the tests need: strings, written and read.

/// Formats a text as a string of JSON.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Returns the string that is the value of the first `name` in a message. `None`: its value is no
/// string, such as `null`.
pub fn string(message: &str, name: &str) -> Option<String> {
    let (_, value) = message
        .split_once(&format!("\"{name}\":"))
        .unwrap_or_else(|| panic!("no {name} in {message}"));
    let mut chars = value.trim_start().strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match chars.next().expect("the string ends") {
            '"' => return Some(text),
            '\\' => match chars.next().expect("something is escaped") {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&digits, 16).expect("four hexadecimal digits");
                    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
}

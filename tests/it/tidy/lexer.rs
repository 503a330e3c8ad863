//! Splits Rust and JavaScript into comments, strings and code, for rules about the comments.

/// Returns the comments alone, in the same lines.
pub fn comments_only(text: &str, js: bool) -> String {
    without(text, |piece| piece != Piece::Comment, js)
}

/// Returns the text with its comments blanked out, in the same lines. `js`: it is JavaScript, and
/// not Rust.
pub fn without_comments(text: &str, js: bool) -> String {
    without(text, |piece| piece == Piece::Comment, js)
}

#[derive(PartialEq)]
enum Piece {
    Code,
    Comment,
    Literal,
}

fn without(text: &str, blanked: impl Fn(Piece) -> bool, js: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (piece, length) = match c {
            '/' if rest.starts_with("//") => {
                (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
            }
            '/' if rest.starts_with("/*") => (Piece::Comment, block_comment(rest)),
            '"' => (Piece::Literal, string(rest, 1, "\"", true)),
            '\'' if js => (Piece::Literal, string(rest, 1, "'", true)),
            '`' if js => (Piece::Literal, string(rest, 1, "`", true)),
            'r' if !js && !out.ends_with(is_word) && raw_string(rest).is_some() => {
                (Piece::Literal, raw_string(rest).unwrap_or(1))
            }
            '\'' => (Piece::Literal, character(rest)),
            _ => (Piece::Code, c.len_utf8()),
        };
        let (this, after) = rest.split_at(length);
        match blanked(piece) {
            true => out.extend(this.chars().filter(|c| *c == '\n')),
            false => out.push_str(this),
        }
        rest = after;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let (step, change) = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Returns the length of a string whose opening takes `start` bytes.
fn string(text: &str, start: usize, close: &str, escapes: bool) -> usize {
    let mut at = start;
    while at < text.len() {
        if escapes && text.as_bytes()[at] == b'\\' {
            at += 2;
        } else if text.as_bytes()[at..].starts_with(close.as_bytes()) {
            return at + close.len();
        } else {
            at += 1;
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    let close = format!("\"{}", "#".repeat(hashes));
    text[1 + hashes..].starts_with('"').then(|| string(text, hashes + 2, &close, false))
}

/// Returns the length of a character such as `'"'`; of a lifetime, only the quote's.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let rest = &text[at + escaped.len_utf8()..];
            rest.find('\'').map_or(1, |end| text.len() - rest.len() + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Returns the code with each item under `#[cfg(test)]` blanked out.
pub fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(c, '}' | ';')
        });
        let end = end.map_or(rest.len(), |(at, _)| at + 1);
        out.extend(rest[..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn only_comments_are_left_out() {
    for (text, js, expected) in [
        ("a(\"// x\"); // y\n/* z\n */b", false, "a(\"// x\"); \n\nb"),
        ("f::<'a>('\"', 'é') // '", false, "f::<'a>('\"', 'é') "),
        ("get('http://x') // y", true, "get('http://x') "),
        ("`${a}//` // y\nb", true, "`${a}//` \nb"),
    ] {
        assert_eq!(without_comments(text, js), expected);
    }
}

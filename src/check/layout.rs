//! Text layout for terminals: line breaks, cut lines, and excerpts of many bytes.

pub use crate::quote::columns;

/// Characters that must not begin a line, and characters that must not end one.
const CLOSING: &str = "，。：；！？、）」』”’》〉…,.:;!?)";
const OPENING: &str = "（「『“‘《〈";

/// Wraps a text to lines of at most `width` columns. A line breaks at a space, or next to a Chinese
/// character.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in words(text) {
        let gap = word.starts_with(' ') && !line.is_empty();
        let word = if gap { &*word } else { word.trim_start() };
        if columns(&line) + columns(word) > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(if line.is_empty() { word.trim_start() } else { word });
    }
    lines.push(line);
    lines
}

/// Wraps each paragraph of a page to at most `width` columns. Indented lines are code, and are not
/// changed.
pub fn page(text: &str, width: usize) -> String {
    let (mut page, mut paragraph) = (String::new(), String::new());
    let mut put = |paragraph: &mut String, line: &str| {
        if !paragraph.is_empty() {
            wrap(paragraph, width).iter().for_each(|line| page.push_str(&format!("{line}\n")));
            paragraph.clear();
        }
        page.push_str(&format!("{line}\n"));
    };
    for line in text.lines() {
        match line {
            _ if line.is_empty() || line.starts_with("    ") => put(&mut paragraph, line),
            _ => {
                paragraph.push_str(if paragraph.is_empty() { "" } else { " " });
                paragraph.push_str(line);
            }
        }
    }
    put(&mut paragraph, "");
    page.trim_end().to_string()
}

/// Puts as many items in a line as fit. No item is split.
pub fn fill(items: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if columns(line) + 2 + columns(item) <= width => {
                line.push_str(&format!("  {item}"));
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

/// The parts of a text that must not be split, each with the space before it.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for character in text.chars() {
        let apart = |c: char| !c.is_ascii() && columns(c.encode_utf8(&mut [0; 4])) == 2;
        let breaks = match before {
            None => true,
            Some(' ') => false, // a space belongs to the next word
            Some(_) if character == ' ' => true,
            Some(before) if OPENING.contains(before) || CLOSING.contains(character) => false,
            Some(before) => apart(before) || apart(character),
        };
        match words.last_mut() {
            Some(word) if !breaks => word.push(character),
            _ => words.push(character.to_string()),
        }
        before = Some(character);
    }
    words
}

/// Cuts a line to at most `width` columns, with `…` in place of the rest.
pub(crate) fn cut(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.to_string();
    }
    let mut text = String::new();
    for character in line.chars() {
        if columns(&text) + columns(character.encode_utf8(&mut [0; 4])) + 1 > width {
            break;
        }
        text.push(character);
    }
    text + "…"
}

/// Returns the bytes around `at`, escaped and in quotes, in about `width` columns, and the column
/// of the byte `at` (or of the end). No character is split.
pub fn excerpt(bytes: &[u8], at: usize, width: usize) -> (String, usize) {
    let at = at.min(bytes.len());
    // Each byte takes at least a third of a column, so more bytes than this are never shown.
    let reach = 3 * width;
    let start = boundary(bytes, at.saturating_sub(reach));
    let end = boundary(bytes, bytes.len().min(at + reach));
    let pieces = pieces(&bytes[start..end]);
    let mut position = start;
    let focus = pieces.iter().position(|(_, size)| {
        position += size;
        position > at
    });
    let focus = focus.unwrap_or(pieces.len());

    let size = |piece: &(String, usize)| columns(&piece.0);
    let total = format!("… {} B", bytes.len());
    let all = pieces.iter().map(size).sum::<usize>();
    let room = match start == 0 && end == bytes.len() && all + 2 <= width {
        true => all,
        false => width.saturating_sub(3 + columns(&total)).max(8), // two quotes, and a `…` in front
    };
    // Two fifths of the room are for the bytes before; room that one side does not need is for the
    // other.
    let behind: usize = pieces[focus..].iter().map(size).sum();
    let (mut first, mut used) = (focus, 0);
    while first > 0
        && used + size(&pieces[first - 1]) <= (room * 2 / 5).max(room.saturating_sub(behind))
    {
        first -= 1;
        used += size(&pieces[first]);
    }
    let mut last = focus;
    // The byte itself is always shown.
    while last < pieces.len() && (last == focus || used + size(&pieces[last]) <= room) {
        used += size(&pieces[last]);
        last += 1;
    }
    let join =
        |pieces: &[(String, usize)]| pieces.iter().map(|piece| &*piece.0).collect::<String>();
    let mut text = if start > 0 || first > 0 { "…\"" } else { "\"" }.to_string();
    text += &join(&pieces[first..focus]);
    let caret = columns(&text);
    text += &join(&pieces[focus..last]);
    text.push('"');
    if last < pieces.len() || end < bytes.len() {
        text += &total;
    }
    (text, caret)
}

/// Returns the beginning and the end of bytes that do not fit: the difference may be at either.
pub(crate) fn both_ends(bytes: &[u8], width: usize) -> String {
    let (front, _) = excerpt(bytes, 0, width);
    if front.ends_with('"') {
        return front; // it fits
    }
    let [(front, _), (back, _)] = [0, bytes.len()].map(|at| excerpt(bytes, at, width / 2));
    let (front, total) = front.rsplit_once("\"… ").unwrap_or((&front, ""));
    format!("{front}\" … {} {total}", back.trim_start_matches('…'))
}

/// The position where a character begins: this position, or one of the three before it.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|at| !inside(at)).unwrap_or(at)
}

/// Each character, or invalid byte, as shown, and its number of bytes.
fn pieces(bytes: &[u8]) -> Vec<(String, usize)> {
    let mut pieces = Vec::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let shown = match character {
                '\'' => "'".to_string(), // needs no escape between double quotes
                _ => character.escape_debug().to_string(),
            };
            pieces.push((shown, character.len_utf8()));
        }
        for byte in chunk.invalid() {
            pieces.push((format!("\\x{byte:02x}"), 1));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_beside_chinese() {
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("a-word-that-is-too-long b", 8), ["a-word-that-is-too-long", "b"]);
        assert_eq!(wrap("半行不算一行，等剩下的到了", 12), ["半行不算一", "行，等剩下的", "到了"]);
        assert_eq!(wrap("写成（数字）", 6), ["写成", "（数", "字）"]);
        assert_eq!(wrap("回 `tea 2` 一行", 8), ["回 `tea", "2` 一行"]);
        for width in 2..40 {
            for line in wrap("每个客户端：`read` 返回 0，就 关闭 it, and that is all.", width)
            {
                let words = line.split(' ').count();
                assert!(columns(&line) <= width || words == 1, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn the_paragraphs_of_a_page_are_wrapped_and_its_code_is_not() {
        let text = "one two\nthree four\n\n    let a = \"as it is\";\n\nfive\n";
        let wrapped = "one two three\nfour\n\n    let a = \"as it is\";\n\nfive";
        assert_eq!(page(text, 14), wrapped);
        let items = ["✓ one", "✗ two", "· three"].map(String::from);
        assert_eq!(fill(&items, 12), ["✓ one  ✗ two", "· three"]);
    }

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("你好吗", 5), "你好…");
        assert_eq!(cut("你好吗", 4), "你…");
    }

    #[test]
    fn an_excerpt_cuts_no_character_and_shows_what_it_is_about() {
        let text = "你好\r\n\u{1f600}，éx".repeat(50);
        let bytes = text.as_bytes();
        for width in [20, 40, 68] {
            for at in 0..=bytes.len() {
                let (shown, caret) = excerpt(bytes, at, width);
                assert!(!shown.contains("\\x"), "{at}: {shown}");
                assert!(columns(&shown) <= width + 6, "{at} in {width}: {shown}");
                // The character at the caret is the one at `at`.
                let begins = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                let mut column = 0;
                let from = shown.find(|c: char| {
                    column += columns(c.encode_utf8(&mut [0; 4]));
                    column > caret
                });
                let expected = text[begins..].chars().next().map(|c| c.escape_debug().to_string());
                let from = &shown[from.expect("it is shown")..];
                assert!(
                    from.starts_with(&expected.unwrap_or("\"".into())),
                    "{at}: {shown} {caret}"
                );
            }
        }
    }

    #[test]
    fn both_ends_are_shown_of_what_is_long() {
        assert_eq!(both_ends(b"short", 20), "\"short\"");
        let long = format!("begin{}end", "x".repeat(1000));
        let shown = both_ends(long.as_bytes(), 40);
        assert!(shown.starts_with("\"begin") && shown.ends_with("end\" 1008 B"), "{shown}");
        assert!(columns(&shown) <= 46, "{shown}");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        assert_eq!(excerpt(b"a\xff\x80'\"", 1, 40), (r#""a\xff\x80'\"""#.to_string(), 2));
    }
}

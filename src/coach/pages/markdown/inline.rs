//! What stands in a line: text, code, emphasis, links, pictures.

use super::emphasis::{Piece, Stars, pair};
use super::{Inline, Problem};

/// The text of a paragraph, a heading or a cell; `line` is that of its first line.
pub(super) fn parse(text: &str, line: usize) -> Result<Vec<Inline>, Problem> {
    let mut reader = Reader { text, at: 0, line, pieces: Vec::new() };
    while reader.at < text.len() {
        reader.step()?;
    }
    pair(reader.pieces).map_err(|line| {
        Problem::new(
            line,
            "stars that neither open nor close emphasis: put punctuation outside of them, or write `\\*`",
            "星号没有起到强调的作用：把标点放到星号外面，或者写成 `\\*`",
        )
    })
}

/// Whether the text begins with an address in angle brackets: `<https://rustup.rs>`.
pub(super) fn is_autolink(text: &str) -> bool {
    autolink(text).is_some()
}

fn autolink(text: &str) -> Option<&str> {
    let (address, _) = text.strip_prefix('<')?.split_once('>')?;
    let is_address = address.starts_with("http://") || address.starts_with("https://");
    (is_address && !address.contains([' ', '<'])).then_some(address)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    pieces: Vec<Piece>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn problem<T>(&self, en: &'static str, zh: &'static str) -> Result<T, Problem> {
        Err(Problem::new(self.line, en, zh))
    }

    /// Takes the next piece.
    fn step(&mut self) -> Result<(), Problem> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(()) };
        let next = rest[first.len_utf8()..].chars().next();
        match first {
            '\\' if next.is_some_and(|c| c.is_ascii_punctuation()) => {
                self.add_text(&rest[1..2]);
                self.at += 2;
            }
            '`' => self.code()?,
            '*' => self.stars(),
            '!' if next == Some('[') => self.link(1)?,
            '[' => self.link(0)?,
            '<' => match autolink(rest) {
                Some(to) => {
                    let text = vec![Inline::Text(to.to_string())];
                    self.add(Inline::Link { to: to.to_string(), text }, to.len() + 2);
                }
                None if next.is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c)) => {
                    return self.problem(
                        "HTML in a line: write `\\<`, or use code",
                        "行内的 HTML：写成 `\\<`，或者用代码",
                    );
                }
                None => self.take(first),
            },
            '&' if is_entity(rest) => {
                return self.problem(
                    "an entity of HTML: write the character itself",
                    "HTML 实体：直接写那个字符",
                );
            }
            '_' if !self.is_within_a_word(next) => {
                return self.problem(
                    "emphasis is written with `*`; for a `_`, write `\\_`",
                    "强调请用 `*`；要写下划线，就写 `\\_`",
                );
            }
            '~' if next == Some('~') => {
                return self.problem("text that is struck out", "删除线");
            }
            'h' | 'w' if ["http://", "https://", "www."].iter().any(|it| rest.starts_with(it)) => {
                return self
                    .problem("a bare address: write `<https://…>`", "裸地址：写成 `<https://…>`");
            }
            _ => self.take(first),
        }
        Ok(())
    }

    fn add(&mut self, inline: Inline, length: usize) {
        self.line += self.rest()[..length].matches('\n').count();
        self.pieces.push(Piece::Inline(inline));
        self.at += length;
    }

    /// Takes a character as text.
    fn take(&mut self, c: char) {
        let length = c.len_utf8();
        let text = &self.rest()[..length];
        self.line += usize::from(c == '\n');
        self.add_text(text);
        self.at += length;
    }

    fn add_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Inline(Inline::Text(before))) => before.push_str(text),
            _ => self.pieces.push(Piece::Inline(Inline::Text(text.to_string()))),
        }
    }

    fn before(&self) -> char {
        self.text[..self.at].chars().next_back().unwrap_or(' ')
    }

    fn is_within_a_word(&self, next: Option<char>) -> bool {
        self.before().is_alphanumeric() && next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    fn stars(&mut self) {
        let rest = self.rest();
        let behind = rest.trim_start_matches('*');
        let count = rest.len() - behind.len();
        let after = behind.chars().next().unwrap_or(' ');
        // A star with blanks around it can only be a star.
        if self.before().is_whitespace() && after.is_whitespace() {
            self.add_text(&rest[..count]);
        } else {
            self.pieces.push(Piece::Stars(Stars::new(self.line, count, self.before(), after)));
        }
        self.at += count;
    }

    fn code(&mut self) -> Result<(), Problem> {
        let rest = self.rest();
        let Some(length) = code_length(rest) else {
            return self.problem("a back-tick that nothing closes", "反引号没有成对");
        };
        let fence = rest.len() - rest.trim_start_matches('`').len();
        let inner = rest[fence..length - fence].replace('\n', " ");
        let padded = inner.strip_prefix(' ').and_then(|inner| inner.strip_suffix(' '));
        let inner = padded.filter(|text| !text.trim().is_empty()).unwrap_or(&inner).to_string();
        self.add(Inline::Code(inner), length);
        Ok(())
    }

    /// A link, or, `mark` bytes later, a picture.
    fn link(&mut self, mark: usize) -> Result<(), Problem> {
        let rest = self.rest();
        let end = closing_bracket(&rest[mark..]).map(|end| end + mark);
        let Some(end) = end.filter(|end| rest[end + 1..].starts_with(['(', '['])) else {
            self.take(if mark == 0 { '[' } else { '!' });
            return Ok(());
        };
        let target = rest[end + 1..].strip_prefix('(').and_then(|rest| rest.split(')').next());
        let Some(target) = target.filter(|to| !to.contains([' ', '\n', '(', '<', '"'])) else {
            return self.problem(
                "a link is written as `[text](target)`, without a title",
                "链接请写成 `[文字](目标)`，不带标题",
            );
        };
        let text = parse(&rest[mark + 1..end], self.line)?;
        let (to, length) = (target.to_string(), end + target.len() + 3);
        let inline = match mark {
            0 => Inline::Link { to, text },
            _ => Inline::Image { from: to, text },
        };
        self.add(inline, length);
        Ok(())
    }
}

/// How long the span of code is that the text begins with, if as many back-ticks close it as open it.
fn code_length(text: &str) -> Option<usize> {
    let fence = text.len() - text.trim_start_matches('`').len();
    let mut at = fence;
    while let Some(next) = text[at..].find('`') {
        at += next;
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        at += run;
        if run == fence {
            return Some(at);
        }
    }
    None
}

/// Where the bracket is closed that the text begins with.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\\' => at += 1,
            '`' => {
                at += code_length(&text[at..]).unwrap_or(1);
                continue;
            }
            '[' => depth += 1,
            ']' if depth == 1 => return Some(at),
            ']' => depth -= 1,
            _ => {}
        }
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// Whether the text begins with `&lt;`, `&#60;` or the like.
fn is_entity(text: &str) -> bool {
    let name = text[1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
    name.len() + 1 < text.len() && name.starts_with(';')
}

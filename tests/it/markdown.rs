//! The part of Markdown that this repository's pages use: headings, fenced code blocks, links.

/// A page taken apart. Lines count from 1.
pub struct Page {
    pub headings: Vec<Heading>,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
}

pub struct Heading {
    pub line: usize,
    pub level: usize,
    pub text: String,
    /// The part after `#` in a link to this heading on GitHub.
    pub slug: String,
}

pub struct Block {
    pub line: usize,
    /// Everything after the opening fence, such as `console terminal 1`.
    pub info: String,
    pub text: String,
}

impl Block {
    pub fn language(&self) -> &str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }
}

pub struct Link {
    pub line: usize,
    pub target: String,
}

impl Page {
    pub fn parse(text: &str) -> Page {
        let mut page = Page { headings: Vec::new(), blocks: Vec::new(), links: Vec::new() };
        let mut open: Option<(&str, Block)> = None;
        for (line, content) in (1..).zip(text.lines()) {
            let trimmed = content.trim_start();
            match open.take() {
                Some((fence, block))
                    if trimmed.starts_with(fence)
                        && trimmed.trim_end().chars().all(|c| fence.starts_with(c)) =>
                {
                    page.blocks.push(block);
                }
                Some((fence, mut block)) => {
                    block.text.push_str(content);
                    block.text.push('\n');
                    open = Some((fence, block));
                }
                None => match fence(trimmed) {
                    Some((fence, info)) => {
                        let block =
                            Block { line, info: info.trim().to_string(), text: String::new() };
                        open = Some((fence, block));
                    }
                    None => page.prose(line, content),
                },
            }
        }
        if let Some((_, block)) = open {
            page.blocks.push(block); // an unclosed fence runs to the end of the page
        }
        page
    }

    fn prose(&mut self, line: usize, content: &str) {
        let level = content.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&level) && content[level..].starts_with(' ') {
            let text = content[level..].trim().to_string();
            let base = slug(&text);
            let twins = self.headings.iter().filter(|other| slug(&other.text) == base).count();
            let slug = if twins == 0 { base } else { format!("{base}-{twins}") };
            self.headings.push(Heading { line, level, text, slug });
        }
        let content = without_code(content);
        // [text](target), ![text](target) and, at a line's start, [name]: target
        for (at, _) in content.match_indices("](") {
            let rest = &content[at + 2..];
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            self.links.push(Link { line, target: rest[..end].to_string() });
        }
        if let Some((name, target)) = content.split_once("]: ") {
            if name.starts_with('[') && !name.contains(' ') {
                self.links.push(Link { line, target: target.trim().to_string() });
            }
        }
        for (at, _) in content.match_indices("<http") {
            let rest = &content[at + 1..];
            let end = rest.find('>').unwrap_or(rest.len());
            self.links.push(Link { line, target: rest[..end].to_string() });
        }
    }
}

/// Returns the fence and the info string of a line that opens a code block.
fn fence(line: &str) -> Option<(&str, &str)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    // With a back-tick later in the line, it is a span of code in a sentence.
    (length >= 3 && !line[length..].contains('`')).then(|| line.split_at(length))
}

/// Returns the line with each `span of code` left out: text in there is never a link.
pub fn without_code(line: &str) -> String {
    // An unclosed back-tick opens no span.
    let spans = line.matches('`').count() / 2;
    line.split('`')
        .enumerate()
        .filter(|(i, _)| i % 2 == 0 || i / 2 >= spans)
        .map(|(_, part)| part)
        .collect()
}

/// Applies GitHub's rule: lower case, spaces to hyphens, and only letters, digits, `-` and `_`
/// stay.
fn slug(heading: &str) -> String {
    // The text of a link counts, its target does not.
    let mut text = heading.to_string();
    while let Some(at) = text.find("](") {
        let end = text[at..].find(')').map_or(text.len(), |end| at + end + 1);
        text.replace_range(at..end, "");
    }
    text.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ => c.is_alphanumeric().then_some(c),
        })
        .collect()
}

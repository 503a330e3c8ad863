//! The Markdown of the lessons, taken apart: what they use of CommonMark and of GitHub's tables, and no more.
//!
//! A page is read by GitHub, too. So what is not known here is an error with its line, and never shown as something else than there.

mod block;
mod emphasis;
mod inline;

use net_notes::check::Localized;

/// A part of a page that stands on lines of its own.
#[derive(Debug)]
pub(crate) enum Block {
    Heading {
        level: usize,
        text: Vec<Inline>,
        id: String,
    },
    Paragraph(Vec<Inline>),
    /// `info` is all that follows the opening fence, such as `console terminal 1`; `number` counts the page's blocks of this language.
    Code {
        info: String,
        number: usize,
        text: String,
    },
    List {
        is_ordered: bool,
        is_tight: bool,
        items: Vec<Vec<Block>>,
    },
    Quote(Vec<Block>),
    Table {
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// Lines of HTML, as they are: a table with blocks in its cells, or an answer to unfold.
    Html(String),
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Link { to: String, text: Vec<Inline> },
    Image { from: String, text: Vec<Inline> },
}

/// Markdown that is not known here.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) what: Localized,
}

impl Problem {
    fn new(line: usize, en: &'static str, zh: &'static str) -> Problem {
        Problem { line, what: Localized::new(en, zh) }
    }
}

/// A page taken apart, or the first thing on it that is not known here.
pub(crate) fn parse(text: &str) -> Result<Vec<Block>, Problem> {
    let lines = (1..).zip(text.lines()).map(|(number, text)| block::Line { number, text });
    let mut blocks = block::parse(&lines.collect::<Vec<_>>())?.blocks;
    let mut names = Names::default();
    names.give(&mut blocks);
    Ok(blocks)
}

/// What the inlines say, without how they look.
pub(crate) fn plain(inlines: &[Inline]) -> String {
    let text = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Emphasis(inner) | Inline::Strong(inner) => plain(inner),
        Inline::Link { text, .. } | Inline::Image { text, .. } => plain(text),
    };
    inlines.iter().map(text).collect()
}

/// What is counted over the whole page: headings with the same name, and code blocks of a language.
#[derive(Default)]
struct Names {
    ids: Vec<String>,
    languages: Vec<String>,
}

impl Names {
    fn give(&mut self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::Heading { text, id, .. } => {
                    let base = slug(&plain(text));
                    let twins = self.ids.iter().filter(|other| **other == base).count();
                    *id = if twins == 0 { base.clone() } else { format!("{base}-{twins}") };
                    self.ids.push(base);
                }
                Block::Code { info, number, .. } => {
                    let language = language(info).to_string();
                    *number = 1 + self.languages.iter().filter(|one| **one == language).count();
                    self.languages.push(language);
                }
                Block::Quote(inner) => self.give(inner),
                Block::List { items, .. } => items.iter_mut().for_each(|item| self.give(item)),
                Block::Paragraph(_) | Block::Table { .. } | Block::Html(_) => {}
            }
        }
    }
}

/// The language in the info of a code block: `rust` of `rust,no_run`, `console` of `console terminal 1`.
pub(crate) fn language(info: &str) -> &str {
    info.split([' ', ',']).next().unwrap_or_default()
}

/// What GitHub puts after `#` in a link to a heading: lower case, hyphens for spaces, and only letters, digits, `-` and `_`.
pub(crate) fn slug(heading: &str) -> String {
    let letter = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    };
    heading.to_lowercase().chars().filter_map(letter).collect()
}

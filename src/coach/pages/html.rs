//! HTML: of a page's blocks, the way `cmark-gfm` writes it, and with names that a style sheet can use.

use super::escape::escape;
use super::markdown::{Block, Inline, language, plain};
use super::{colour, console};

/// Where a link or a picture of the page leads to.
pub(crate) type Links<'l> = &'l dyn Fn(&str) -> String;

/// An address in an attribute.
pub(super) fn href(address: &str) -> String {
    let mut href = String::new();
    for c in address.chars() {
        match c {
            '&' => href.push_str("&amp;"),
            c if c.is_ascii() => href.push(c),
            c => c.to_string().bytes().for_each(|byte| href.push_str(&format!("%{byte:02X}"))),
        }
    }
    href
}

pub(crate) fn blocks(blocks: &[Block], links: Links<'_>) -> String {
    blocks.iter().map(|one| block(one, links)).collect()
}

fn block(block: &Block, links: Links<'_>) -> String {
    match block {
        Block::Heading { level, text, id } => {
            format!("<h{level} id=\"{}\">{}</h{level}>\n", escape(id), inlines(text, links))
        }
        Block::Paragraph(text) => {
            let class = if asks_for_a_guess(text) { " class=\"guess\"" } else { "" };
            format!("<p{class}>{}</p>\n", inlines(text, links))
        }
        Block::Code { info, number, text } => code(info, *number, text),
        Block::List { is_ordered, is_tight, items } => {
            let name = if *is_ordered { "ol" } else { "ul" };
            let items: String = items.iter().map(|one| item(one, *is_tight, links)).collect();
            format!("<{name}>\n{items}</{name}>\n")
        }
        Block::Quote(inner) => {
            format!("<blockquote>\n{}</blockquote>\n", blocks(inner, links))
        }
        Block::Table { head, rows } => {
            let head = row(head, "th", links);
            let rows: String = rows.iter().map(|cells| row(cells, "td", links)).collect();
            let body = if rows.is_empty() { rows } else { format!("<tbody>\n{rows}</tbody>\n") };
            format!("<table>\n<thead>\n{head}</thead>\n{body}</table>\n")
        }
        Block::Html(text) => text.clone(),
    }
}

/// A paragraph that begins with **Guess:**. What follows it is the answer.
pub(super) fn asks_for_a_guess(text: &[Inline]) -> bool {
    let first = text.first().filter(|first| matches!(first, Inline::Strong(_)));
    first.is_some_and(|first| {
        let first = plain(std::slice::from_ref(first));
        first.starts_with("Guess") || first.starts_with("先猜")
    })
}

fn item(item: &[Block], is_tight: bool, links: Links<'_>) -> String {
    match item {
        [Block::Paragraph(text), rest @ ..] if is_tight => {
            let end = if rest.is_empty() { "" } else { "\n" };
            format!("<li>{}{end}{}</li>\n", inlines(text, links), blocks(rest, links))
        }
        item => format!("<li>\n{}</li>\n", blocks(item, links)),
    }
}

fn row(cells: &[Vec<Inline>], name: &str, links: Links<'_>) -> String {
    let cell = |cell: &Vec<Inline>| format!("<{name}>{}</{name}>\n", inlines(cell, links));
    format!("<tr>\n{}</tr>\n", cells.iter().map(cell).collect::<String>())
}

fn code(info: &str, number: usize, text: &str) -> String {
    let language = language(info);
    if language.is_empty() {
        return format!("<pre><code>{}</code></pre>\n", escape(text));
    }
    let data = match console::terminal(info) {
        Some(terminal) => format!(" data-block=\"{number}\" data-terminal=\"{terminal}\""),
        None => String::new(),
    };
    let (class, text) = (info.split(' ').next().unwrap_or(language), colour::spans(language, text));
    format!("<pre{data}><code class=\"language-{}\">{text}</code></pre>\n", escape(class))
}

pub(crate) fn inlines(inlines: &[Inline], links: Links<'_>) -> String {
    inlines.iter().map(|one| inline(one, links)).collect()
}

fn inline(inline: &Inline, links: Links<'_>) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(text) => format!("<code>{}</code>", escape(text)),
        Inline::Emphasis(text) => format!("<em>{}</em>", inlines(text, links)),
        Inline::Strong(text) => format!("<strong>{}</strong>", inlines(text, links)),
        Inline::Link { to, text } => {
            format!("<a href=\"{}\">{}</a>", href(&links(to)), inlines(text, links))
        }
        Inline::Image { from, text } => {
            format!("<img src=\"{}\" alt=\"{}\" />", href(&links(from)), escape(&plain(text)))
        }
    }
}

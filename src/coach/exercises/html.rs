//! As much of HTML as a check needs: what a page shows, and which tags and attributes it is made of. It reads as a browser
//! does, in the main: what is no tag is text.

/// A page, taken apart.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// All of its text, with its character references resolved.
    text: String,
    /// The values of all attributes, likewise.
    values: Vec<String>,
    /// The names of its tags and of their attributes.
    names: Vec<String>,
}

impl Page {
    pub(super) fn parse(html: &str) -> Page {
        let mut page = Page::default();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            page.text.push_str(&decoded(&rest[..at]));
            rest = &rest[at..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
            {
                rest = page.tag(&rest[1..]);
            } else {
                page.text.push('<');
                rest = &rest[1..];
            }
        }
        page.text.push_str(&decoded(rest));
        page
    }

    /// Takes a tag, and gives what is behind it.
    fn tag<'h>(&mut self, html: &'h str) -> &'h str {
        let end = html.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(html.len());
        let name = html[..end].to_lowercase();
        let mut rest = self.attributes(&html[end..]);
        // What is in these is no text that is shown, and has no tags in it.
        if matches!(&*name, "script" | "style") {
            let close = format!("</{name}");
            let end = rest.to_lowercase().find(&close);
            rest = end.and_then(|end| rest.get(end..)).unwrap_or("");
        }
        self.names.push(name);
        rest
    }

    fn attributes<'h>(&mut self, html: &'h str) -> &'h str {
        let mut rest = html;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                return rest.get(1..).unwrap_or("");
            }
            let end = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
            // A `=` where a name should begin is a part of it.
            let size =
                rest.char_indices().skip(1).find(|(_, c)| end(*c)).map_or(rest.len(), |it| it.0);
            self.names.push(rest[..size].to_lowercase());
            rest = rest[size..].trim_start();
            let Some(value) = rest.strip_prefix('=') else { continue };
            let value = value.trim_start();
            let (value, behind) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    value[1..].split_once(quote).unwrap_or((&value[1..], ""))
                }
                _ => {
                    let end = value.find(|c: char| c.is_whitespace() || c == '>');
                    value.split_at(end.unwrap_or(value.len()))
                }
            };
            self.values.push(decoded(value));
            rest = behind;
        }
    }

    /// Whether the page shows this text, or has it in an attribute, as in the field of a form.
    pub(super) fn shows(&self, text: &str) -> bool {
        let plain = |shown: &str| shown.replace('\u{a0}', " ");
        plain(&self.text).contains(text)
            || self.values.iter().any(|value| plain(value).contains(text))
    }

    /// Whether a tag or an attribute has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }
}

/// The text with its character references resolved: once, each by whichever way it is written.
fn decoded(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let size =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(rest.len());
        match reference(&rest[..size]) {
            Some(character) => {
                text.push(character);
                rest = &rest[size..];
                rest = rest.strip_prefix(';').unwrap_or(rest);
            }
            None => text.push('&'),
        }
    }
    text + rest
}

/// The character that this stands for: the ones that have to be escaped, and every one by its number.
fn reference(name: &str) -> Option<char> {
    match name {
        "lt" | "LT" => return Some('<'),
        "gt" | "GT" => return Some('>'),
        "amp" | "AMP" => return Some('&'),
        "quot" | "QUOT" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some('\u{a0}'),
        _ => {}
    }
    let number = name.strip_prefix('#')?;
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once_and_in_every_spelling() {
        let html =
            "&lt;&#60;&#x3c;&#X3C;&LT; &gt; &amp;lt; &quot;&apos;&#39; &nope; a & b &#0xffffff;&";
        assert_eq!(decoded(html), "<<<<< > &lt; \"'' &nope; a & b &#0xffffff;&");
        assert_eq!(decoded("&lt script&#62"), "< script>");
    }

    #[test]
    fn a_page_is_text_and_tags() {
        let html = "<!doctype html><title>A &amp; B</title><!-- <no> --><p class=x data-y='1 > 0'>\
                    1 < 2 <b>t</b>ea<script>if (a < b) { '<i>' }</script><input value=\"a&quot;b\"/>";
        let page = Page::parse(html);
        for text in ["A & B", "1 < 2", "tea", "a\"b", "1 > 0"] {
            assert!(page.shows(text), "{text}: {page:?}");
        }
        for text in ["no", "if (a", "<b>"] {
            assert!(!page.shows(text), "{text}: {page:?}");
        }
        for name in ["p", "class", "data-y", "b", "script", "input", "value"] {
            assert!(page.has(name), "{name}: {page:?}");
        }
        assert!(!page.has("i") && !page.has("no"), "{page:?}");
    }

    #[test]
    fn what_breaks_out_of_an_attribute_is_seen() {
        for html in [
            "<input value=\"\" evil=\"x\">",
            "<input value='' evil='x'>",
            "<input value= evil=x>",
            "<input value=a evil>",
        ] {
            assert!(Page::parse(html).has("evil") || Page::parse(html).shows("evil=x"), "{html}");
        }
        assert!(!Page::parse("<input value=\"&quot; evil=&quot;x\">").has("evil"));
        assert!(!Page::parse("<p>\" evil=\"x</p>").has("evil"));
    }
}

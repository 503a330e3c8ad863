//! Colours of code: comments `c`, strings `s`, keywords `k`, what a person types `u`, and the prompt before it `p`.

use super::escape::escape;

const RUST: &str = " as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while ";
const JS: &str = " async await break case catch class const continue default delete else export extends false finally for function if import in instanceof let new null of return static super switch this throw true try typeof undefined var while ";

/// What distinguishes the languages here.
struct Syntax {
    comment: &'static str,
    quotes: &'static str,
    keywords: &'static str,
}

fn syntax(language: &str) -> Option<Syntax> {
    let syntax = |comment, quotes, keywords| Some(Syntax { comment, quotes, keywords });
    match language {
        "rust" | "rs" => syntax("//", "\"'", RUST),
        "js" => syntax("//", "\"'`", JS),
        "sh" | "yaml" | "toml" | "haproxy" => syntax("#", "\"'", ""),
        _ => None,
    }
}

/// The code with a span around everything that has a colour.
pub(crate) fn spans(language: &str, code: &str) -> String {
    if language == "console" {
        return code.split_inclusive('\n').map(console_line).collect();
    }
    let Some(syntax) = syntax(language) else { return escape(code) };
    let mut html = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let before = code[..code.len() - rest.len()].chars().next_back();
        let (class, length) = token(&syntax, language, rest, first, before);
        let (token, behind) = rest.split_at(length);
        html.push_str(&span(class, token));
        rest = behind;
    }
    html
}

fn span(class: &str, text: &str) -> String {
    match class {
        "" => escape(text),
        class => format!("<span class=\"{class}\">{}</span>", escape(text)),
    }
}

/// The class and the length of what the text begins with.
fn token(
    syntax: &Syntax,
    language: &str,
    text: &str,
    first: char,
    before: Option<char>,
) -> (&'static str, usize) {
    let to_line_end = || text.find('\n').unwrap_or(text.len());
    // In a shell `#` within a word is no comment: `$#`, `file#1`.
    let is_apart = syntax.comment != "#" || before.is_none_or(char::is_whitespace);
    if text.starts_with(syntax.comment) && is_apart {
        return ("c", to_line_end());
    }
    if syntax.comment == "//" && text.starts_with("/*") {
        return ("c", text.find("*/").map_or(text.len(), |end| end + 2));
    }
    if syntax.quotes.contains(first) && !(language == "rust" && is_lifetime(text)) {
        let length = string(text, first);
        return (if length > 1 { "s" } else { "" }, length);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if is_word(first) {
        let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
        let is_keyword = syntax.keywords.contains(&format!(" {} ", &text[..length]));
        return (if is_keyword { "k" } else { "" }, length);
    }
    ("", first.len_utf8())
}

/// `'a` where `'a'` would be a character.
fn is_lifetime(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    text.starts_with('\'') && chars.next().is_some_and(|c| c != '\\') && chars.next() != Some('\'')
}

/// The length of the string that this begins with; one that nothing closes is its quote alone.
fn string(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            c if c == quote && !is_escaped => return at + 1,
            '\n' if quote == '\'' => break,
            c => is_escaped = c == '\\' && !is_escaped,
        }
    }
    1
}

fn console_line(line: &str) -> String {
    for prompt in ["$ ", "> "] {
        if let Some(command) = line.strip_prefix(prompt) {
            return span("p", prompt) + &span("u", command);
        }
    }
    let is_typed = line.starts_with(['^']) || line.trim_end().ends_with('⏎');
    span(if is_typed { "u" } else { "" }, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_colour_has_a_span() {
        for (language, code, html) in [
            (
                "rust",
                "let a = 'a';",
                r#"<span class="k">let</span> a = <span class="s">'a'</span>;"#,
            ),
            (
                "rust",
                "fn f<'a>(s: &'a str)",
                r#"<span class="k">fn</span> f&lt;'a&gt;(s: &amp;'a str)"#,
            ),
            (
                "rust",
                r#"b'\'', b'"'"#,
                r#"b<span class="s">'\''</span>, b<span class="s">'&quot;'</span>"#,
            ),
            (
                "rust",
                "\"a\n b\" // c\nd",
                "<span class=\"s\">&quot;a\n b&quot;</span> <span class=\"c\">// c</span>\nd",
            ),
            ("rust", "/* a\nb */ forest", "<span class=\"c\">/* a\nb */</span> forest"),
            (
                "js",
                "const a = `x`",
                r#"<span class="k">const</span> a = <span class="s">`x`</span>"#,
            ),
            ("js", "it's", "it's"),
            ("sh", "echo $# # all", r#"echo $# <span class="c"># all</span>"#),
            ("sh", "echo 'it # is'", r#"echo <span class="s">'it # is'</span>"#),
            ("text", "let 'a' // <", "let 'a' // &lt;"),
            (
                "console",
                "$ date\n> x\nlet\na⏎\n^C",
                "<span class=\"p\">$ </span><span class=\"u\">date\n</span><span class=\"p\">&gt; </span><span class=\"u\">x\n</span>let\n<span class=\"u\">a⏎\n</span><span class=\"u\">^C</span>",
            ),
        ] {
            assert_eq!(spans(language, code), html, "{code}");
        }
    }
}

//! A file of the repository, with numbered lines.

use super::colour;
use super::escape::escape;

pub(super) fn main(file: &str, text: &str) -> String {
    let (name, lines) = (escape(file), lines(file, text));
    format!("<div class=\"source\"><h1>{name}</h1>\n<pre><code>{lines}</code></pre></div>\n")
}

/// The lines, each behind an anchor that is its number.
pub(crate) fn lines(file: &str, text: &str) -> String {
    let language = file.rsplit('.').next().unwrap_or_default();
    let code = colour::spans(language, text);
    let mut lines = String::new();
    for (number, line) in (1..).zip(code.lines()) {
        // Also within a span that began on an earlier line. The style sheet shows the number, so that it is not copied.
        lines.push_str(&format!("<a class=\"n\" id=\"L{number}\" href=\"#L{number}\" aria-label=\"{number}\"></a>{line}\n"));
    }
    lines
}

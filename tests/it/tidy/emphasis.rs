//! Emphasis that a reader sees as such: CommonMark's rules on where a run of `*` may open and close
//! it (6.2, flanking). In Chinese there are no spaces between words, so `**先猜：**服务器` is shown with
//! its stars.

use super::{Finding, Tree};

pub fn emphasis_opens_and_closes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", ".md") {
        let mut paragraph = Paragraph::default();
        for (line, text) in (1..).zip(text.lines()) {
            let is_end =
                text.trim().is_empty() || text.trim_start().starts_with(['#', '|', '-', '>']);
            if text.trim_start().starts_with("```") {
                paragraph.is_code = !paragraph.is_code;
            } else if !paragraph.is_code {
                if is_end {
                    paragraph.is_open = false;
                }
                let wrong = paragraph.wrong_runs(text);
                findings.extend(wrong.into_iter().map(|(at, what)| {
                    let rule = format!("`{at}`: the stars do not {what} emphasis");
                    let fix =
                        "put punctuation outside of the stars, or a space before or behind them";
                    Finding::new(path, line, rule, fix)
                }));
            }
        }
    }
    findings
}

#[derive(Default)]
struct Paragraph {
    is_code: bool,
    is_open: bool,
}

impl Paragraph {
    /// Returns the runs of stars of a line that have no effect: the text around them, and their
    /// intended effect.
    fn wrong_runs(&mut self, line: &str) -> Vec<(String, &'static str)> {
        let chars: Vec<char> = without_spans(line).chars().collect();
        let mut wrong = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            let length = chars[at..].iter().take_while(|c| **c == '*').count();
            if length == 0 {
                at += 1;
                continue;
            }
            let before = at.checked_sub(1).map_or(' ', |before| chars[before]);
            let after = chars.get(at + length).copied().unwrap_or(' ');
            let around =
                || chars[at.saturating_sub(6)..chars.len().min(at + length + 6)].iter().collect();
            match (self.is_open, before == '\\' || before.is_whitespace() && after.is_whitespace())
            {
                (_, true) => {} // a star
                (false, false) => {
                    if !flanks(after, before) {
                        wrong.push((around(), "open"));
                    }
                    self.is_open = true;
                }
                (true, false) => {
                    if !flanks(before, after) {
                        wrong.push((around(), "close"));
                    }
                    self.is_open = false;
                }
            }
            at += length;
        }
        wrong
    }
}

/// Whether stars between these characters belong to the text `inside`.
fn flanks(inside: char, outside: char) -> bool {
    let is_punctuation = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    !inside.is_whitespace()
        && (!is_punctuation(inside) || outside.is_whitespace() || is_punctuation(outside))
}

/// Returns the line with the inside of each `span of code` left out.
fn without_spans(line: &str) -> String {
    line.split('`').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "``" }).collect()
}

//! Rules about all pages, and about the two languages.

use std::collections::BTreeSet;

use super::lexer::without_comments;
use super::{Finding, Tree};
use crate::markdown::{Block, Page, without_code};

/// Returns the Chinese page that belongs to an English one.
fn chinese(english: &str) -> String {
    match english.strip_prefix("lessons/") {
        Some(page) => format!("lessons/zh/{page}"),
        None => english.replace(".md", ".zh.md"),
    }
}

pub fn is_chinese(path: &str) -> bool {
    path.starts_with("lessons/zh/") || path.ends_with(".zh.md")
}

/// Returns the English page that belongs to a Chinese one; for any other path, the path itself.
fn english(path: &str) -> String {
    match path.strip_prefix("lessons/zh/") {
        Some(page) => format!("lessons/{page}"),
        None => path.replace(".zh.md", ".md"),
    }
}

/// Returns all English pages that have, or should have, a Chinese one.
fn translated(tree: &Tree) -> BTreeSet<String> {
    let pages = tree.matching("lessons/", ".md").chain(tree.matching("README", ".md"));
    pages.map(|(path, _)| english(path)).collect()
}

/// Returns both pages, if both exist.
fn pairs(tree: &Tree) -> Vec<(String, Page, String, Page)> {
    let pair = |english: String| {
        let chinese = chinese(&english);
        let ours = Page::parse(tree.text(&english)?);
        let theirs = Page::parse(tree.text(&chinese)?);
        Some((english, ours, chinese, theirs))
    };
    translated(tree).into_iter().filter_map(pair).collect()
}

pub fn chinese_and_english_pages_come_in_pairs(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for english in translated(tree) {
        let chinese = chinese(&english);
        for (here, there) in [(&english, &chinese), (&chinese, &english)] {
            if !tree.has(here) {
                let rule = format!("is missing, though there is {there}");
                findings.push(Finding::new(
                    here,
                    0,
                    rule,
                    "write it: every page is in both languages",
                ));
            }
        }
    }
    findings
}

pub fn chinese_and_english_headings_agree(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (english, ours, chinese, theirs) in pairs(tree) {
        for i in 0..ours.headings.len().max(theirs.headings.len()) {
            match (ours.headings.get(i), theirs.headings.get(i)) {
                (Some(our), Some(their)) if our.level == their.level => continue,
                (Some(our), Some(their)) => {
                    let rule = format!(
                        "a heading of level {}; at {english}:{} the level is {}",
                        their.level, our.line, our.level
                    );
                    findings.push(Finding::new(
                        &chinese,
                        their.line,
                        rule,
                        "give both pages the same headings in the same order",
                    ));
                }
                (Some(our), None) => {
                    let rule = format!("has no heading for `{}`, {english}:{}", our.text, our.line);
                    findings.push(Finding::new(&chinese, 0, rule, "translate that section"));
                }
                (None, their) => {
                    let line = their.map_or(0, |their| their.line);
                    let rule = format!("a heading that {english} does not have");
                    findings.push(Finding::new(
                        &chinese,
                        line,
                        rule,
                        "write it there, too, or remove it",
                    ));
                }
            }
            break; // the lines that follow are shifted by one, and would all be reported
        }
    }
    findings
}

/// The text that the second notes' program prints, in the notes' own words, and the text that the
/// English pages print in its place.
const NOTES_WORDS: [(&str, &str); 3] =
    [("连接建立成功", "connected"), ("接受的数据:", "received"), ("连接已断开", "closed")];

/// Returns the lines of a block that both languages have in common, with their numbers: all except
/// the comments, which are in the language of the page. The notes' words count as the English ones.
fn common_code(block: &Block) -> Vec<(usize, String)> {
    let language = block.language();
    let text = match language {
        "rust" | "js" => without_comments(&block.text, language == "js"),
        "sh" | "console" => {
            let typed = |line: &str| language == "sh" || line.starts_with("$ ");
            let line = |line| if typed(line) { without_remark(line) } else { line };
            block.text.lines().map(line).collect::<Vec<_>>().join("\n")
        }
        _ => block.text.clone(),
    };
    let lines = (1..).zip(text.lines().map(str::trim_end).zip(block.text.lines()));
    let code = lines.filter(|(_, (code, whole))| !code.is_empty() || whole.is_empty());
    code.map(|(number, (code, _))| {
        let english = |code: String, (own, theirs): &(&str, &str)| code.replace(own, theirs);
        (number, NOTES_WORDS.iter().fold(code.to_string(), english))
    })
    .collect()
}

/// Whether two lines of a drawing differ only in the remark at their ends, which is in the language
/// of the page.
fn same_but_for_the_remark(english: &str, chinese: &str) -> bool {
    let Some(at) = chinese.find(is_chinese_character) else { return false };
    let before = &chinese[..at];
    let remark = before.rfind("  ").map(|at| at + 2).max(Some(end_of_strokes(before)));
    let drawn = &chinese[..remark.unwrap_or_default()];
    !english.contains(is_chinese_character) && !drawn.is_empty() && english.starts_with(drawn)
}

/// Returns where the lines and arrows of a line of a drawing end; 0 if there are none.
pub fn end_of_strokes(line: &str) -> usize {
    let stroke = |c: char| ('\u{2500}'..='\u{25ff}').contains(&c);
    line.rmatch_indices(stroke).next().map_or(0, |(at, stroke)| at + stroke.len())
}

pub fn is_chinese_character(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Returns a shell's line without the remark at its end.
pub fn without_remark(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before == ' ' => return &line[..at],
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

pub fn chinese_and_english_code_is_the_same(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (english, ours, chinese, theirs) in pairs(tree) {
        for i in 0..ours.blocks.len().max(theirs.blocks.len()) {
            match (ours.blocks.get(i), theirs.blocks.get(i)) {
                (Some(our), Some(their)) => {
                    let (code, twin) = (common_code(our), common_code(their));
                    let drawing = our.language() == "text";
                    let same = |((_, our), (_, their)): &(&(usize, String), &(usize, String))| {
                        our == their || drawing && same_but_for_the_remark(our, their)
                    };
                    let first = code.iter().zip(&twin).position(|pair| !same(&pair));
                    let at = match first {
                        _ if our.info != their.info => Some((0, 0)),
                        None if code.len() == twin.len() => None,
                        first => {
                            let i = first.unwrap_or(code.len().min(twin.len()));
                            let line =
                                |code: &[(usize, String)]| code.get(i).map_or(0, |(n, _)| *n);
                            Some((line(&code), line(&twin)))
                        }
                    };
                    let Some((our_line, their_line)) = at else { continue };
                    let rule = format!("differs from {english}:{}", our.line + our_line);
                    findings.push(Finding::new(
                        &chinese,
                        their.line + their_line,
                        rule,
                        "copy the code block, its first line included: but for comments, code is the same in both",
                    ));
                }
                (Some(our), None) => {
                    let rule = format!("lacks the code block at {english}:{}", our.line);
                    findings.push(Finding::new(&chinese, 0, rule, "copy it"));
                }
                (None, their) => {
                    let line = their.map_or(0, |their| their.line);
                    let rule = format!("a code block that {english} does not have");
                    findings.push(Finding::new(
                        &chinese,
                        line,
                        rule,
                        "add it there, too, or remove it",
                    ));
                }
            }
            break;
        }
    }
    findings
}

pub fn chinese_and_english_links_agree(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (english, ours, chinese, theirs) in pairs(tree) {
        let our_links: Vec<_> =
            ours.links.iter().map(|link| common_form(tree, &english, &link.target)).collect();
        let their_links: Vec<_> =
            theirs.links.iter().map(|link| common_form(tree, &chinese, &link.target)).collect();
        let differing = our_links.iter().zip(&their_links).position(|(our, their)| our != their);
        let i = differing.unwrap_or(our_links.len().min(their_links.len()));
        match (ours.links.get(i), theirs.links.get(i)) {
            (None, None) => {}
            (Some(our), Some(their)) => {
                let rule = format!(
                    "a link to {}; at {english}:{} it is {}",
                    their.target, our.line, our.target
                );
                findings.push(Finding::new(
                    &chinese,
                    their.line,
                    rule,
                    "give both pages the same links in the same order",
                ));
            }
            (Some(our), None) => {
                let rule = format!("lacks the link to {} at {english}:{}", our.target, our.line);
                findings.push(Finding::new(&chinese, 0, rule, "add it"));
            }
            (None, Some(their)) => {
                let rule = format!("a link that {english} does not have: {}", their.target);
                findings.push(Finding::new(
                    &chinese,
                    their.line,
                    rule,
                    "add it there, too, or remove it",
                ));
            }
        }
        // A reader stays in the language of the page; only the switch at the top leads to the same
        // page in the other language.
        for (path, other, page) in [(&english, &chinese, &ours), (&chinese, &english, &theirs)] {
            for link in &page.links {
                let (target, _) = resolve(path, &link.target);
                let twin =
                    if is_chinese(path) { self::chinese(&target) } else { self::english(&target) };
                if target.ends_with(".md") && twin != target && target != *other && tree.has(&twin)
                {
                    let rule = format!("leads into the other language: {}", link.target);
                    findings.push(Finding::new(path, link.line, rule, format!("link to {twin}")));
                }
            }
        }
    }
    findings
}

/// Returns the target of a link in a form that is the same for both languages: the English file,
/// and the number of its heading.
fn common_form(tree: &Tree, from: &str, target: &str) -> (String, String) {
    let (path, anchor) = resolve(from, target);
    let page = tree.text(&path).map(Page::parse);
    let heading =
        page.and_then(|page| page.headings.iter().position(|h| Some(&h.slug) == anchor.as_ref()));
    (english(&path), heading.map_or(anchor.unwrap_or_default(), |i| format!("heading {i}")))
}

pub fn a_chinese_page_is_in_chinese(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, ours, chinese, theirs) in pairs(tree) {
        let text = tree.text(&chinese).unwrap_or_default();
        let count = text.chars().filter(|c| is_chinese_character(*c)).count();
        if count < 200 {
            let rule = format!("has {count} Chinese characters");
            findings.push(Finding::new(&chinese, 0, rule, "translate it; a page has 200 at least"));
        }
        for (our, their) in ours.headings.iter().zip(&theirs.headings) {
            if our.text == their.text && !is_a_name(&our.text) {
                let rule = format!("`{}` is the English heading", their.text);
                findings.push(Finding::new(&chinese, their.line, rule, "translate it"));
            }
        }
    }
    findings
}

/// Names that are the same in any language.
const NAMES: [&str; 16] = [
    "net",
    "notes",
    "Node",
    "Rust",
    "TCP",
    "IP",
    "HTTP",
    "STS",
    "UTF",
    "API",
    "CI",
    "Unix",
    "Linux",
    "macOS",
    "Windows",
    "EventSocket",
];

fn is_a_name(heading: &str) -> bool {
    let text = without_code(heading);
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.all(|word| NAMES.contains(&word))
}

pub fn every_link_leads_somewhere(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A page in src/ is a part of the documentation, where a link may be a Rust name: `cargo doc`
    // checks it.
    for (path, text) in tree.matching("", ".md").filter(|(path, _)| !path.starts_with("src/")) {
        for link in Page::parse(text).links {
            if is_external(&link.target) {
                continue;
            }
            let (target, anchor) = resolve(path, &link.target);
            if !tree.has(&target) {
                let rule = format!("a link to {}, which is not there", link.target);
                findings.push(Finding::new(
                    path,
                    link.line,
                    rule,
                    "mend the path: it starts at this page's folder",
                ));
            } else if let Some(anchor) = anchor.filter(|_| target.ends_with(".md")) {
                let page = Page::parse(tree.text(&target).unwrap_or_default());
                if !page.headings.iter().any(|heading| heading.slug == anchor) {
                    let all: Vec<_> =
                        page.headings.iter().map(|heading| format!("#{}", heading.slug)).collect();
                    let rule = format!("a link to #{anchor}, and {target} has no such heading");
                    findings.push(Finding::new(
                        path,
                        link.line,
                        rule,
                        format!("it has {}", all.join(" ")),
                    ));
                }
            }
        }
    }
    findings
}

pub fn every_example_named_on_a_page_exists(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", ".md").chain(tree.matching("examples/", ".rs")) {
        for (line, content) in (1..).zip(text.lines()) {
            for (at, option) in content.match_indices("--example ") {
                let rest = &content[at + option.len()..];
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let name = &rest[..end];
                let there = [format!("examples/{name}.rs"), format!("examples/{name}/main.rs")];
                // Capitals stand for a name that is still to be inserted.
                let placeholder = name.is_empty() || name.chars().all(|c| c.is_ascii_uppercase());
                if !placeholder && !there.iter().any(|file| tree.has(file)) {
                    let rule = format!("there is no example `{name}`");
                    findings.push(Finding::new(
                        path,
                        line,
                        rule,
                        "name one that there is in examples/",
                    ));
                }
            }
        }
    }
    findings
}

/// A word in capitals, alone on its line, is a placeholder.
pub fn no_page_is_unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", ".md") {
        for (line, content) in (1..).zip(text.lines()) {
            let word = content.trim();
            let placeholder = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_uppercase());
            if placeholder || ["TODO", "FIXME"].iter().any(|mark| content.contains(mark)) {
                let rule = format!("`{word}`: something is missing here");
                findings.push(Finding::new(path, line, rule, "put it in"));
            }
        }
    }
    findings
}

fn is_external(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// Returns the file that a link on the page `from` leads to, and its anchor. An external link is
/// returned unchanged.
pub fn resolve(from: &str, target: &str) -> (String, Option<String>) {
    if is_external(target) {
        return (target.to_string(), None);
    }
    let (file, anchor) = match target.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor.to_string())),
        None => (target, None),
    };
    if file.is_empty() {
        return (from.to_string(), anchor);
    }
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            // Out of the repository: it will not be found.
            ".." if path.last().is_none_or(|last| *last == "..") => path.push(".."),
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    (path.join("/"), anchor)
}

/// Returns everything in the repository that the page has a link to.
pub fn linked(tree: &Tree, page: &str) -> BTreeSet<String> {
    let links = Page::parse(tree.text(page).unwrap_or_default()).links;
    links.iter().map(|link| resolve(page, &link.target).0).collect()
}

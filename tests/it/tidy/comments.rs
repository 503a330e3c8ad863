//! Rules about the language of comments: an exercise is in both languages, a Chinese page's code is
//! commented in Chinese.

use super::lexer::{comments_only, without_comments};
use super::pages::{end_of_strokes, is_chinese, is_chinese_character, without_remark};
use super::{Finding, Tree};
use crate::markdown::{Page, without_code};

/// The language of a comment's line. Code and numbers alone are in no language.
#[derive(Clone, Copy, PartialEq)]
enum Language {
    English,
    Chinese,
    Neither,
}

impl Language {
    fn of(comment: &str) -> Language {
        match comment {
            _ if comment.contains(is_chinese_character) => Self::Chinese,
            _ if words(comment) > 0 => Self::English,
            _ => Self::Neither,
        }
    }
}

/// Counts the Latin words. A word that contains other characters is code: `web.js`, `f()`,
/// `HTTP/1.1`.
fn words(comment: &str) -> usize {
    let text = without_code(comment);
    let word = |part: &&str| {
        let part =
            part.trim_start_matches(['(', '"']).trim_end_matches(|c| "),.;:!?\"".contains(c));
        part.len() > 1 && part.chars().all(|c| c.is_ascii_alphabetic() || "'’-".contains(c))
    };
    text.split_whitespace().filter(word).count()
}

/// An exercise is the same file for all students: each comment is in English, and then in Chinese.
pub fn an_exercise_speaks_both_languages(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for end in ["/stub.rs", "/solution.rs"] {
        for (path, text) in tree.matching("tests/exercises/", end) {
            for block in blocks(text) {
                let mut languages = block.iter().map(|(_, language)| *language);
                let first = languages.find(|language| *language != Language::Neither);
                let last = languages.rfind(|language| *language != Language::Neither);
                if first.is_some()
                    && (first, last) != (Some(Language::English), Some(Language::Chinese))
                {
                    let fix = "say it above the code, in English and below that in Chinese";
                    let rule = "a comment that is not in both languages";
                    findings.push(Finding::new(path, block[0].0, rule, fix));
                }
            }
        }
    }
    findings
}

/// Splits the comments into blocks: lines of comments with no code between them; an English TODO
/// begins another one. Each line has its number and its language.
fn blocks(text: &str) -> Vec<Vec<(usize, Language)>> {
    let mut blocks: Vec<Vec<_>> = Vec::new();
    let mut open = false;
    let (comments, code) = (comments_only(text, false), without_comments(text, false));
    for (number, (comment, code)) in (1..).zip(comments.lines().zip(code.lines())) {
        let language = Language::of(comment);
        let alone = code.trim().is_empty();
        let begins = !open || !alone || language == Language::English && comment.contains("TODO");
        match blocks.last_mut() {
            _ if comment.is_empty() => {}
            Some(block) if !begins => block.push((number, language)),
            _ => blocks.push(vec![(number, language)]),
        }
        open = alone && !comment.is_empty();
    }
    blocks
}

/// Returns the text after the last stroke of a line of a drawing, if it is more than a label: three
/// words or more.
fn remark_on_drawing(line: &str) -> String {
    match end_of_strokes(line) {
        0 => String::new(),
        end => Some(line[end..].trim()).filter(|text| words(text) > 2).unwrap_or_default().into(),
    }
}

/// The comments in the code are a part of the page's text. (`chinese_and_english_code_is_the_same`
/// compares the rest.)
pub fn comments_on_a_chinese_page_are_chinese(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", ".md").filter(|(path, _)| is_chinese(path)) {
        for block in Page::parse(text).blocks {
            let language = block.language();
            let comments = match language {
                "rust" | "js" => comments_only(&block.text, language == "js"),
                "sh" | "console" => {
                    let remark = |line: &str| match language == "sh" || line.starts_with("$ ") {
                        true => line[without_remark(line).len()..].to_string(),
                        false => String::new(),
                    };
                    block.text.lines().map(|line| remark(line) + "\n").collect()
                }
                "text" => block.text.lines().map(|line| remark_on_drawing(line) + "\n").collect(),
                _ => continue,
            };
            for (number, comment) in (1..).zip(comments.lines()) {
                if Language::of(comment) == Language::English {
                    let rule = format!("`{comment}` is in English");
                    let fix = "say it in Chinese: comments are left out where the code is compared";
                    findings.push(Finding::new(path, block.line + number, rule, fix));
                }
            }
        }
    }
    findings
}

#[test]
fn words_are_told_from_code() {
    for (comment, expected) in [
        ("// web.js", 0),
        ("// foo()", 0),
        ("// `a word` of code", 2),
        ("/// for our writes, we think", 5),
        ("// GET /tea HTTP/1.1", 1),
        ("// it's half-closed.", 2),
        ("// x = 1", 0),
    ] {
        assert_eq!(words(comment), expected, "{comment}");
    }
}

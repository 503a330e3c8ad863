//! Rules about an exercise and its files.

use std::collections::BTreeSet;

use super::lessons::{ABOUT_THE_SOURCE, lessons};
use super::lexer::without_tests;
use super::{Finding, Tree};
use crate::markdown::Page;

/// The least number of answers of each kind: enough to show that a judge distinguishes right from
/// wrong, and not one program from another.
const LEAST_ANSWERS: usize = 6;

/// Returns the lessons that have an exercise.
fn with_exercise(tree: &Tree) -> impl Iterator<Item = &str> {
    lessons(tree).into_iter().filter(|name| *name != ABOUT_THE_SOURCE)
}

pub fn every_lesson_has_its_exercise(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in with_exercise(tree) {
        let folder = format!("tests/exercises/{name}");
        let parts = [
            format!("{folder}.rs"),
            format!("{folder}/stub.rs"),
            format!("{folder}/solution.rs"),
            format!("{folder}/hints.md"),
            format!("{folder}/hints.zh.md"),
            format!("{folder}/right.md"),
            format!("{folder}/wrong.md"),
            format!("src/coach/exercises/e{name}.rs"),
        ];
        for path in parts.iter().filter(|path| !tree.has(path)) {
            let fix = "a lesson has an exercise, its stub, solution, hints in both languages, answers, and judge";
            findings.push(Finding::new(path, 0, "is missing", fix));
        }
        for kind in ["wrong", "right"] {
            let page = format!("{folder}/{kind}.md");
            let answers = Page::parse(tree.text(&page).unwrap_or_default()).headings;
            if answers.iter().filter(|heading| heading.level == 2).count() < LEAST_ANSWERS {
                let fix = "several that many would give: the judge must tell right from wrong";
                findings.push(Finding::new(&page, 0, format!("too few {kind} answers"), fix));
            }
        }
        if !tree.text("Cargo.toml").unwrap_or_default().contains(&format!("\"{folder}.rs\"")) {
            let rule = format!("no [[test]] with path = \"{folder}.rs\"");
            findings.push(Finding::new("Cargo.toml", 0, rule, "add it: editors need it"));
        }
        let page = format!("lessons/{name}.md");
        let text = tree.text(&page).unwrap_or_default();
        let command = format!("cargo run -- check {}", &name[..2]);
        for part in [format!("{folder}.rs"), command] {
            if !text.contains(&part) {
                let rule = format!("does not name `{part}`");
                findings.push(Finding::new(&page, 0, rule, "say so under `## Exercise`"));
            }
        }
    }
    let named: BTreeSet<&str> = with_exercise(tree).collect();
    for (path, _) in tree.matching("tests/exercises/", "") {
        let name = path["tests/exercises/".len()..].split(['/', '.']).next().unwrap_or_default();
        if !named.contains(name) {
            findings.push(Finding::new(path, 0, "belongs to no lesson", "give it a lesson's name"));
        }
    }
    findings
}

pub fn an_exercise_is_complete(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("tests/exercises/", "/hints.md") {
        let chinese = path.replace("hints.md", "hints.zh.md");
        for (path, text) in [(path, text), (&chinese, tree.text(&chinese).unwrap_or_default())] {
            let steps: Vec<String> =
                Page::parse(text).headings.into_iter().skip(1).map(|one| one.text).collect();
            if steps != ["1", "2", "3"] {
                let rule = format!("has the hints {steps:?}");
                findings.push(Finding::new(path, 0, rule, "three steps: `## 1`, `## 2`, `## 3`"));
            }
        }
    }
    for (path, text) in tree.matching("tests/exercises/", "/stub.rs") {
        let name = path["tests/exercises/".len()..].trim_end_matches("/stub.rs");
        for page in [format!("lessons/{name}.md"), format!("lessons/zh/{name}.md")] {
            if !text.contains(&page) {
                let fix = "the header says where the task is, in each language";
                findings.push(Finding::new(path, 0, format!("does not name {page}"), fix));
            }
        }
    }
    for (end, todo) in [("/stub.rs", true), ("/solution.rs", false)] {
        for (path, text) in tree.matching("tests/exercises/", end) {
            if text.contains("TODO") != todo {
                let fix = "what is to be done is marked in the stub, and done in the solution";
                let rule = if todo { "has no TODO" } else { "has a TODO" };
                findings.push(Finding::new(path, 0, rule, fix));
            }
        }
    }
    findings
}

/// A failure says which section to read again: of its lesson; a rule that several exercises share,
/// of each of them.
pub fn a_rule_sends_to_a_section_of_its_lesson(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("src/", ".rs") {
        if !["src/check", "src/coach"].iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let own = path.strip_prefix("src/coach/exercises/e").map(|rest| &rest[..rest.len() - 3]);
        let pages: Vec<&str> = match own {
            Some(name) => vec![name],
            None => with_exercise(tree).collect(),
        };
        for (line, content) in (1..).zip(without_tests(text).lines()) {
            let Some((_, see)) = content.split_once("see: \"") else { continue };
            let mut see = see.replace("\\\"", "\u{0}"); // a quotation mark that ends no text
            see.truncate(see.find('"').unwrap_or(see.len()));
            let see = see.replace('\u{0}', "\"");
            for name in &pages {
                let page = tree.text(&format!("lessons/{name}.md")).unwrap_or_default();
                let headings = Page::parse(page).headings;
                if !headings.iter().any(|one| matches!(one.level, 2 | 3) && one.text == see) {
                    let rule = format!("lessons/{name}.md has no section `{see}`");
                    let fix = "name one that explains the rule";
                    findings.push(Finding::new(path, line, rule, fix));
                }
            }
        }
    }
    findings
}

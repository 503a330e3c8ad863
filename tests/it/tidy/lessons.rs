//! Rules about a lesson and its files.

use std::collections::BTreeSet;

use super::pages::{linked, resolve};
use super::{Finding, Tree};
use crate::markdown::Page;

/// Whether this is a lesson's name, such as `03_server`: two digits, then its subject.
fn lesson_name(name: &str) -> bool {
    matches!(name.as_bytes(), [b'0'..=b'9', b'0'..=b'9', b'_', _, ..])
}

/// Returns the names of the numbered files in `folder`.
fn names<'t>(tree: &'t Tree, folder: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    let files = tree.matching(folder, end).map(move |(path, _)| path);
    files
        .filter_map(move |path| path.strip_prefix(folder)?.strip_suffix(end))
        .filter(|name| lesson_name(name) && !name.contains('/'))
}

/// Returns the lessons, in their order.
pub fn lessons(tree: &Tree) -> Vec<&str> {
    names(tree, "lessons/", ".md").collect()
}

/// A lesson that has only pages: it is about `src`, which all examples run and all tests check; it
/// runs the examples of other lessons and the blocks of its own page.
pub const ABOUT_THE_SOURCE: &str = "15_how_it_works";

pub fn a_number_ties_a_lessons_rooms_together(tree: &Tree) -> Vec<Finding> {
    let rooms = |name: &str| {
        [
            format!("lessons/{name}.md"),
            format!("lessons/zh/{name}.md"),
            format!("examples/{name}.rs"),
            format!("tests/{name}.rs"),
        ]
    };
    let examples = names(tree, "examples/", ".rs");
    let mut all: BTreeSet<&str> = examples.filter(|name| !name.ends_with("_std")).collect();
    all.extend(names(tree, "lessons/", ".md"));
    all.extend(names(tree, "lessons/zh/", ".md"));
    all.extend(names(tree, "tests/", ".rs"));
    let mut findings = Vec::new();
    for name in &all {
        let (there, missing): (Vec<_>, Vec<_>) =
            rooms(name).into_iter().partition(|path| tree.has(path));
        let only_pages = *name == ABOUT_THE_SOURCE;
        for path in there.iter().filter(|path| only_pages && !path.starts_with("lessons/")) {
            let rule = "belongs to a lesson that has no example and no test";
            let fix = "take the lesson's name out of ABOUT_THE_SOURCE in tests/it/tidy/lessons.rs";
            findings.push(Finding::new(path, 0, rule, fix));
        }
        for path in missing.iter().filter(|path| !only_pages || path.starts_with("lessons/")) {
            let rule = format!("is missing, though there is {}", there.join(", "));
            let fix = "a lesson has one name for its example, English page, Chinese page and test";
            findings.push(Finding::new(path, 0, rule, fix));
        }
    }
    let numbers: Vec<&str> = all.iter().map(|name| &name[..2]).collect();
    for (twin, name) in numbers.windows(2).zip(all.iter().skip(1)) {
        if twin[0] == twin[1] {
            let path = &rooms(name)[0];
            let rule = format!("{} is the number of another lesson, too", twin[0]);
            findings.push(Finding::new(path, 0, rule, "give it the next free number"));
        }
    }
    for name in names(tree, "examples/", "_std.rs") {
        if !tree.has(&format!("examples/{name}.rs")) {
            let rule = "the same in plain std as which example?";
            let fix = format!("write examples/{name}.rs, or give this one its name");
            findings.push(Finding::new(&format!("examples/{name}_std.rs"), 0, rule, fix));
        }
    }
    findings
}

pub fn an_example_is_short_and_says_how_to_run_it(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in names(tree, "examples/", ".rs") {
        let path = format!("examples/{name}.rs");
        let text = tree.text(&path).unwrap_or_default();
        let lines = text.lines().count();
        if lines > 65 {
            let rule = format!("{lines} lines, and 65 is the most");
            findings.push(Finding::new(
                &path,
                66,
                rule,
                "an example shows one thing: leave the rest out",
            ));
        }
        let header = text.lines().take_while(|line| line.starts_with("//!"));
        let command = format!("cargo run --example {name}");
        let says = |line: &str| {
            line.split_once(&command).is_some_and(|(_, rest)| {
                !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric())
            })
        };
        if !header.into_iter().any(says) {
            let rule = format!("does not open with a `//!` header that says `{command}`");
            let fix = "say what it is, the commands to run it, and what it prints";
            findings.push(Finding::new(&path, 1, rule, fix));
        }
    }
    findings
}

const SECTIONS: [&str; 8] = [
    "In Node",
    "In Rust",
    "Run it",
    "On the wire",
    "Watch out",
    "Exercise",
    "Reflect",
    "Where to go from here",
];

/// The lessons before this one end with their questions.
const LEADS_ON_FROM: &str = "16";

/// Returns the sections of a lesson.
fn sections_of(name: &str) -> &[&str] {
    if &name[..2] < LEADS_ON_FROM { &SECTIONS[..SECTIONS.len() - 1] } else { &SECTIONS }
}

pub fn a_lesson_has_its_sections_in_order(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in lessons(tree) {
        let path = format!("lessons/{name}.md");
        let page = Page::parse(tree.text(&path).unwrap_or_default());
        let title = format!("{} · ", &name[..2]);
        let first = page.headings.first();
        if !first.is_some_and(|first| first.level == 1 && first.text.starts_with(&title)) {
            let line = first.map_or(1, |first| first.line);
            let fix = format!("begin the page with `# {title}Title`");
            findings.push(Finding::new(&path, line, "no title with the lesson's number", fix));
        }
        let sections = page.headings.iter().filter(|heading| heading.level == 2);
        let known = sections_of(name);
        let mut expected = known.iter();
        for section in sections {
            // "Watch out: one write is not one read" is fine.
            match expected.as_slice().iter().position(|name| section.text.starts_with(name)) {
                Some(0) => drop(expected.next()),
                Some(skipped) => {
                    let rule = format!(
                        "`## {}` comes before `## {}`",
                        section.text,
                        expected.as_slice()[0]
                    );
                    let fix = format!("the order is {}", known.join(", "));
                    findings.push(Finding::new(&path, section.line, rule, fix));
                    expected.nth(skipped);
                }
                None => {
                    let rule =
                        format!("`## {}` is no section of a lesson, or comes twice", section.text);
                    let fix = format!("make it a `###` in one of {}", known.join(", "));
                    findings.push(Finding::new(&path, section.line, rule, fix));
                }
            }
        }
        for section in expected {
            let rule = format!("has no section `## {section}`");
            findings.push(Finding::new(
                &path,
                0,
                rule,
                format!("the sections are {}", known.join(", ")),
            ));
        }
    }
    findings
}

pub fn a_lesson_leads_to_its_neighbours(tree: &Tree) -> Vec<Finding> {
    let lessons = lessons(tree);
    let mut findings = Vec::new();
    for pair in lessons.windows(2) {
        for folder in ["lessons", "lessons/zh"] {
            for (from, to, which) in [(pair[0], pair[1], "next"), (pair[1], pair[0], "previous")] {
                let path = format!("{folder}/{from}.md");
                let target = format!("{folder}/{to}.md");
                if tree.has(&path) && !linked(tree, &path).contains(&target) {
                    let rule = format!("has no link to the {which} lesson");
                    findings.push(Finding::new(&path, 0, rule, format!("link to {to}.md")));
                }
            }
        }
    }
    findings
}

pub fn a_lesson_is_tested_as_documentation(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pages: Vec<String> =
        lessons(tree).iter().map(|name| format!("lessons/{name}.md")).collect();
    pages.push("README.md".to_string());
    for path in pages {
        let included =
            tree.matching("src/", ".rs").any(|(_, text)| text.contains(&format!("{path}\"")));
        let page = Page::parse(tree.text(&path).unwrap_or_default());
        if let Some(block) =
            page.blocks.iter().find(|block| block.language() == "rust").filter(|_| !included)
        {
            let fix = format!(
                "in src/lib.rs, under `#[cfg(doctest)]`: `#[doc = include_str!(\"../{path}\")]`"
            );
            findings.push(Finding::new(
                &path,
                block.line,
                "its Rust code is compiled by no test",
                fix,
            ));
        }
    }
    findings
}

/// The request to guess, in both languages. A student who has guessed remembers the answer.
const GUESSES: [(&str, &str, &str); 2] =
    [("lessons", "**Guess", "Watch out"), ("lessons/zh", "**先猜", "容易踩的坑")];

/// Each trap is an experiment: before the page shows the result, it asks for a guess.
pub fn an_experiment_asks_for_a_guess(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pages = lessons(tree).into_iter().filter(|name| *name != ABOUT_THE_SOURCE);
    for (name, (folder, guess, traps)) in pages.flat_map(|name| GUESSES.map(|words| (name, words)))
    {
        let path = format!("{folder}/{name}.md");
        let text = tree.text(&path).unwrap_or_default();
        let page = Page::parse(text);
        let lines: Vec<&str> = text.lines().collect();
        let mut section = "";
        for (i, heading) in page.headings.iter().enumerate() {
            if heading.level == 2 {
                section = &heading.text;
            }
            let end = page.headings.get(i + 1).map_or(usize::MAX, |next| next.line);
            let blocks =
                page.blocks.iter().filter(|block| (heading.line..end).contains(&block.line));
            // A program may stand before it, if a terminal shows what the program does.
            let shows = |language| blocks.clone().find(|block| block.language() == language);
            let shown = shows("console").or_else(|| shows("rust"));
            if let Some(block) = shown.filter(|_| heading.level == 3 && section.starts_with(traps))
            {
                let before = &lines[heading.line..block.line];
                if !before.iter().any(|line| line.contains(guess)) {
                    let rule = format!("`{}` shows before it asks", heading.text);
                    let fix = format!("ask, in front of what shows it: `{guess}…`");
                    findings.push(Finding::new(&path, block.line, rule, fix));
                }
            }
        }
    }
    findings
}

/// Until a lesson has shown the effect of a missing listener, the programs are as short as
/// possible.
const ERRORS_FROM: &str = "04";

/// Node ends a process at an `error` without a listener: lesson 3 shows it, and the lessons after
/// it add one.
pub fn a_node_program_listens_for_errors(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let late = lessons(tree).into_iter().filter(|name| &name[..2] >= ERRORS_FROM);
    for name in late.filter(|name| *name != ABOUT_THE_SOURCE) {
        let path = format!("lessons/{name}.md");
        let page = Page::parse(tree.text(&path).unwrap_or_default());
        for block in page.blocks.iter().filter(|block| block.language() == "js") {
            let count = |word: &str| block.text.matches(word).count();
            let sockets = count("createServer((socket)")
                + count("net.connect(")
                + count("net.createConnection(");
            // One for all of them is enough, if a function adds it.
            if sockets > 0 && count(".on('error'") == 0 {
                let fix = "add `socket.on('error', …)` to every socket";
                findings.push(Finding::new(
                    &path,
                    block.line,
                    "a socket without an error listener",
                    fix,
                ));
            }
        }
    }
    findings
}

/// The minutes of a lesson, and those of its exercise, are the same on its pages and in the tables.
pub fn a_lesson_says_how_long_it_takes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let numbers = |text: &str| -> Vec<u32> {
        let parts = text.split(|c: char| !c.is_ascii_digit());
        parts.filter_map(|digits| digits.parse().ok()).collect()
    };
    for name in lessons(tree).into_iter().filter(|name| *name != ABOUT_THE_SOURCE) {
        let mut seen = Vec::new();
        for folder in ["lessons", "lessons/zh"] {
            let path = format!("{folder}/{name}.md");
            let text = tree.text(&path).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with('*') && !line.starts_with("**"));
            // Only its first sentence: the goals of the lesson may contain numbers, too.
            let sentence = line.unwrap_or_default().split(['.', '。']).next().unwrap_or_default();
            seen.push((path, numbers(sentence)));
            let path = format!("{folder}/README.md");
            let link = format!("]({name}.md) |");
            let text = tree.text(&path).unwrap_or_default();
            let row = text.lines().find_map(|line| line.split_once(&link)?.1.split('|').next());
            seen.push((path, numbers(row.unwrap_or_default())));
        }
        let first = seen[0].1.clone();
        for (path, minutes) in seen {
            if minutes.len() != 2 || minutes != first {
                let rule = format!("says {minutes:?} minutes for {name}, and its page {first:?}");
                let fix = "two numbers, for the page and for the exercise, the same in both languages and tables";
                findings.push(Finding::new(&path, 0, rule, fix));
            }
        }
    }
    findings
}

/// `tests/it/pictures.rs` checks whether its contents are right.
/// Whether a page lacks a picture. A reader who cannot see it, or whose terminal cannot show it, has the text.
fn not_shown(tree: &Tree, page: &str, picture: &str) -> Option<Finding> {
    let text = tree.text(page).unwrap_or_default();
    let image = format!("]({picture})");
    let words = text.split_once(&image).and_then(|(before, _)| before.rsplit_once("!["));
    let lacks = words.is_none_or(|(_, words)| words.len() < 20 || words.contains([']', '\n']));
    lacks.then(|| {
        let rule = format!("does not show {picture}, or not in words, too");
        Finding::new(page, 0, rule, format!("add ![what it shows{image}"))
    })
}

pub fn a_picture_is_shown_in_its_lesson(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.matching("lessons/pictures/", "") {
        let file = path.trim_start_matches("lessons/pictures/");
        if file.starts_with("workbench_") && file.ends_with(".png") {
            let pages = ["README.md", "README.zh.md"];
            findings.extend(pages.iter().filter_map(|page| not_shown(tree, page, path)));
            continue;
        }
        let name = file.strip_suffix(".svg").filter(|name| lessons(tree).contains(name));
        let Some(name) = name else {
            let fix = "name it after its lesson, as in lessons/pictures/05_order.svg";
            findings.push(Finding::new(path, 0, "is the picture of no lesson", fix));
            continue;
        };
        for (folder, up) in [("lessons", ""), ("lessons/zh", "../")] {
            let page = format!("{folder}/{name}.md");
            let text = tree.text(&page).unwrap_or_default();
            findings.extend(not_shown(tree, &page, &format!("{up}pictures/{file}")));
            let command = format!("cargo run --example {name} -- --svg ");
            if !text.contains(&command) {
                let rule = format!("does not say how {path} was made");
                findings.push(Finding::new(&page, 0, rule, format!("say `{command}FILE`")));
            }
        }
    }
    findings
}

pub fn the_readmes_list_every_lesson(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let page = Page::parse(tree.text("README.md").unwrap_or_default());
    let table = page.headings.iter().position(|heading| heading.text == "Table of lessons");
    let Some(table) = table else {
        let fix = "add the section, with a link to each lesson";
        return vec![Finding::new("README.md", 0, "has no section `## Table of lessons`", fix)];
    };
    let start = page.headings[table].line;
    let end = page.headings.get(table + 1).map_or(usize::MAX, |next| next.line);
    for name in lessons(tree) {
        let lesson = format!("lessons/{name}.md");
        let links = page.links.iter().filter(|link| (start..end).contains(&link.line));
        if !links.into_iter().any(|link| resolve("README.md", &link.target).0 == lesson) {
            let rule = format!("its table of lessons leaves out {name}");
            findings.push(Finding::new(
                "README.md",
                start,
                rule,
                format!("add a link to {lesson}"),
            ));
        }
        if !linked(tree, "lessons/README.md").contains(&lesson) {
            let rule = format!("leaves out {name}");
            findings.push(Finding::new(
                "lessons/README.md",
                0,
                rule,
                format!("add a link to {name}.md"),
            ));
        }
    }
    findings
}

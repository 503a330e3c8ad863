//! Rules about files and code.

use super::lexer::{without_comments, without_tests};
use super::{Finding, Tree};

/// The names allowed at the top level, dot-files aside.
const TOP: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "README.zh.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "src",
    "examples",
    "lessons",
    "tests",
];

/// The names allowed in `examples` and in the folders of `lessons` besides those with a lesson's
/// number.
const UNNUMBERED: [&str; 8] = [
    "README.md",
    "TEACHING.md",
    "zh",
    "pictures",
    "workbench_lesson.png",
    "workbench_exercise.png",
    "bench",
    "svg",
];

/// Whether the file is a part of the course, by its place and name. Any other file may be a
/// student's own: only CI checks those, as no student works there.
pub fn belongs(path: &str) -> bool {
    stranger(path).is_none()
}

/// Returns the first part of the path that does not belong to the course.
fn stranger(path: &str) -> Option<&str> {
    let (top, rest) = path.split_once('/').unwrap_or((path, ""));
    if !top.starts_with('.') && !TOP.contains(&top) {
        return Some(top);
    }
    let numbered = |name: &str| {
        name.len() > 3 && name.as_bytes()[2] == b'_' && name[..2].parse::<u8>().is_ok()
    };
    let known = |name: &&str| UNNUMBERED.contains(name) || numbered(name);
    let mut names = rest.split('/');
    match top {
        "lessons" => names.find(|name| !known(name)),
        "examples" => names.next().filter(|name| !known(name)),
        _ => None,
    }
}

pub fn only_what_belongs_here_is_here(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.matching("", "") {
        if let Some(name) = stranger(path) {
            let fix = "move it, give it a lesson's number, or list it in .gitignore";
            findings.push(Finding::new(path, 0, format!("`{name}` is no part of the course"), fix));
        }
    }
    for name in TOP {
        if !tree.has(name) {
            findings.push(Finding::new(name, 0, "is missing", "every clone of this crate has it"));
        }
    }
    findings
}

pub fn a_source_file_has_at_most_400_lines(tree: &Tree) -> Vec<Finding> {
    let long = tree.matching("src/", ".rs").filter(|(_, text)| text.lines().count() > 400);
    long.map(|(path, text)| {
        let rule = format!("{} lines, and 400 is the most", text.lines().count());
        Finding::new(path, 0, rule, "one idea a file: split it")
    })
    .collect()
}

/// The file that gives the system's errors their Chinese sentence.
const SYSTEM_ERRORS: &str = "src/check/system_error.rs";

/// The system reports errors in its own language: errors that the coach shows pass through
/// `Localized::from`, which puts a Chinese sentence in front.
pub fn the_coach_says_system_errors_in_both_languages(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let coach = ["src/check", "src/coach"].map(|start| tree.matching(start, ".rs"));
    for (path, text) in coach.into_iter().flatten().filter(|(path, _)| *path != SYSTEM_ERRORS) {
        for (line, code) in (1..).zip(without_tests(&without_comments(text, false)).lines()) {
            for way in ["{error}", "error.to_string()"] {
                if code.contains(way) {
                    let rule = format!("`{way}` is in the system's language alone");
                    findings.push(Finding::new(path, line, rule, "say `Localized::from(&error)`"));
                }
            }
        }
    }
    findings
}

/// Clippy checks these rules, if a program enables them: the library and the coach neither unwrap
/// nor expect; a test neither sleeps nor starts a program in the environment of the session.
/// `.clippy.toml` says what to do in place of that.
pub fn every_program_asks_for_its_lints(tree: &Tree) -> Vec<Finding> {
    let own = ["src/lib.rs", "src/main.rs"]
        .map(|path| (path.to_string(), "#![warn(clippy::unwrap_used, clippy::expect_used)]"));
    let tests = tree.matching("tests/", ".rs").map(|(path, _)| path);
    let tests = tests.filter(|path| {
        path.matches('/').count() == 1 && *path != "tests/exercises.rs"
            || *path == "tests/it/main.rs"
    });
    let tests = tests.map(|path| (path.to_string(), "#![warn(clippy::disallowed_methods)]"));
    let lacks = |(path, lint): &(String, &str)| {
        !tree.text(path).is_some_and(|text| text.lines().any(|line| line.starts_with(lint)))
    };
    let lacking = own.into_iter().chain(tests).filter(lacks);
    lacking
        .map(|(path, lint)| Finding::new(&path, 0, format!("no line `{lint}`"), "add it"))
        .collect()
}

/// A span of code in a comment ends on its line: in one that does not, a `\n` has become a real line
/// end. Spans of several back-ticks, for code that contains one, do not count.
pub fn code_in_a_comment_ends_on_its_line(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", ".rs") {
        for (line, content) in (1..).zip(text.lines()) {
            let comment = content.trim_start().starts_with("//");
            let is_odd = content.matches('`').count() % 2 == 1;
            if comment && is_odd && !content.contains("``") {
                findings.push(Finding::new(path, line, "a back-tick alone", "close the span"));
            }
        }
    }
    findings
}

pub fn no_trailing_spaces_and_no_tabs(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", "") {
        // A student's file need not obey.
        if path.starts_with("tests/exercises/") {
            continue;
        }
        for (line, content) in (1..).zip(text.lines()) {
            if content.ends_with(char::is_whitespace) {
                findings.push(Finding::new(path, line, "spaces at the line's end", "remove them"));
            }
            if path.ends_with(".rs") && content.contains('\t') {
                findings.push(Finding::new(path, line, "a tab", "use spaces: cargo fmt"));
            }
        }
    }
    findings
}

pub fn ci_and_readme_name_the_same_test_command(tree: &Tree) -> Vec<Finding> {
    let Some(ci) = tree.text(".ci/run") else { return Vec::new() }; // a package has none
    let step = ci.lines().find_map(|line| line.strip_prefix("step 'tests' "));
    let command = step.and_then(|step| step.split(" #").next()).unwrap_or_default().trim();
    if command.is_empty() {
        return vec![Finding::new(".ci/run", 0, "no line `step 'tests' COMMAND`", "add it")];
    }
    let page = crate::markdown::Page::parse(tree.text("README.md").unwrap_or_default());
    let shown = page.blocks.iter().flat_map(|block| block.text.lines()).any(|line| {
        let line = line.split(" #").next().unwrap_or_default().trim();
        line.strip_prefix("$ ").unwrap_or(line) == command
    });
    if shown {
        return Vec::new();
    }
    let rule = format!("no code block has the line `{command}`, which .ci/run tests with");
    vec![Finding::new("README.md", 0, rule, "say the same command in both")]
}

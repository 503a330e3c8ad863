//! Rules about files and code.

use super::{Finding, Tree};

/// What may lie at the top level, dot-files aside.
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

/// What may lie in `examples` and in the folders of `lessons` besides what has a lesson's number.
const UNNUMBERED: [&str; 6] = ["README.md", "TEACHING.md", "zh", "pictures", "bench", "svg"];

/// Whether the file is a part of the course, by its place and name. What is not may be a student's own: then CI alone, where
/// nobody is a student, looks at it.
pub fn belongs(path: &str) -> bool {
    stranger(path).is_none()
}

/// The first part of the path that is none of the course's.
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

pub fn the_library_neither_unwraps_nor_expects(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("src/", ".rs") {
        for (line, code) in (1..).zip(without_tests(&code_only(text)).lines()) {
            for call in [".unwrap(", ".expect(", "::unwrap", "::expect"] {
                // `unwrap_or_else` is another thing.
                let mut after = code.match_indices(call).map(|(at, _)| &code[at + call.len()..]);
                if after.any(|after| call.ends_with('(') || !after.starts_with(is_word)) {
                    let rule = format!("`{call}` outside of tests");
                    let fix = "return the error, or handle it; a poisoned lock has one place for its policy";
                    findings.push(Finding::new(path, line, rule, fix));
                }
            }
        }
    }
    findings
}

/// Where the system's errors get their Chinese sentence.
const SYSTEM_ERRORS: &str = "src/check/system_error.rs";

/// The system speaks its own language: what the coach shows of an error goes through `Localized::from`, which puts a Chinese
/// sentence in front.
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

/// Where a test may sleep all the same, and why. An entry that is not needed any more is a finding.
pub const SLEEPS: &[(&str, &str)] = &[(
    "tests/it/traces/recorder.rs",
    "it is the setTimeout of Node's scenarios: time itself is what they want",
)];

pub fn no_test_sleeps(tree: &Tree) -> Vec<Finding> {
    no_test_sleeps_except(SLEEPS, tree)
}

pub fn no_test_sleeps_except(allowed: &[(&str, &str)], tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unused = allowed.to_vec();
    for (path, text) in tree.matching("tests/", ".rs") {
        if path.starts_with("tests/exercises/") {
            continue; // a student's program, and no test
        }
        for (line, code) in (1..).zip(code_only(text).lines()) {
            if !code.contains("sleep(") {
                continue;
            }
            unused.retain(|(file, _)| *file != path);
            if !allowed.iter().any(|(file, _)| *file == path) {
                let fix = "wait for the thing itself, with a deadline: `common::until`, `Program::line_with`, a channel";
                findings.push(Finding::new(path, line, "a test that sleeps", fix));
            }
        }
    }
    for (file, reason) in unused {
        let rule = format!("may sleep ({reason}), but does not");
        findings.push(Finding::new(file, 0, rule, "take it off the list in tests/it/tidy/code.rs"));
    }
    findings
}

/// A program that a test starts gets its environment in one place, `common::command`: otherwise a language, a proxy or a
/// `NET_TRACE` of the session changes what it prints, and the test is red for some students only.
pub fn every_program_is_started_in_a_clean_environment(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("tests/", ".rs") {
        if path == "tests/common/command.rs" || path.starts_with("tests/exercises/") {
            continue;
        }
        for (line, code) in (1..).zip(code_only(text).lines()) {
            for way in ["Command::new", "Command as ", "cargo_bin("] {
                if code.contains(way) {
                    let rule = format!("`{way}` gives a program the environment of the session");
                    let fix = "start it with `common::command` or `Program::start`";
                    findings.push(Finding::new(path, line, rule, fix));
                }
            }
        }
    }
    findings
}

pub fn no_trailing_spaces_and_no_tabs(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", "") {
        // What a student writes is the student's.
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

/// The text with comments and the inside of strings blanked out, line by line as before.
pub fn code_only(text: &str) -> String {
    without(text, |piece| piece != Piece::Code, false)
}

/// The comments alone, line by line as before.
pub fn comments_only(text: &str, js: bool) -> String {
    without(text, |piece| piece != Piece::Comment, js)
}

/// The text with its comments blanked out, line by line as before. `js`: it is JavaScript, and not Rust.
pub fn without_comments(text: &str, js: bool) -> String {
    without(text, |piece| piece == Piece::Comment, js)
}

#[derive(PartialEq)]
enum Piece {
    Code,
    Comment,
    Literal,
}

fn without(text: &str, blanked: impl Fn(Piece) -> bool, js: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (piece, length) = match c {
            '/' if rest.starts_with("//") => {
                (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
            }
            '/' if rest.starts_with("/*") => (Piece::Comment, block_comment(rest)),
            '"' => (Piece::Literal, string(rest, 1, "\"", true)),
            '\'' if js => (Piece::Literal, string(rest, 1, "'", true)),
            '`' if js => (Piece::Literal, string(rest, 1, "`", true)),
            'r' if !js && !out.ends_with(is_word) && raw_string(rest).is_some() => {
                (Piece::Literal, raw_string(rest).unwrap_or(1))
            }
            '\'' => (Piece::Literal, character(rest)),
            _ => (Piece::Code, c.len_utf8()),
        };
        let (this, after) = rest.split_at(length);
        match blanked(piece) {
            true => out.extend(this.chars().filter(|c| *c == '\n')),
            false => out.push_str(this),
        }
        rest = after;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let (step, change) = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a string whose opening takes `start` bytes.
fn string(text: &str, start: usize, close: &str, escapes: bool) -> usize {
    let mut at = start;
    while at < text.len() {
        if escapes && text.as_bytes()[at] == b'\\' {
            at += 2;
        } else if text.as_bytes()[at..].starts_with(close.as_bytes()) {
            return at + close.len();
        } else {
            at += 1;
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    let close = format!("\"{}", "#".repeat(hashes));
    text[1 + hashes..].starts_with('"').then(|| string(text, hashes + 2, &close, false))
}

/// The length of a character such as `'"'`; of a lifetime, only the quote's.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let rest = &text[at + escaped.len_utf8()..];
            rest.find('\'').map_or(1, |end| text.len() - rest.len() + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// The code with each item under `#[cfg(test)]` blanked out.
pub fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(c, '}' | ';')
        });
        let end = end.map_or(rest.len(), |(at, _)| at + 1);
        out.extend(rest[..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn comments_strings_and_tests_are_told_from_code() {
    let text = r####"let a = "x.unwrap()"; // .unwrap()
/* .unwrap() /* */ */ let b = r#"".unwrap()"#; let c: &'static str = f('"', '\'', '\u{1}', 'é');
let d = "\".unwrap()"; d.unwrap();
#[cfg(test)]
mod tests { fn f() { x.unwrap(); } }
let e = 1;
#[cfg(test)] use a::b;
e.unwrap();
"####;
    let code = without_tests(&code_only(text));
    let lines: Vec<&str> = code.lines().collect();
    assert_eq!(lines[2], "let d = ; d.unwrap();");
    assert_eq!(lines[1], " let b = ; let c: &static str = f(, , , );");
    assert_eq!(lines.iter().filter(|line| line.contains("unwrap")).count(), 2, "{lines:#?}");
    assert_eq!(lines[7], "e.unwrap();");
}

#[test]
fn only_comments_are_left_out() {
    for (text, js, expected) in [
        ("a(\"// x\"); // y\n/* z\n */b", false, "a(\"// x\"); \n\nb"),
        ("f::<'a>('\"', 'é') // '", false, "f::<'a>('\"', 'é') "),
        ("get('http://x') // y", true, "get('http://x') "),
        ("`${a}//` // y\nb", true, "`${a}//` \nb"),
    ] {
        assert_eq!(without_comments(text, js), expected);
    }
}

//! Lesson 15 describes the source: the state machines that it draws, and the names that it uses,
//! are those of `src`.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGES: [&str; 2] = ["lessons/15_how_it_works.md", "lessons/zh/15_how_it_works.md"];

fn page(path: &str) -> String {
    fs::read_to_string(common::root().join(path)).unwrap().replace("\r\n", "\n")
}

/// Returns the variants of an enum, in source text formatted by rustfmt.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let head = format!("enum {name} {{\n");
    let (_, body) = source.split_once(&head).unwrap_or_else(|| panic!("no enum {name}"));
    let (body, _) = body.split_once("\n}").unwrap();
    let variant = |line: &str| {
        let word = line.strip_prefix("    ")?.split(|c: char| !c.is_alphanumeric()).next()?;
        word.starts_with(char::is_uppercase).then(|| word.to_string())
    };
    body.lines().filter_map(variant).collect()
}

/// Returns the state machines of a page: for each its enum, its file, and the states that are
/// drawn.
fn drawn(page: &str) -> Vec<(String, String, BTreeSet<String>)> {
    let block = page.split("```").find(|block| block.contains(", src/socket/state/life.rs"));
    let mut machines: Vec<(String, String, BTreeSet<String>)> = Vec::new();
    for line in block.expect("a block that draws the machines").lines() {
        if let Some((name, rest)) = line.split_once(", src/") {
            let file = rest.split_whitespace().next().unwrap();
            machines.push((name.to_string(), format!("src/{file}"), BTreeSet::new()));
        } else if let Some((_, _, states)) = machines.last_mut() {
            // Text far to the right is a remark.
            let drawing = line.split("      ").find(|part| !part.trim().is_empty()).unwrap_or("");
            let words = drawing.split(|c: char| !c.is_alphanumeric());
            states.extend(words.filter(|w| w.starts_with(char::is_uppercase)).map(String::from));
        }
    }
    machines
}

#[test]
fn the_machines_are_drawn_as_they_are() {
    for path in PAGES {
        let machines = drawn(&page(path));
        assert!(machines.len() >= 9, "{path}: {machines:?}");
        for (name, file, states) in machines {
            let source = fs::read_to_string(common::root().join(&file)).unwrap();
            assert_eq!(variants(&source, &name), states, "{path} draws {name} of {file}");
        }
    }
}

/// Returns the steps of a walk through the source: a file and a line of it as a link, and in the
/// next column the text of that line.
fn steps(page: &str) -> Vec<(&str, usize, &str)> {
    page.lines().filter_map(step).collect()
}

fn step(row: &str) -> Option<(&str, usize, &str)> {
    let (_, rest) = row.split_once("| [")?;
    let (shown, rest) = rest.split_once("](")?;
    let (link, rest) = rest.split_once(") | `")?;
    let (code, _) = rest.split_once('`')?;
    let (file, line) = shown.split_once(':')?;
    let target = link.trim_start_matches("../");
    assert_eq!(target, format!("src/{file}#L{line}"), "the link of {shown}");
    Some((file, line.parse().expect("a line's number"), code))
}

#[test]
fn each_step_of_a_bytes_way_is_where_the_page_says() {
    for path in PAGES {
        let page = page(path);
        let steps = steps(&page);
        assert!(steps.len() >= 10, "{path}: {steps:?}");
        for (file, line, code) in steps {
            let source = fs::read_to_string(common::root().join("src").join(file)).unwrap();
            let found = (1..).zip(source.lines()).filter(|(_, text)| text.contains(code));
            let is: Vec<usize> = found.map(|(number, _)| number).collect();
            assert!(is.contains(&line), "{path}: `{code}` is in {file}, line {is:?}, not {line}");
        }
    }
}

/// Returns all Rust text of `src` and `tests`.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

/// Words of the page that are names of the system, of Node, or of other tools.
const NOT_OURS: [&str; 20] = [
    "accept",
    "accept4",
    "clone3",
    "close",
    "connect",
    "echo",
    "epoll",
    "epoll_pwait",
    "event",
    "futex",
    "ping",
    "process.nextTick",
    "read",
    "readStop",
    "readableHighWaterMark",
    "recvfrom",
    "sendto",
    "SO_SNDTIMEO",
    "std",
    "strace",
];

#[test]
fn every_name_on_the_page_is_in_the_source() {
    let root = common::root();
    let text = sources(&root.join("src"))
        + &sources(&root.join("tests"))
        + &sources(&root.join("examples"));
    let words: BTreeSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    for path in PAGES {
        let page = page(path);
        // Between blocks of code, every second part in backticks is code.
        let prose: String = page.split("```").step_by(2).collect();
        let mut unknown = BTreeSet::new();
        for name in prose.split('`').skip(1).step_by(2) {
            let is_path = name.contains('/') || name.contains(' ') || name.contains('-');
            if is_path || NOT_OURS.contains(&name) {
                continue;
            }
            let parts = name.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            unknown.extend(parts.filter(|part| !part.is_empty() && !words.contains(part)));
        }
        assert!(unknown.is_empty(), "{path}: not in the source: {unknown:?}");
    }
}

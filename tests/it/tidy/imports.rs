//! Rules about imports: they follow the map of the source, and never form a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{without_comments, without_tests};
use super::{Finding, Tree};

/// The imports of a source file: for each module that it names, the first line that does. A module
/// is its path in `src`, such as `socket/run`.
type Imports = BTreeMap<String, usize>;

/// The map gives the order in which to read the source: a module imports only modules of its own
/// row, or of a row above.
pub fn imports_follow_the_map(tree: &Tree) -> Vec<Finding> {
    let rows = rows(tree.text("README.md").unwrap_or_default());
    let mut findings = Vec::new();
    for (module, imports) in all_imports(tree) {
        let top = top(&module);
        if ["lib", "main", "coach"].contains(&top) {
            continue; // they declare all others
        }
        let Some(row) = rows.get(top) else {
            let rule = format!("the map in README.md has no row with src/{top}.rs");
            findings.push(Finding::new(
                &file(&module),
                0,
                rule,
                "add it where a reader can read it",
            ));
            continue;
        };
        for (import, line) in imports {
            if rows.get(self::top(&import)).is_some_and(|other| other > row) {
                let rule = format!("imports {import}, which stands below in the map of README.md");
                let fix = "turn the dependency round, or move the row";
                findings.push(Finding::new(&file(&module), line, rule, fix));
            }
        }
    }
    findings
}

/// A parent, which declares and re-exports its modules, does not count: an import of it means one
/// of its modules.
pub fn no_imports_form_a_circle(tree: &Tree) -> Vec<Finding> {
    let imports = all_imports(tree);
    let leads_to = |from: &str| {
        let mut reached = BTreeSet::new();
        let mut due = vec![from.to_string()];
        while let Some(module) = due.pop() {
            for import in imports.get(&module).into_iter().flat_map(Imports::keys) {
                let is_parent = module.starts_with(&format!("{import}/"));
                if !is_parent && reached.insert(import.clone()) {
                    due.push(import.clone());
                }
            }
        }
        reached
    };
    let circular = imports.keys().filter(|module| leads_to(module).contains(*module));
    circular
        .map(|module| {
            let rule = "is part of a circle of imports";
            Finding::new(&file(module), 0, rule, "move what both need into a file below both")
        })
        .collect()
}

fn file(module: &str) -> String {
    format!("src/{module}.rs")
}

fn top(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

/// Returns the row of each module at the top of `src`.
fn rows(readme: &str) -> BTreeMap<&str, usize> {
    let mut rows = BTreeMap::new();
    for (row, line) in readme.lines().enumerate().filter(|(_, line)| line.starts_with("| [src/")) {
        for link in line.split("](src/").skip(1) {
            let module = link.split(['.', '/']).next().unwrap_or_default();
            rows.entry(module).or_insert(row);
        }
    }
    rows
}

fn all_imports(tree: &Tree) -> BTreeMap<String, Imports> {
    let files = tree.matching("src/", ".rs");
    let module = |path: &str| path["src/".len()..path.len() - ".rs".len()].to_string();
    let modules: BTreeSet<String> = files.map(|(path, _)| module(path)).collect();
    let files = tree.matching("src/", ".rs");
    files.map(|(path, text)| (module(path), imports(&module(path), text, &modules))).collect()
}

/// Returns the modules that a file names: by `use`, and by a path that begins with `crate::` or
/// `super::`.
fn imports(module: &str, text: &str, modules: &BTreeSet<String>) -> Imports {
    let code = without_tests(&without_comments(text, false));
    let mut imports = Imports::new();
    let mut name = |path: &[&str], line: usize| {
        // The longest part of the path that is a file; the rest are names in it.
        let longest = (1..=path.len()).rev().map(|length| path[..length].join("/"));
        if let Some(found) = { longest }.find(|path| modules.contains(path)) {
            if found != module {
                imports.entry(found).or_insert(line);
            }
        }
    };
    for (number, line) in (1..).zip(code.lines()) {
        for root in ["crate::", "super::", "self::"] {
            let starts = line.match_indices(root).map(|(at, _)| at);
            for at in
                starts.filter(|at| !line[..*at].ends_with([':', '_']) && !line.contains("pub(in "))
            {
                let mut base: Vec<&str> = match root {
                    "crate::" => Vec::new(),
                    _ => module.split('/').collect(),
                };
                let mut rest = &line[at..];
                loop {
                    rest = match () {
                        () if rest.starts_with("super::") => {
                            base.pop();
                            &rest[7..]
                        }
                        () if rest.starts_with("crate::") => &rest[7..],
                        () if rest.starts_with("self::") => &rest[6..],
                        () => break,
                    }
                }
                for path in paths(&rest_of_statement(&code, number, rest)) {
                    let path: Vec<&str> = path.split("::").collect();
                    name(&[&base[..], &path].concat(), number);
                }
            }
        }
    }
    imports
}

/// Returns the tree of names that begins with `rest`, which may continue on the next lines.
fn rest_of_statement(code: &str, number: usize, rest: &str) -> String {
    let simple = rest.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c))).next();
    let simple = simple.unwrap_or_default();
    if !rest[simple.len()..].starts_with('{') {
        return simple.to_string();
    }
    let following: Vec<&str> = code.lines().skip(number).collect();
    let whole = format!("{rest}\n{}", following.join("\n"));
    whole.split(';').next().unwrap_or_default().split_whitespace().collect()
}

/// Expands `a::{b, c::{d, e}}` into single paths.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else { return vec![tree.to_string()] };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let (mut paths_found, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in inside.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                paths_found.extend(paths(&part).iter().map(|path| format!("{before}{path}")));
                part.clear();
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        part.push(c);
    }
    paths_found
}

#[test]
fn all_forms_of_an_import_are_seen() {
    let modules = ["a", "a/b", "a/c", "d", "e"].map(String::from).into();
    let text = "use super::c::{X, Y};\nuse crate::{\n    d::Z,\n    e,\n};\n// use crate::a;\nfn f() { crate::d::g() }\n\
                #[cfg(test)]\nmod tests { use crate::a::c; }\n";
    let found = imports("a/b", text, &modules);
    let expected = [("a/c", 1), ("d", 2), ("e", 2)].map(|(name, line)| (name.to_string(), line));
    assert_eq!(found, expected.into());
}

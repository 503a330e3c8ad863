//! Right and wrong answers to an exercise, as edits of its solution: `wrong.md` and `right.md`
//! beside it.
//!
//! A section is an answer: its heading has a name and, if it is wrong, the rule that must catch it.
//! Below the heading is the reason, and then a block of `diff`, or a link to a whole program, or
//! both: then the edit is one of that program. The block has no line numbers: its lines that begin
//! with a space or `-` occur in the solution, consecutively and once; `@@` begins another place.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common;
use crate::markdown::Page;

/// A program that a student might write.
#[derive(Debug)]
pub struct Answer {
    pub name: String,
    /// The rule that it breaks; `None` if it is right.
    pub breaks: Option<String>,
    pub source: String,
}

/// Returns all answers to an exercise: the solution is the first, and the stub is among the wrong
/// ones.
pub fn answers(exercise: &str) -> Vec<Answer> {
    let folder = common::root().join("tests/exercises").join(exercise);
    let solution = read(&folder.join("solution.rs"));
    let mut all = vec![Answer { name: "solution".into(), breaks: None, source: solution.clone() }];
    for kind in ["right", "wrong"] {
        let page = folder.join(format!("{kind}.md"));
        let sections = sections(&read(&page));
        let mut programs = BTreeSet::new();
        for (heading, body) in sections {
            let answer = answer(&heading, &body, kind == "wrong", &solution, |name| {
                programs.insert(name.to_string());
                fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))
            });
            all.push(answer.unwrap_or_else(|why| panic!("{}: {heading}: {why}", page.display())));
        }
        let files = fs::read_dir(folder.join(kind)).into_iter().flatten();
        for file in files {
            let file = file.expect("readable").file_name();
            let file = format!("{kind}/{}", file.to_string_lossy());
            assert!(programs.contains(&file), "{exercise}/{file} is in no section of {kind}.md");
        }
    }
    let names: BTreeSet<&str> = all.iter().map(|answer| &*answer.name).collect();
    assert_eq!(names.len(), all.len(), "{exercise}: two answers have the same name");
    all
}

fn read(path: &Path) -> String {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.replace("\r\n", "\n")
}

/// Returns each section of the second level: its heading, and the text below it.
fn sections(page: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = page.lines().collect();
    let headings = Page::parse(page).headings;
    let starts: Vec<_> = headings.iter().filter(|heading| heading.level == 2).collect();
    let ends = starts.iter().skip(1).map(|next| next.line - 1).chain([lines.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| (start.text.clone(), lines[start.line..end].join("\n")))
        .collect()
}

fn answer(
    heading: &str,
    body: &str,
    wrong: bool,
    solution: &str,
    program: impl FnOnce(&str) -> Result<String, String>,
) -> Result<Answer, String> {
    let (name, breaks) = match (heading.split_once(": "), wrong) {
        (Some((name, rule)), true) => (name, Some(rule.to_string())),
        (None, false) => (heading, None),
        _ => {
            return Err(
                "a wrong answer has a rule behind its name, and a right one has none".into()
            );
        }
    };
    let page = Page::parse(body);
    let edits: Vec<_> = page.blocks.iter().filter(|block| block.language() == "diff").collect();
    let links: Vec<_> = page.links.iter().filter(|link| link.target.ends_with(".rs")).collect();
    let whole = match links[..] {
        [] => solution.to_string(),
        [link] => program(&link.target)?,
        _ => return Err("it has more than one program".into()),
    };
    let source = match edits[..] {
        [edit] => edited(&whole, &edit.text)?,
        [] if !links.is_empty() => whole,
        _ => return Err("it has one block of diff, or a link to a program".into()),
    };
    let prose = |line: &str| line.contains(' ') && !line.starts_with(['-', '+', ' ']);
    if !body.lines().any(|line| prose(line) && !line.starts_with("```")) {
        return Err("it has no reason".into());
    }
    Ok(Answer { name: name.to_string(), breaks, source })
}

/// Returns the text with these hunks applied.
fn edited(text: &str, diff: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    for hunk in diff.split("@@\n") {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for line in hunk.lines() {
            let (mark, rest) = line.split_at(line.len().min(1));
            match mark {
                "-" => old.push(rest),
                "+" => new.push(rest),
                " " | "" => {
                    old.push(rest);
                    new.push(rest);
                }
                _ => return Err(format!("neither ` `, `-`, `+` nor `@@`: {line}")),
            }
        }
        let places: Vec<usize> = (0..=lines.len() - old.len().min(lines.len()))
            .filter(|at| lines[*at..].starts_with(&old))
            .collect();
        match places[..] {
            [at] if !old.is_empty() => _ = lines.splice(at..at + old.len(), new),
            _ => {
                let old = old.join("\n");
                return Err(format!("stands {} times in the solution:\n{old}", places.len()));
            }
        }
    }
    Ok(lines.join("\n") + "\n")
}

#[test]
fn an_edit_is_applied_where_it_fits_and_nowhere_else() {
    let text = "a\nb\n\nc\nb\n";
    assert_eq!(edited(text, "-a\n+A\n b\n").expect("it fits"), "A\nb\n\nc\nb\n");
    assert_eq!(edited(text, "-a\n@@\n c\n+d\n").expect("it fits"), "b\n\nc\nd\nb\n");
    assert_eq!(edited(text, " b\n\n-c\n").expect("it fits"), "a\nb\n\nb\n");
    for (diff, why) in [
        ("-b\n", "stands 2 times"),
        ("-a\n-c\n", "stands 0 times"),
        ("+d\n", "times in the solution"),
        ("x\n", "neither"),
    ] {
        let error = edited(text, diff).expect_err(diff);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn an_answer_has_a_name_a_reason_and_a_program() {
    let of = |heading, body, wrong| {
        answer(heading, body, wrong, "a\n", |name| Ok(format!("// {name}\n")))
    };
    let edit = "One reason.\n\n```diff\n-a\n+b\n```\n";
    let wrong = of("late: in-time", edit, true).expect("well-formed");
    assert_eq!(
        (&*wrong.name, wrong.breaks.as_deref(), &*wrong.source),
        ("late", Some("in-time"), "b\n")
    );
    let right = of("other", "See [it](right/other.rs).", false).expect("well-formed");
    assert_eq!((right.breaks, &*right.source), (None, "// right/other.rs\n"));
    for (heading, body, wrong, why) in [
        ("late", edit, true, "a rule behind its name"),
        ("other: rule", edit, false, "a rule behind its name"),
        ("other", "No program.", false, "one block of diff"),
        ("other", "```diff\n-a\n+b\n```\n", false, "no reason"),
        ("other", "A\n```diff\n-a\n```\n```diff\n-a\n```\n", false, "one block"),
    ] {
        let error = of(heading, body, wrong).expect_err(heading);
        assert!(error.contains(why), "{error}");
    }
    let page = "# A\n\n## b\n\none\n\n## c\ntwo";
    let expected = [("b", "\none\n"), ("c", "two")].map(|(h, b)| (h.to_string(), b.to_string()));
    assert_eq!(sections(page), expected);
}

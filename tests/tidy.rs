//! The repository's rules, as tests: what belongs together is there and agrees, and the house rules hold.
//! A failure names the file, the line, the rule, and what to do. `tidy/can_fail.rs` breaks each rule once.

#[path = "tidy/can_fail.rs"]
mod can_fail;
#[path = "tidy/code.rs"]
mod code;
mod common;
#[path = "tidy/exercises.rs"]
mod exercises;
#[path = "tidy/lessons.rs"]
mod lessons;
#[path = "common/markdown.rs"]
mod markdown;
#[path = "tidy/pages.rs"]
mod pages;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fmt, fs};

/// A rule looks at the whole repository and says what is wrong.
type Rule = fn(&Tree) -> Vec<Finding>;

/// The repository: each file's path, with `/` between folders, and its text.
struct Tree {
    files: BTreeMap<String, String>,
    /// Known from git, so that nothing else that happens to lie there is among them.
    by_git: bool,
}

impl Tree {
    /// Every file under `root` that is, or may become, part of the repository; `None` where git cannot tell.
    fn of_git(root: &Path) -> Option<Tree> {
        let listed = Command::new("git")
            .current_dir(root)
            // Before its first commit a new lesson counts, too. `-z`: names as they are, whatever they contain.
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
        let mut tree = Tree { files: BTreeMap::new(), by_git: true };
        listed.split_terminator('\0').for_each(|path| tree.read(root, path));
        tree.text("Cargo.toml").is_some().then_some(tree) // otherwise it is the git of somebody else's folder
    }

    /// The same from the folders alone, as in a package from crates.io, which has no git.
    fn of_folders(root: &Path) -> Tree {
        let mut tree = Tree { files: BTreeMap::new(), by_git: false };
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder)).expect("a folder of the repository") {
                let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if path == "target" || path == ".git" {
                    continue;
                }
                match root.join(&path).is_dir() {
                    true => folders.push(path),
                    false => tree.read(root, &path),
                }
            }
        }
        tree
    }

    fn read(&mut self, root: &Path, path: &str) {
        // One that git still lists but that was removed is not there; one that is not text has no lines to look at.
        if let Ok(bytes) = fs::read(root.join(path)) {
            let text = String::from_utf8(bytes).unwrap_or_default().replace("\r\n", "\n");
            self.files.insert(path.to_string(), text);
        }
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The files whose path begins and ends so.
    fn matching<'t>(
        &'t self,
        start: &'t str,
        end: &'t str,
    ) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.starts_with(start) && path.ends_with(end))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Something that is not as it should be.
#[derive(Debug)]
struct Finding {
    file: String,
    /// 0: the file as a whole.
    line: usize,
    rule: String,
    fix: String,
}

impl Finding {
    fn new(file: &str, line: usize, rule: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { file: file.to_string(), line, rule: rule.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, rule, fix } = self;
        match line {
            0 => write!(f, "{file}: {rule}\n    {fix}"),
            line => write!(f, "{file}:{line}: {rule}\n    {fix}"),
        }
    }
}

fn check(rule: Rule) {
    let root = common::root();
    let tree = Tree::of_git(&root).unwrap_or_else(|| Tree::of_folders(&root));
    let findings: Vec<String> = rule(&tree).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} to put right\n\n{}\n", findings.len(), findings.join("\n\n"));
}

/// A test for each rule, and the list of all of them for `can_fail`.
macro_rules! rules {
    ($($module:ident :: $rule:ident),* $(,)?) => {
        $(#[test] fn $rule() { check($module::$rule); })*
        const RULES: &[(&str, Rule)] = &[$((stringify!($rule), $module::$rule)),*];
    };
}

rules! {
    code::only_what_belongs_here_is_at_the_top,
    code::a_source_file_has_at_most_400_lines,
    code::the_library_neither_unwraps_nor_expects,
    code::no_test_sleeps,
    code::no_trailing_spaces_and_no_tabs,
    code::ci_and_readme_name_the_same_test_command,
    lessons::a_number_ties_a_lessons_rooms_together,
    lessons::an_example_is_short_and_says_how_to_run_it,
    lessons::a_lesson_has_its_sections_in_order,
    lessons::a_lesson_leads_to_its_neighbours,
    lessons::a_lesson_is_tested_as_documentation,
    lessons::an_experiment_asks_for_a_guess,
    lessons::a_node_program_listens_for_errors,
    lessons::a_lesson_says_how_long_it_takes,
    lessons::a_picture_is_shown_in_its_lesson,
    lessons::the_readmes_list_every_lesson,
    exercises::every_lesson_has_its_exercise,
    exercises::an_exercise_is_complete,
    exercises::a_rule_sends_to_a_section_of_its_lesson,
    pages::chinese_and_english_pages_come_in_pairs,
    pages::chinese_and_english_headings_agree,
    pages::chinese_and_english_code_is_the_same,
    pages::chinese_and_english_links_agree,
    pages::a_chinese_page_is_in_chinese,
    pages::every_link_leads_somewhere,
    pages::every_example_named_on_a_page_exists,
    pages::no_page_is_unfinished,
}

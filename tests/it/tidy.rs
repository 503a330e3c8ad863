//! The repository's rules, as tests: related files exist and agree, and the house rules hold. A
//! failure names the file, the line, the rule, and what to do. `tidy/can_fail.rs` breaks each rule
//! once.

mod can_fail;
mod code;
mod comments;
use crate::common;
mod emphasis;
mod exercises;
mod imports;
mod lessons;
mod lexer;
mod pages;
mod terms;

use std::collections::BTreeMap;
use std::fmt;

/// A rule examines the whole repository and returns what is wrong.
type Rule = fn(&Tree) -> Vec<Finding>;

/// The repository: each file's path, with `/` between folders, and its text.
struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the files that git knows, without other files that happen to be in the folder, and
    /// without those that a student has committed: only CI checks these. Returns `None`, and prints
    /// a notice, if git cannot tell.
    fn of_repository() -> Option<Tree> {
        let ci = common::in_ci();
        let Some(known) = common::known_to_git() else {
            assert!(!ci, "CI is set, and git does not list the files");
            common::skipped("no git to tell the repository's files from others");
            return None;
        };
        let known = known.iter().filter(|path| ci || code::belongs(path));
        let text = |path: &String| {
            // A file that git still lists although it was removed is skipped; one that is not text
            // has no lines to check.
            let text = String::from_utf8(common::committed(path)?).unwrap_or_default();
            Some((path.clone(), text.replace("\r\n", "\n")))
        };
        Some(Tree { files: known.filter_map(text).collect() })
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

    /// Returns the files whose path begins with `start` and ends with `end`.
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

/// A violation of a rule.
#[derive(Debug)]
struct Finding {
    file: String,
    /// 0 for the file as a whole.
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
    let Some(tree) = Tree::of_repository() else { return };
    let findings: Vec<String> = rule(&tree).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} to put right\n\n{}\n", findings.len(), findings.join("\n\n"));
}

/// Creates a test for each rule, and the list of all of them for `can_fail`.
macro_rules! rules {
    ($($module:ident :: $rule:ident),* $(,)?) => {
        $(#[test] fn $rule() { check($module::$rule); })*
        const RULES: &[(&str, Rule)] = &[$((stringify!($rule), $module::$rule)),*];
    };
}

rules! {
    code::only_what_belongs_here_is_here,
    code::a_source_file_has_at_most_400_lines,
    code::the_coach_says_system_errors_in_both_languages,
    code::every_program_asks_for_its_lints,
    imports::imports_follow_the_map,
    imports::no_imports_form_a_circle,
    code::code_in_a_comment_ends_on_its_line,
    code::no_trailing_spaces_and_no_tabs,
    code::ci_and_readme_name_the_same_test_command,
    lessons::a_number_ties_a_lessons_rooms_together,
    lessons::an_example_is_short_and_says_how_to_run_it,
    lessons::a_lesson_has_its_sections_in_order,
    lessons::a_lesson_leads_to_its_neighbours,
    lessons::a_lesson_is_tested_as_documentation,
    emphasis::emphasis_opens_and_closes,
    lessons::an_experiment_asks_for_a_guess,
    lessons::a_node_program_listens_for_errors,
    lessons::a_lesson_says_how_long_it_takes,
    lessons::a_picture_is_shown_in_its_lesson,
    lessons::the_readmes_list_every_lesson,
    exercises::every_lesson_has_its_exercise,
    exercises::an_exercise_is_complete,
    exercises::a_rule_sends_to_a_section_of_its_lesson,
    comments::an_exercise_speaks_both_languages,
    comments::comments_on_a_chinese_page_are_chinese,
    pages::chinese_and_english_pages_come_in_pairs,
    pages::chinese_and_english_headings_agree,
    pages::chinese_and_english_code_is_the_same,
    pages::chinese_and_english_links_agree,
    pages::a_chinese_page_is_in_chinese,
    pages::every_link_leads_somewhere,
    pages::every_example_named_on_a_page_exists,
    pages::no_page_is_unfinished,
    terms::a_thing_has_one_name_in_chinese,
}

/// An archive without git has the same tests.
#[test]
fn without_git_the_files_are_found_by_walking() {
    let Some(known) = common::known_to_git() else { return };
    for start in ["README", "lessons/", "src/coach/pages/assets/", "tests/exercises/03_server/"] {
        let walked = common::walk(&common::root(), start);
        let known: Vec<_> = known.iter().filter(|file| file.starts_with(start)).collect();
        assert!(!known.is_empty() && known.iter().all(|file| walked.contains(file)), "{start}");
    }
}

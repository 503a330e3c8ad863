//! Each rule, broken once: a small repository in memory in which all of them hold, and then one
//! thing is changed.

use std::collections::BTreeMap;

use super::{RULES, Tree};

const EXAMPLE: &str = "//! A server.\n//!\n//! `cargo run --example 01_hello`\nfn main() {}\n";

fn lesson(number: &str, neighbour: &str, words: [&str; 8], prose: &str) -> String {
    let [title, node, rust, run, wire, watch, exercise, reflect] = words;
    format!(
        "# {number} · {title}\n\n{prose} [switch](SWITCH) [other]({neighbour}.md#on) [code](UP../src/lib.rs) \
         ![a client says hello to us](UPpictures/01_hello.svg) by `cargo run --example 01_hello -- --svg FILE`\n\n\
         ## {node}\n```js\n// a.js\n```\n## {rust}\n```rust\nfn main() {{}}\n```\n## {run}\n\
         ```console\n$ cargo run --example 01_hello\n```\n## {wire}\n`[no](link)`\n## {watch}\n## {exercise}\n`tests/exercises/NAME.rs` `cargo run -- check {number}`\n## {reflect}\n## on\n"
    )
    .replace("## on\n", "### on\n*5 minutes, and 5 for the exercise.*\n")
}

const ENGLISH: [&str; 8] =
    ["Hello", "In Node", "In Rust", "Run it", "On the wire", "Watch out", "Exercise", "Reflect"];
const CHINESE: [&str; 8] =
    ["你好", "在 Node 里", "在 Rust 里", "运行", "线上", "当心", "练习", "思考"];

/// Returns a repository in which every rule holds.
fn good() -> Tree {
    let words = "网络".repeat(100);
    let mut files = BTreeMap::new();
    let mut add = |path: &str, text: &str| {
        files.insert(path.to_string(), text.to_string());
    };
    add("Cargo.toml", "\"tests/exercises/01_hello.rs\" \"tests/exercises/02_bye.rs\"\n");
    for top in ["Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE", ".gitignore"] {
        add(top, "\n");
    }
    add(
        "src/lib.rs",
        "//! A library.\n#![warn(clippy::unwrap_used, clippy::expect_used)]\n#![doc = include_str!(\"../README.md\")]\n#![doc = include_str!(\"../lessons/01_hello.md\")]\n\
         #![doc = include_str!(\"../lessons/02_bye.md\")]\nfn f() {}\n",
    );
    add("src/main.rs", "#![warn(clippy::unwrap_used, clippy::expect_used)]\nfn main() {}\n");
    add("tests/it/main.rs", "#![warn(clippy::disallowed_methods)] // why\n");
    add(".ci/run", "step 'tests' cargo test # as in the README\n");
    for (name, other) in [("01_hello", "02_bye"), ("02_bye", "01_hello")] {
        add(&format!("examples/{name}.rs"), &EXAMPLE.replace("01_hello", name));
        add(&format!("tests/{name}.rs"), "//! A test.\n#![warn(clippy::disallowed_methods)]\n");
        let english = lesson(&name[..2], other, ENGLISH, "English.");
        let chinese = lesson(&name[..2], other, CHINESE, &words);
        let english = english.replace("NAME", name) + "```text\na ──▶ b  it goes to b\n```\n";
        let chinese = chinese.replace("NAME", name) + "```text\na ──▶ b  b 收到它\n```\n";
        let exercise = format!("tests/exercises/{name}");
        add(&format!("{exercise}.rs"), "// mine \n");
        add(
            &format!("{exercise}/stub.rs"),
            &format!(
                "//! In lessons/{name}.md.\n//!\n//! 见 lessons/zh/{name}.md。\n\n// TODO: all\n// of it\n// TODO：全部\n\n\
                 /// Says `x`.\n/// 说 `x`。\nfn f() {{ g(\"//\") }} // `h()`\n"
            ),
        );
        add(&format!("{exercise}/solution.rs"), "fn main() {}\n");
        add(&format!("{exercise}/right/a.rs"), "fn main() {}\n");
        for answers in ["wrong.md", "right.md"] {
            let six = ["a", "b", "c", "d", "e", "f"].map(|name| format!("## {name}\n"));
            add(&format!("{exercise}/{answers}"), &format!("# A\n{}", six.concat()));
        }
        for hints in ["hints.md", "hints.zh.md"] {
            add(&format!("{exercise}/{hints}"), "# H\n## 1\n## 2\n## 3\n");
        }
        add(&format!("src/coach/exercises/e{name}.rs"), "    see: \"Watch out\",\n");
        let (to_chinese, to_english) = (format!("zh/{name}.md"), format!("../{name}.md"));
        add(
            &format!("lessons/{name}.md"),
            &english.replace("SWITCH", &to_chinese).replace("UP", ""),
        );
        add(
            &format!("lessons/zh/{name}.md"),
            &chinese
                .replace("SWITCH", &to_english)
                .replace("UP", "../")
                .replace("#on", "#末")
                .replace("### on", "### 末"),
        );
    }
    add("lessons/pictures/01_hello.svg", "<svg/>\n");
    add("examples/01_hello_std.rs", &EXAMPLE.replace("01_hello", "01_hello_std"));
    add(
        "lessons/README.md",
        "# The way\n\n| [1](01_hello.md) | 5 + 5 |\n| [2](02_bye.md) | 5 + 5 |\n",
    );
    add(
        "lessons/zh/README.md",
        &format!("# 路\n\n{words}\n| [1](01_hello.md) | 5 + 5 |\n| [2](02_bye.md) | 5 + 5 |\n"),
    );
    add(
        "README.md",
        "# net-notes\n```sh\ncargo test  # all\n```\n## Table of lessons\n[1](lessons/01_hello.md) [2](lessons/02_bye.md)\n## Scope\n\n| [src/a.rs](src/a.rs) | a |\n| [src/b.rs](src/b.rs), [b/c.rs](src/b/c.rs) | b |\n",
    );
    add("src/a.rs", "//! A.\n");
    add("src/b.rs", "//! B.\n\nuse crate::a;\n");
    add("src/b/c.rs", "//! C.\n\nuse super::B;\n");
    add("src/b/d.rs", "//! D.\n\nuse super::c::C;\n");
    add(
        "README.zh.md",
        &format!(
            "# net-notes\n```sh\ncargo test  # 全部\n```\n## 课程表\n[1](lessons/zh/01_hello.md) [2](lessons/zh/02_bye.md)\n## 范围\n{words}\n\n| [src/a.rs](src/a.rs) | a |\n| [src/b.rs](src/b.rs)、[b/c.rs](src/b/c.rs) | b |\n"
        ),
    );
    Tree { files }
}

/// Returns the findings of all rules about the tree: (rule, finding).
fn findings(tree: &Tree) -> Vec<(String, String)> {
    let of = |(name, rule): &(&str, super::Rule)| {
        rule(tree)
            .into_iter()
            .map(|finding| (name.to_string(), finding.to_string()))
            .collect::<Vec<_>>()
    };
    RULES.iter().flat_map(of).collect()
}

#[test]
fn nothing_is_found_where_all_is_well() {
    assert_eq!(findings(&good()), []);
}

#[test]
fn a_chinese_page_has_comments_of_its_own() {
    let mut tree = good();
    let page = tree.files.get_mut("lessons/zh/01_hello.md").expect("the Chinese page");
    *page = page.replace("fn main() {}", "// 注释\nfn main() {} // 又一条");
    *page = page
        .replace("$ cargo run --example 01_hello\n", "$ cargo run --example 01_hello  # 注释\n");
    assert_eq!(findings(&tree), []);
}

/// (rule, file, the text that is replaced in it, the new text, the finding). Replaced: `""`, the
/// whole file, which is removed; `"+"`, its end, and the file is created if it does not exist.
/// `LONG` stands for many lines.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const CASES: &[Case] = &[
    ("only_what_belongs_here_is_here", "notes.txt", "+", "a\n", "notes.txt: `notes.txt` is no part"),
    ("only_what_belongs_here_is_here", "benches/a.rs", "+", "\n", "`benches` is no part"),
    ("only_what_belongs_here_is_here", "examples/mine.rs", "+", "\n", "`mine.rs` is no part"),
    ("only_what_belongs_here_is_here", "lessons/zh/mine.md", "+", "\n", "`mine.md` is no part"),
    ("only_what_belongs_here_is_here", "lessons/pictures/mine.svg", "+", "\n", "`mine.svg` is no part"),
    ("only_what_belongs_here_is_here", "LICENSE-MIT", "", "", "LICENSE-MIT: is missing"),
    ("a_source_file_has_at_most_400_lines", "src/lib.rs", "+", "LONG", "lines, and 400"),
    ("the_coach_says_system_errors_in_both_languages", "src/check/a.rs", "+", "fn f() { format!(\"a: {error}\") }\n", "src/check/a.rs:1: `{error}`"),
    ("the_coach_says_system_errors_in_both_languages", "src/coach/a.rs", "+", "fn f() { g(&error.to_string()) }\n", "src/coach/a.rs:1: `error.to_string()`"),
    ("no_trailing_spaces_and_no_tabs", "lessons/01_hello.md", "## Run it", "## Run it ", "spaces at the line's end"),
    ("every_program_asks_for_its_lints", "src/lib.rs", "unwrap_used, ", "", "src/lib.rs: no line `#![warn(clippy::unwrap_used, clippy::expect_used)]`"),
    ("every_program_asks_for_its_lints", "src/main.rs", "", "", "src/main.rs: no line"),
    ("every_program_asks_for_its_lints", "tests/02_bye.rs", "#![warn", "//#![warn", "tests/02_bye.rs: no line `#![warn(clippy::disallowed_methods)]`"),
    ("every_program_asks_for_its_lints", "tests/it/main.rs", "disallowed", "all", "tests/it/main.rs: no line"),
    ("imports_follow_the_map", "src/a.rs", "+", "use crate::{\n    b::B,\n};\n", "src/a.rs:2: imports b, which stands below"),
    ("imports_follow_the_map", "src/e.rs", "+", "\n", "src/e.rs: the map in README.md has no row with src/e.rs"),
    ("no_imports_form_a_circle", "src/b/c.rs", "+", "use super::d::D;\n", "src/b/c.rs: is part of a circle"),
    ("code_in_a_comment_ends_on_its_line", "src/lib.rs", "fn f", "/// A `\n/// `.\nfn f", "src/lib.rs:6: a back-tick alone"),
    ("no_trailing_spaces_and_no_tabs", "src/lib.rs", "fn f", "\tfn f", "src/lib.rs:6: a tab"),
    ("ci_and_readme_name_the_same_test_command", ".ci/run", "cargo test", "cargo test --all", "`cargo test --all`"),
    ("ci_and_readme_name_the_same_test_command", ".ci/run", "'tests'", "'test'", "no line `step"),
    ("a_number_ties_a_lessons_rooms_together", "examples/02_bye.rs", "", "", "examples/02_bye.rs: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "lessons/02_bye.md", "", "", "lessons/02_bye.md: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "lessons/zh/02_bye.md", "", "", "lessons/zh/02_bye.md: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "tests/02_bye.rs", "", "", "tests/02_bye.rs: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "tests/03_more.rs", "+", "\n", "lessons/03_more.md: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "tests/02_more.rs", "+", "\n", "number of another lesson"),
    ("a_number_ties_a_lessons_rooms_together", "lessons/15_how_it_works.md", "+", "\n", "lessons/zh/15_how_it_works.md: is missing"),
    ("a_number_ties_a_lessons_rooms_together", "tests/15_how_it_works.rs", "+", "\n", "that has no example and no test"),
    ("a_number_ties_a_lessons_rooms_together", "examples/03_a_std.rs", "+", "\n", "as which example?"),
    ("an_example_is_short_and_says_how_to_run_it", "examples/01_hello.rs", "+", "LONG", "65 is the most"),
    ("an_example_is_short_and_says_how_to_run_it", "examples/01_hello.rs", "01_hello", "01_hello_std", "01_hello.rs:1: does not open"),
    ("an_example_is_short_and_says_how_to_run_it", "examples/01_hello.rs", "//! A", "\n//! A", "does not open"),
    ("a_lesson_has_its_sections_in_order", "lessons/01_hello.md", "# 01 · Hello", "# Hello", "01_hello.md:1: no title"),
    ("a_lesson_has_its_sections_in_order", "lessons/01_hello.md", "## Run it\n", "", "`## On the wire` comes before `## Run it`"),
    ("a_lesson_has_its_sections_in_order", "lessons/01_hello.md", "## Reflect\n", "", "no section `## Reflect`"),
    ("a_lesson_has_its_sections_in_order", "lessons/01_hello.md", "### on", "## Exercise", "or comes twice"),
    ("a_lesson_has_its_sections_in_order", "lessons/01_hello.md", "## Reflect\n", "## Reflect\n## Where to go from here\n", "is no section of a lesson"),
    ("a_lesson_has_its_sections_in_order", "lessons/16_more.md", "+", "# 16 · More\n", "no section `## Where to go from here`"),
    ("a_lesson_leads_to_its_neighbours", "lessons/01_hello.md", "02_bye.md", "README.md", "no link to the next"),
    ("a_lesson_leads_to_its_neighbours", "lessons/zh/02_bye.md", "01_hello.md", "README.md", "zh/02_bye.md: has no link to the previous"),
    ("a_lesson_is_tested_as_documentation", "src/lib.rs", "../lessons/02_bye.md", "x", "lessons/02_bye.md:10: its Rust"),
    ("an_experiment_asks_for_a_guess", "lessons/01_hello.md", "## Watch out\n", "## Watch out\n### A\n```rust\n```\n", "01_hello.md:21: `A` shows before"),
    ("an_experiment_asks_for_a_guess", "lessons/01_hello.md", "## Watch out\n", "## Watch out\n### A\n```console\n$ true\n```\n**Guess:** a?\n", "`A` shows before"),
    ("an_experiment_asks_for_a_guess", "lessons/zh/01_hello.md", "## 当心\n", "## 容易踩的坑\n### A\n```rust\n```\n", "zh/01_hello.md:21: `A` shows before"),
    ("a_node_program_listens_for_errors", "lessons/04_more.md", "+", "```js\nnet.connect(1)\n```\n", "04_more.md:1: a socket without"),
    ("a_lesson_says_how_long_it_takes", "lessons/README.md", "| 5 + 5 |\n|", "| 5 + 6 |\n|", "lessons/README.md: says [5, 6] minutes for 01_hello"),
    ("a_lesson_says_how_long_it_takes", "lessons/zh/02_bye.md", ", and 5 for the exercise", "", "zh/02_bye.md: says [5] minutes"),
    ("a_picture_is_shown_in_its_lesson", "lessons/pictures/01_bye.svg", "+", "<svg/>\n", "01_bye.svg: is the picture of no lesson"),
    ("a_picture_is_shown_in_its_lesson", "lessons/pictures/01_hello.png", "+", "\n", "01_hello.png: is the picture of no lesson"),
    ("a_picture_is_shown_in_its_lesson", "lessons/pictures/workbench_lesson.png", "+", "\n", "README.zh.md: does not show lessons/pictures/workbench_lesson.png"),
    ("a_picture_is_shown_in_its_lesson", "lessons/pictures/02_bye.svg", "+", "<svg/>\n", "lessons/02_bye.md: does not show pictures/02_bye.svg"),
    ("a_picture_is_shown_in_its_lesson", "lessons/01_hello.md", "![a client says hello to us]", "![]", "lessons/01_hello.md: does not show"),
    ("a_picture_is_shown_in_its_lesson", "lessons/zh/01_hello.md", "![a client", "[a client", "lessons/zh/01_hello.md: does not show"),
    ("a_picture_is_shown_in_its_lesson", "lessons/zh/01_hello.md", "-- --svg", "--svg", "zh/01_hello.md: does not say how lessons/pictures/01_hello.svg was made"),
    ("every_link_leads_somewhere", "lessons/pictures/01_hello.svg", "", "", "01_hello.md:3: a link to pictures/01_hello.svg"),
    ("the_readmes_list_every_lesson", "README.md", "Table of", "The", "no section `## Table of lessons`"),
    ("the_readmes_list_every_lesson", "README.md", "[1](lessons/01_hello.md)", "", "README.md:5: its table of lessons leaves out 01_hello"),
    ("the_readmes_list_every_lesson", "lessons/README.md", "[2](02_bye.md)", "", "leaves out 02_bye"),
    ("every_lesson_has_its_exercise", "tests/exercises/01_hello.rs", "", "", "tests/exercises/01_hello.rs: is missing"),
    ("every_lesson_has_its_exercise", "tests/exercises/02_bye/hints.zh.md", "", "", "02_bye/hints.zh.md: is missing"),
    ("every_lesson_has_its_exercise", "src/coach/exercises/e02_bye.rs", "", "", "e02_bye.rs: is missing"),
    ("every_lesson_has_its_exercise", "tests/exercises/02_bye/wrong.md", "## a\n", "", "02_bye/wrong.md: too few"),
    ("every_lesson_has_its_exercise", "tests/exercises/01_hello/right.md", "## f\n", "", "01_hello/right.md: too few"),
    ("every_lesson_has_its_exercise", "tests/exercises/02_bye/right.md", "", "", "02_bye/right.md: is missing"),
    ("every_lesson_has_its_exercise", "Cargo.toml", "02_bye.rs", "02_by.rs", "no [[test]] with path"),
    ("every_lesson_has_its_exercise", "lessons/01_hello.md", "check 01", "check 02", "does not name `cargo run -- check 01`"),
    ("every_lesson_has_its_exercise", "tests/exercises/03_more/stub.rs", "+", "// TODO\n", "03_more/stub.rs: belongs to no lesson"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/hints.md", "## 2\n", "", "has the hints [\"1\", \"3\"]"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/hints.zh.md", "+", "## 4\n", "hints.zh.md: has the hints"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/stub.rs", "TODO", "", "stub.rs: has no TODO"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/stub.rs", "In lessons/", "In zh/", "stub.rs: does not name lessons/01_hello.md"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/stub.rs", "lessons/zh/", "lessons/", "stub.rs: does not name lessons/zh/01_hello.md"),
    ("an_exercise_is_complete", "tests/exercises/01_hello/solution.rs", "+", "// TODO\n", "solution.rs: has a TODO"),
    ("a_rule_sends_to_a_section_of_its_lesson", "src/coach/exercises/e02_bye.rs", "Watch out", "Watch in", "has no section `Watch in`"),
    ("a_rule_sends_to_a_section_of_its_lesson", "src/check/a.rs", "+", "f(Rule { see: \"Anywhere\" })\n", "lessons/02_bye.md has no section `Anywhere`"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "//! 见 lessons/zh", "//! lessons/zh", "01_hello/stub.rs:1: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "// TODO：全部\n", "", "01_hello/stub.rs:5: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "/// Says `x`.\n", "", "01_hello/stub.rs:9: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "// TODO: all", "// 全部\n// TODO: all", "01_hello/stub.rs:5: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "// of it", "// TODO: more", "01_hello/stub.rs:5: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/01_hello/stub.rs", "`h()`", "calls g", "01_hello/stub.rs:11: a comment that"),
    ("an_exercise_speaks_both_languages", "tests/exercises/02_bye/solution.rs", "+", "/* all of it */\n", "02_bye/solution.rs:2: a comment that"),
    ("comments_on_a_chinese_page_are_chinese", "lessons/zh/01_hello.md", "fn main() {}", "fn main() {} // does nothing", "zh/01_hello.md:11: `// does nothing` is in English"),
    ("comments_on_a_chinese_page_are_chinese", "lessons/zh/01_hello.md", "// a.js", "// a.js\n/* does\n   nothing yet */", "zh/01_hello.md:9: `   nothing yet */` is in English"),
    ("comments_on_a_chinese_page_are_chinese", "README.zh.md", "# 全部", "# all", "README.zh.md:3: `# all` is in English"),
    ("comments_on_a_chinese_page_are_chinese", "lessons/zh/01_hello.md", "b 收到它", "it goes to b", "zh/01_hello.md:26: `b  it goes to b` is in English"),
    ("chinese_and_english_pages_come_in_pairs", "README.zh.md", "", "", "README.zh.md: is missing"),
    ("chinese_and_english_pages_come_in_pairs", "lessons/README.md", "", "", "lessons/README.md: is missing"),
    ("chinese_and_english_headings_agree", "lessons/zh/01_hello.md", "## 当心", "### 当心", "zh/01_hello.md:19: a heading of level 3"),
    ("chinese_and_english_headings_agree", "lessons/zh/01_hello.md", "### 末", "", "no heading for `on`"),
    ("chinese_and_english_headings_agree", "lessons/zh/01_hello.md", "+", "## 多\n", "does not have"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "fn main() {}", "fn main() { }", "zh/01_hello.md:11: differs from lessons/01_hello.md:11"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "```rust", "```rust no_run", "zh/01_hello.md:10: differs"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "fn main() {}", "// 注释\nfn main() {}\n// 注释\nf();", "zh/01_hello.md:14: differs"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "$ cargo run --example 01_hello", "$ cargo run --example 01_hello\n# 注释", "differs"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "a ──▶ b", "a ◀── b", "zh/01_hello.md:26: differs"),
    ("chinese_and_english_code_is_the_same", "lessons/01_hello.md", "it goes to b", "它到了 b", "zh/01_hello.md:26: differs"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/01_hello.md", "a ──▶ b  b", "字", "zh/01_hello.md:26: differs"),
    ("chinese_and_english_code_is_the_same", "lessons/zh/README.md", "+", "```\n```\n", "a code block that"),
    ("chinese_and_english_code_is_the_same", "lessons/README.md", "+", "```\n```\n", "lacks the code block"),
    ("chinese_and_english_links_agree", "lessons/zh/01_hello.md", "../../src/lib.rs", "../../src", "zh/01_hello.md:3: a link to ../../src"),
    ("chinese_and_english_links_agree", "lessons/zh/01_hello.md", "02_bye.md#末", "02_bye.md#练习", "a link to 02_bye.md#练习"),
    ("chinese_and_english_links_agree", "lessons/zh/01_hello.md", "[other](02_bye.md#末)", "[other](../02_bye.md#on)", "leads into the other language"),
    ("chinese_and_english_links_agree", "lessons/zh/README.md", "+", "<https://example.org>\n", "a link that lessons/README.md does not have"),
    ("chinese_and_english_links_agree", "lessons/README.md", "+", "<https://example.org>\n", "lacks the link"),
    ("emphasis_opens_and_closes", "lessons/zh/README.md", "+", "\n\n**先猜：**谁先说？\n", "`**先猜：**谁先说？`: the stars do not close emphasis"),
    ("emphasis_opens_and_closes", "lessons/README.md", "+", "\n\nIt is*\"so\"*.\n", "the stars do not open emphasis"),
    ("a_chinese_page_is_in_chinese", "lessons/zh/README.md", "网络网络", "", "has 1 Chinese characters"),
    ("a_chinese_page_is_in_chinese", "lessons/zh/01_hello.md", "## 当心", "## Watch out", "`Watch out` is the English heading"),
    ("every_link_leads_somewhere", "lessons/01_hello.md", "../src/lib.rs", "../src/bil.rs", "01_hello.md:3: a link to ../src/bil.rs"),
    ("every_link_leads_somewhere", "lessons/01_hello.md", "02_bye.md#on", "02_bye.md#off", "no such heading"),
    ("every_link_leads_somewhere", "README.md", "lessons/01_hello.md", "../01_hello.md", "which is not there"),
    ("every_example_named_on_a_page_exists", "lessons/01_hello.md", "--example 01_hello", "--example 01_hallo", "no example `01_hallo`"),
    ("no_page_is_unfinished", "lessons/01_hello.md", "### on", "### on\n\nTRACE", "01_hello.md:25: `TRACE`"),
    ("no_page_is_unfinished", "README.md", "+", "This is a TODO.\n", "something is missing"),
    ("a_thing_has_one_name_in_chinese", "lessons/zh/01_hello.md", "## 当心", "## 服务器的回答", "zh/01_hello.md:19: says 回答"),
    ("a_thing_has_one_name_in_chinese", "tests/exercises/01_hello/hints.zh.md", "+", "头部行\n", "hints.zh.md:5: says 头部行"),
    ("a_thing_has_one_name_in_chinese", "tests/exercises/01_hello/stub.rs", "说 `x`", "承诺 `x`", "stub.rs:10: says 承诺"),
    ("a_thing_has_one_name_in_chinese", "src/coach/exercises/e02_bye.rs", "+", "zh: \"没毛病\"\n", "e02_bye.rs:2: says 没毛病"),
];

#[test]
fn every_rule_fails_where_it_is_broken() {
    let mut silent = String::new();
    for (rule, file, old, new, expected) in CASES {
        let mut tree = good();
        let new = if *new == "LONG" { "// another line\n".repeat(401) } else { new.to_string() };
        if old.is_empty() {
            tree.files.remove(*file).unwrap_or_else(|| panic!("{file} is not in the good tree"));
        } else if *old == "+" {
            tree.files.entry(file.to_string()).or_default().push_str(&new);
        } else {
            let text = tree.files.get_mut(*file).unwrap_or_else(|| panic!("no {file}"));
            assert!(text.contains(old), "{file} does not contain {old:?}");
            *text = text.replace(old, &new);
        }
        let found = findings(&tree);
        if !found.iter().any(|(name, finding)| name == rule && finding.contains(expected)) {
            silent.push_str(&format!(
                "{rule} does not say {expected:?} when {old:?} in {file} becomes {new:?}, but {found:#?}\n"
            ));
        }
    }
    assert!(silent.is_empty(), "{silent}");
    for (rule, _) in RULES {
        assert!(CASES.iter().any(|case| case.0 == *rule), "{rule} is never broken");
    }
}

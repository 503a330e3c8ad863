//! The lessons show what a student sees: every `console` block of every page is run, and its output
//! compared.
//!
//! # The format
//!
//! GitHub shows the blocks unchanged. Only ```` ```console ```` blocks are run; commands that must
//! not be run belong in ```` ```sh ````.
//!
//! - `$ ` starts a command, and `> ` lines directly below it continue it, as the shell's own second
//!   prompt does. The rest is its output, stdout and stderr together. cargo's own lines (Compiling,
//!   Finished, Running) are left out. `$ echo $?` shows the status of the command before.
//! - ```` ```console ```` is a separate terminal: a program that is started in it also ends in it.
//! - ```` ```console terminal 1 ````, ```` ```console terminal 2 ````: several windows side by
//!   side. A program keeps running as long as a later block of its terminal continues its output,
//!   that is, does not begin with `$ `. Blocks run in the order of the page, and each waits until
//!   all its lines were seen.
//! - `^C` is Ctrl-C, `^D` the end of the input, `hello⏎` a line typed by the student. When a
//!   program has ended, everything it printed must have been shown. No page leaves a program
//!   running.
//! - A line `…` stands for any number of lines.
//! - A ```` ```js ```` block that begins with `// server.js` is that file for a `$ node server.js`,
//!   and a ```` ```haproxy ```` block that begins with `# tls.cfg` is that file.
//!   `target/debug/examples/NAME` is the built example, where another program starts it.
//! - `sudo` is left out. Programs that the system does not permit to this user, such as `tcpdump`,
//!   are skipped, by name.
//! - Ports are the student's (see `command::PORTS`). Each page runs with free ones in their place,
//!   and its output is changed back.
//! - Ephemeral ports, times and error numbers of the system differ from run to run: both sides are
//!   normalised, see `compare::normal`. `\r` and spaces at the end of a line do not show on a
//!   terminal and do not count; nor do blank lines at the beginning and the end of a block.
//!
//! If this machine lacks a peer (nc, curl, telnet, node), the blocks around it are skipped by name;
//! where `CI` is set, this is a failure. On Windows, which has no Unix shell, all are skipped.
//!
//! `tests/it/tidy.rs` checks that the code of the Chinese pages equals the English, except
//! comments. So a Chinese page is run only where a terminal shows something else: where the program
//! prints the notes' own words.

use crate::common;
#[cfg(unix)]
use crate::markdown;

#[cfg(unix)]
mod command;
#[cfg(unix)]
mod compare;
#[cfg(unix)]
mod runner;
#[cfg(unix)]
mod samples;
#[cfg(unix)]
mod session;
#[cfg(unix)]
#[path = "../../src/coach/workbench/shell_words.rs"]
mod shell_words;
#[cfg(unix)]
mod terminal;

#[cfg(not(unix))]
#[test]
fn every_console_block_shows_what_really_happens() {
    common::skipped("the console blocks are typed into a Unix shell");
}

/// Parts one and two, and the README.
#[cfg(unix)]
#[test]
fn every_console_block_shows_what_really_happens() {
    run_all(pages().into_iter().filter(|page| !is_deep(page)).collect());
}

/// Part three, and the Chinese pages that show something else.
#[cfg(unix)]
#[test]
#[ignore = "takes ten seconds"]
fn every_other_console_block_shows_what_really_happens() {
    run_all(pages().into_iter().filter(|page| is_deep(page)).collect());
}

/// Whether a page is left to `--ignored`.
#[cfg(unix)]
fn is_deep(page: &str) -> bool {
    let name = page.rsplit('/').next().unwrap_or_default();
    let number = name.split('_').next().and_then(|number| number.parse::<usize>().ok());
    page.starts_with("lessons/zh/") || number.is_some_and(|number| number >= PART_THREE)
}

/// The first lesson of part three.
#[cfg(unix)]
const PART_THREE: usize = 16;

/// All pages that are run.
#[cfg(unix)]
fn pages() -> Vec<String> {
    let root = common::root();
    let mut files = common::files("lessons/", ".md");
    files.retain(|file| !file.starts_with("lessons/zh/"));
    files.push("README.md".into());
    let differs = |file: &String| {
        let chinese = file.replace("lessons/", "lessons/zh/");
        let [ours, theirs] = [file, &chinese].map(|page| consoles(&root.join(page)));
        (chinese != *file && ours != theirs).then_some(chinese)
    };
    files.extend(files.iter().filter_map(differs).collect::<Vec<_>>());
    files
}

#[cfg(unix)]
fn run_all(files: Vec<String>) {
    use std::sync::Mutex;
    use std::{fs, thread};

    const PAGES_AT_ONCE: usize = 4;

    use runner::Outcome;

    let root = common::root();
    // A page mostly waits for its programs, so several run at a time.
    let (due, outcomes) = (Mutex::new(files.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..PAGES_AT_ONCE {
            scope.spawn(|| {
                let next = || due.lock().expect("no panic").next();
                while let Some(file) = next() {
                    let text = fs::read_to_string(root.join(file)).unwrap_or_default();
                    let page = runner::run(file, &text, common::DEADLINE);
                    outcomes.lock().expect("no panic").extend(page);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no panic");
    outcomes.sort();
    assert!(!outcomes.is_empty(), "no console block in any of {files:?}");
    let mut failures = String::new();
    for (block, outcome) in &outcomes {
        match outcome {
            Outcome::Ok => println!("ok       {block}"),
            Outcome::Skipped(peer) => println!("skipped  {block}: no {peer}"),
            Outcome::Failed(report) => failures.push_str(&format!("\nFAILED   {block}: {report}")),
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The terminal sessions on a page.
#[cfg(unix)]
fn consoles(page: &std::path::Path) -> Vec<String> {
    let page = markdown::Page::parse(&std::fs::read_to_string(page).unwrap_or_default());
    let consoles = page.blocks.into_iter().filter(|block| block.language() == "console");
    consoles.map(|block| block.text).collect()
}

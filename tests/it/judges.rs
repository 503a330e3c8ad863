//! Tests of the exercises' checks: each must catch every wrong answer by the rule that is meant for
//! it, and let every right answer pass every time. The answers are edits of the solution:
//! `wrong.md` and `right.md` beside it.

use crate::answers;
use crate::common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{env, thread};

use answers::{Answer, answers};
use common::{Exercise, Verdict, coach, exercises};

/// The number of checks that run at a time. A check mostly waits, and this also makes the machine a
/// busy one.
const CHECKS_AT_ONCE: usize = 6;
/// The number of times that a solution must pass: a check that fails a right program now and then
/// is worthless.
const SOLUTION_RUNS: usize = 1;
/// The variable that requests all answers.
const ANSWERS_VARIABLE: &str = "NET_NOTES_ANSWERS";
/// Far longer than the proof of an exercise takes beside others.
const PROOF_TIMEOUT: Duration = Duration::from_secs(300);
/// The variable that selects an answer in the program that contains all of them.
const ANSWER_VARIABLE: &str = "NET_NOTES_ANSWER";

macro_rules! judges {
    ($($test:ident $exercise:literal)*) => {
        $(#[test] fn $test() {
            common::within_for(PROOF_TIMEOUT, $exercise, || proved($exercise, some(answers($exercise)), SOLUTION_RUNS, 1));
        })*

        /// All answers, repeatedly, beside busy loops:
        /// `cargo test --test it judges:: -- --ignored`.
        #[test]
        #[ignore = "takes minutes"]
        fn every_judge_is_steady_on_a_busy_machine() {
            let _busy = Busy::start();
            $(common::within_for(10 * PROOF_TIMEOUT, $exercise, || proved($exercise, answers($exercise), 20, 3));)*
        }

        #[test]
        fn every_exercise_is_proved() {
            assert!(exercises("en").iter().map(|exercise| &*exercise.name).eq([$($exercise),*]));
        }
    };
}

judges! {
    judge_01_concept "01_concept"
    judge_02_require "02_require"
    judge_03_server "03_server"
    judge_04_client "04_client"
    judge_05_order "05_order"
    judge_06_ipc "06_ipc"
    judge_07_free_form "07_free_form"
    judge_08_duplex_client "08_duplex_client"
    judge_09_http_by_hand "09_http_by_hand"
    judge_10_data_loss "10_data_loss"
    judge_11_server_events "11_server_events"
    judge_12_http_response "12_http_response"
    judge_13_custom_protocol "13_custom_protocol"
    judge_14_mini_http "14_mini_http"
    judge_16_too_fast "16_too_fast"
    judge_17_silence "17_silence"
    judge_18_live_page "18_live_page"
    judge_19_resp "19_resp"
    judge_20_more_than_one "20_more_than_one"
    judge_21_in_the_open "21_in_the_open"
}

/// Returns the solution and the stub: enough where only the library changed. All answers take
/// minutes: CI judges them, and so does `NET_NOTES_ANSWERS=all`.
fn some(mut answers: Vec<Answer>) -> Vec<Answer> {
    if env::var_os(ANSWERS_VARIABLE).is_none_or(|which| which != "all") {
        answers.retain(|answer| ["solution", "stub"].contains(&&*answer.name));
    }
    answers
}

/// Judges answers to an exercise: the solution `times` times, the others `each` times.
fn proved(name: &str, answers: Vec<Answer>, times: usize, each: usize) {
    let exercises = exercises("en");
    let exercise = exercises.iter().find(|exercise| exercise.name == name).expect("an exercise");
    if !exercise.runs_here {
        return common::skipped(&format!("{name}: std has no Unix sockets on this system"));
    }
    if common::wine_lacks(common::COMPILER) {
        return;
    }
    let program = built(name, &answers);
    let mut due: Vec<&Answer> = answers.iter().flat_map(|answer| [answer].repeat(each)).collect();
    due.extend([&answers[0]].repeat(times.saturating_sub(each)));
    let (due, wrong) = (Mutex::new(due), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..CHECKS_AT_ONCE {
            scope.spawn(|| {
                while let Some(answer) = { due.lock().expect("no panic").pop() } {
                    if let Err(why) = judged(exercise, &program, answer) {
                        let place = place(name, &answer.name);
                        let place = place.display();
                        wrong.lock().expect("no panic").push(format!("{place}:\n{why}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(
        wrong.is_empty(),
        "{name}: {} are not judged right\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Checks whether this answer is judged correctly, with the time limit that a student's program has.
fn judged(exercise: &Exercise, program: &Path, answer: &Answer) -> Result<(), String> {
    let program = program.to_str().expect("UTF-8");
    let mut coach = coach(["check", &exercise.name, "--json", "--program", program]);
    coach.env(ANSWER_VARIABLE, &answer.name);
    let verdict = Verdict::of(coach);
    let said = verdict.said.unwrap_or_default();
    match (verdict.rule, &answer.breaks) {
        (None, None) => {
            // Every rule that the lesson lists must have been checked.
            let rules: Vec<&str> = exercise.rules.iter().map(|(name, _)| &**name).collect();
            match verdict.kept == rules {
                true => Ok(()),
                false => Err(format!("passes, and of {rules:?} kept only {:?}", verdict.kept)),
            }
        }
        (None, Some(rule)) => Err(format!("passes, and must break `{rule}`")),
        (Some(broken), None) => Err(format!("is right, and breaks `{broken}`:\n{said}")),
        (Some(broken), Some(rule)) if broken != *rule => {
            Err(format!("must break `{rule}`, and breaks `{broken}`:\n{said}"))
        }
        (Some(broken), Some(_)) if verdict.kept.contains(&broken) => {
            Err(format!("breaks `{broken}`, which was said to be kept:\n{said}"))
        }
        (Some(_), Some(_)) => Ok(()),
    }
}

/// Returns the file that an answer is written to, so that a person can read it and try it.
fn place(exercise: &str, answer: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("answers").join(exercise);
    folder.join(format!("{answer}.rs"))
}

/// Builds one program that contains all answers, each as a module: so one compilation is enough.
fn built(exercise: &str, answers: &[Answer]) -> PathBuf {
    let (mut text, mut choices) = (String::from("#![allow(warnings)]\n"), String::new());
    fs::create_dir_all(place(exercise, "").parent().expect("a folder")).expect("writable");
    for Answer { name, source, .. } in answers {
        fs::write(place(exercise, name), source).expect("writable");
        let start = "pub fn start() -> std::process::ExitCode { std::process::Termination::report(main()) }";
        text += &format!("mod {name} {{\n{source}\n{start}\n}}\n");
        choices += &format!("\"{name}\" => {name}::start(),\n");
    }
    text += &format!(
        "fn main() -> std::process::ExitCode {{\nmatch &*std::env::var(\"{ANSWER_VARIABLE}\").unwrap() {{\n\
         {choices}other => panic!(\"no answer {{other}}\"),\n}}\n}}\n"
    );
    let source = place(exercise, "").with_file_name(format!("all_{exercise}.rs"));
    fs::write(&source, text).expect("writable");
    let program = source.with_extension(env::consts::EXE_EXTENSION);
    common::build(&source, &program);
    program
}

/// The lesson states every requirement, word for word, in both languages and in the same order.
#[test]
fn the_lesson_lists_the_rules_word_for_word() {
    let mut missing = Vec::new();
    for (lang, folder, colon) in [("en", "lessons", ": "), ("zh", "lessons/zh", "：")] {
        for Exercise { name: lesson, rules, .. } in exercises(lang) {
            let page = format!("{folder}/{lesson}.md");
            let text = fs::read_to_string(common::root().join(&page)).expect("a lesson");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = words(&text);
            let mut rest = &text[..];
            for (rule, sentence) in rules {
                let said = words(&format!("- **{rule}**{colon}{sentence}"));
                match rest.split_once(&*said) {
                    Some((_, after)) => rest = after,
                    None => missing.push(format!("{page}: {said}")),
                }
            }
        }
    }
    assert!(missing.is_empty(), "not in the lesson, or not in this order:\n{}", missing.join("\n"));
}

/// As the coach judges a student's file: built from the file, and with the time limits for a
/// student.
#[test]
fn a_file_is_judged() {
    if common::wine_lacks(common::COMPILER) {
        return;
    }
    common::within_for(PROOF_TIMEOUT, "a file", || {
        let check = |file: &str| {
            let file = format!("tests/exercises/03_server/{file}.rs");
            Verdict::of(coach(["check", "--file", &file, "03", "--json"]))
        };
        let solution = check("solution");
        assert!(solution.passed, "{solution:?}");
        assert_eq!(check("stub").rule.as_deref(), Some("half-a-line"));
    });
}

/// A file that a student edits begins as the stub. A student may have edited it, so the version in
/// git is compared.
#[test]
fn as_committed_the_exercises_are_unsolved() {
    let show = |path: &str| {
        let mut git = common::command("git");
        let output = git.arg("-C").arg(common::root()).args(["show", &format!(":{path}")]).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    if show("Cargo.toml").is_none() {
        return common::skipped("no git to tell what was committed from what a student has edited");
    }
    for Exercise { name, .. } in exercises("en") {
        let [file, stub] =
            [".rs", "/stub.rs"].map(|end| show(&format!("tests/exercises/{name}{end}")));
        assert!(file.is_some() && file == stub, "{name}: the student's file is not the stub");
    }
}

/// Loops that keep every processor busy during the checks.
struct Busy(Vec<std::process::Child>);

impl Busy {
    fn start() -> Busy {
        let loops = thread::available_parallelism().map_or(2, usize::from);
        let spin =
            || common::command("sh").args(["-c", "while :; do :; done"]).spawn().expect("a shell");
        Busy((0..loops).map(|_| spin()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for spin in &mut self.0 {
            let _ = spin.kill();
            let _ = spin.wait();
        }
    }
}

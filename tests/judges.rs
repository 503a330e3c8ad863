//! The checks of the exercises, judged themselves: each has to catch the stub and every wrong answer by the rule that is
//! meant for it, and to let the solution pass every time.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use net_notes::coach::{Exercise, Home, Outcome, PATIENCE, judge_file};

/// How often a solution has to pass: a check that fails a right program now and then is worth nothing. Several at once: a
/// check mostly waits, and this way the machine is a busy one, too.
const TIMES: usize = 20;
const AT_ONCE: usize = 10;

/// How long a check waits for what a wrong program does not do.
const SHORT: Duration = Duration::from_secs(2);

/// A proof is five programs to compile, twenty checks of the right one, and several that wait in vain for what a wrong one
/// does not do. Far more than that takes beside others.
const LIMIT: Duration = Duration::from_secs(300);

/// A test for each exercise: `stub`, and then its wrong answers by the names of their files, and the rule that each breaks.
macro_rules! judges {
    ($($test:ident $exercise:literal { stub: $stub:literal, $($wrong:ident: $rule:literal,)* })*) => {
        $(#[test] fn $test() {
            common::within_for(LIMIT, $exercise, || {
                proved($exercise, $stub, &[$((stringify!($wrong), $rule)),*]);
            });
        })*

        #[test]
        fn every_exercise_is_proved() {
            assert!(Exercise::all().iter().map(|exercise| exercise.name).eq([$($exercise),*]));
        }
    };
}

judges! {
    judge_01_concept "01_concept" {
        stub: "reports",
        as_text: "any-byte",
        each_piece: "pieces",
        one_report_for_all: "apart",
    }
    judge_02_require "02_require" {
        stub: "stays-up",
        never_ends: "ends",
        prints_its_argument: "real-port",
        one_at_a_time: "every-client",
    }
    judge_03_server "03_server" {
        stub: "half-a-line",
        one_answer_a_piece: "glued-lines",
        one_buffer_for_all: "apart",
        one_after_another: "many",
    }
    judge_04_client "04_client" {
        stub: "pieces",
        leaves_early: "pieces",
        broken_characters: "characters",
        ignores_the_error: "no-server",
    }
    judge_05_order "05_order" {
        stub: "every-callback",
        ignores_the_argument: "client-first",
        end_is_my_own: "server-first",
        never_closed: "ends",
    }
    judge_06_ipc "06_ipc" {
        stub: "counts",
        one_count_a_client: "together",
        deletes_before_it_listens: "one-server",
        ends_without_closing: "closes",
    }
    judge_07_free_form "07_free_form" {
        stub: "whole-lines",
        characters_too_early: "cut-characters",
        forgets_the_last_line: "last-line",
        gathers_for_ever: "too-long",
        counts_half_an_end: "too-long",
    }
    judge_08_duplex_client "08_duplex_client" {
        stub: "cut-characters",
        first_types_then_reads: "counts",
        hangs_up_when_the_input_ends: "goes-on-reading",
        panics_without_a_port: "no-default-port",
    }
    judge_09_http_by_hand "09_http_by_hand" {
        stub: "head-in-pieces",
        until_the_end: "server-stays",
        one_spelling: "header-name",
        half_is_enough: "cut-short",
    }
    judge_10_data_loss "10_data_loss" {
        stub: "unread",
        closes_at_once: "unread",
        waits_for_the_end: "answers",
        reads_what_is_there: "slow",
        leaves_with_the_client: "half-close",
        never_looks_at_zero: "leaves",
    }
    judge_11_server_events "11_server_events" {
        stub: "not-own",
        waits_for_the_slow_one: "stops-nobody",
        keeps_everything: "bounded",
        listens_for_the_end_only: "leaves",
    }
    judge_12_http_response "12_http_response" {
        stub: "line-ends",
        length_in_characters: "length",
        first_piece: "whole-head",
        closes_at_once: "reads-on",
    }
    judge_13_custom_protocol "13_custom_protocol" {
        stub: "not-sts",
        refuses_half_a_line: "in-pieces",
        no_without_a_length: "counted",
        waits_for_the_body: "too-large",
    }
    judge_14_mini_http "14_mini_http" {
        stub: "parameter",
        not_found_for_a_method: "allow",
        not_escaped: "escaped",
        escaped_when_stored: "as-typed",
    }
}

fn proved(name: &str, stub: &str, wrong: &[(&str, &str)]) {
    let exercise = Exercise::find(name).expect("an exercise");
    if !exercise.runs_here() {
        return common::skipped(&format!("{name}: std has no Unix sockets on this system"));
    }
    let home = Home::at(common::root());
    let folder = home.wrong(exercise, "").with_file_name("");
    let there = fs::read_dir(folder).expect("the wrong answers");
    let there = there.map(|file| file.expect("readable").path().with_extension(""));
    let there = there.map(|file| file.file_name().expect("a name").to_string_lossy().into_owned());
    let named = wrong.iter().map(|(wrong, _)| wrong.to_string());
    assert_eq!(there.collect::<BTreeSet<_>>(), named.collect(), "{name}: the wrong answers");

    if common::wine_lacks(common::COMPILER) {
        return;
    }
    let broken = |source: PathBuf, rule: &str| {
        let outcome = judge_file(&home, exercise, &source, SHORT);
        assert_eq!(broken_rule(outcome), rule, "{}", source.display());
    };
    let passes = || match judge_file(&home, exercise, &home.solution(exercise), PATIENCE) {
        Outcome::Passed => {}
        Outcome::Failed(failure) => panic!("{name}: the solution:\n{failure}"),
        Outcome::NotCompiled(why) | Outcome::NotChecked(why) => panic!("{name}: {why}"),
    };
    thread::scope(|scope| {
        scope.spawn(|| broken(home.stub(exercise), stub));
        for (wrong, rule) in wrong {
            scope.spawn(|| broken(home.wrong(exercise, wrong), rule));
        }
        passes(); // once, so that it is built
        for _ in 0..TIMES / AT_ONCE {
            thread::scope(|scope| (0..AT_ONCE).for_each(|_| _ = scope.spawn(passes)));
        }
    });
}

fn broken_rule(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "none",
        Outcome::Failed(failure) => failure.rule().name,
        Outcome::NotCompiled(why) | Outcome::NotChecked(why) => panic!("{why}"),
    }
}

/// What a student edits begins as the stub. Only where nobody is a student: with `CI` set.
#[test]
fn as_committed_the_exercises_are_unsolved() {
    if std::env::var_os("CI").is_none() {
        return common::skipped(
            "whether the exercises are as at the beginning: this may be a student's",
        );
    }
    let home = Home::at(common::root());
    for exercise in Exercise::all() {
        let read = |path| fs::read_to_string(path).expect("a file of the exercise");
        assert_eq!(read(home.file(exercise)), read(home.stub(exercise)), "{}", exercise.name);
    }
}

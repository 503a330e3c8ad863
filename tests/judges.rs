//! The checks of the exercises, judged themselves: each has to catch the stub and every wrong answer by the rule that is
//! meant for it, and to let the solution pass every time.

mod common;

use std::time::Duration;

use net_notes::coach::{Exercise, Home, Outcome, judge_file};

/// How often a solution has to pass: a check that fails a right program now and then is worth nothing.
const TIMES: usize = 20;

/// A proof is five programs to compile, twenty checks of the right one, and several that wait in vain for what a wrong one
/// does not do. Far more than that takes beside others.
const LIMIT: Duration = Duration::from_secs(300);

fn within(what: &str, proof: impl FnOnce() + Send + 'static) {
    common::within_for(LIMIT, what, proof);
}

struct Case {
    exercise: &'static str,
    /// The rule that the stub breaks.
    stub: &'static str,
    /// The wrong answers, and the rule that each breaks.
    wrong: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        exercise: "03_server",
        stub: "half-a-line",
        wrong: &[
            ("one_answer_a_piece", "glued-lines"),
            ("one_buffer_for_all", "apart"),
            ("one_after_another", "many"),
        ],
    },
    Case {
        exercise: "06_ipc",
        stub: "counts",
        wrong: &[
            ("one_count_a_client", "together"),
            ("deletes_before_it_listens", "one-server"),
            ("ends_without_closing", "closes"),
        ],
    },
    Case {
        exercise: "07_free_form",
        stub: "whole-lines",
        wrong: &[
            ("characters_too_early", "cut-characters"),
            ("forgets_the_last_line", "last-line"),
            ("gathers_for_ever", "too-long"),
        ],
    },
    Case {
        exercise: "08_duplex_client",
        stub: "cut-characters",
        wrong: &[
            ("first_types_then_reads", "counts"),
            ("hangs_up_when_the_input_ends", "goes-on-reading"),
            ("panics_without_a_port", "no-default-port"),
        ],
    },
    Case {
        exercise: "11_server_events",
        stub: "not-own",
        wrong: &[
            ("waits_for_the_slow_one", "stops-nobody"),
            ("keeps_everything", "bounded"),
            ("listens_for_the_end_only", "leaves"),
        ],
    },
];

fn broken_rule(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "none",
        Outcome::Failed(failure) => failure.rule().name,
        Outcome::NotCompiled(why) | Outcome::NotChecked(why) => panic!("{why}"),
    }
}

#[test]
fn every_exercise_has_its_case() {
    let cases: Vec<&str> = CASES.iter().map(|case| case.exercise).collect();
    let all: Vec<&str> = Exercise::all().iter().map(|exercise| exercise.name).collect();
    assert_eq!(cases, all);
}

fn proved(name: &str) {
    let case = CASES.iter().find(|case| case.exercise == name).expect("a case");
    let exercise = Exercise::find(name).expect("an exercise");
    if !exercise.runs_here() {
        return common::skipped(&format!("{name}: std has no Unix sockets on this system"));
    }
    let home = Home::at(common::root());
    let stub = judge_file(&home, exercise, &home.stub(exercise));
    assert_eq!(broken_rule(stub), case.stub, "{name}: the stub");
    for (wrong, rule) in case.wrong {
        let outcome = judge_file(&home, exercise, &home.wrong(exercise, wrong));
        assert_eq!(broken_rule(outcome), *rule, "{name}: {wrong}");
    }
    for time in 1..=TIMES {
        match judge_file(&home, exercise, &home.solution(exercise)) {
            Outcome::Passed => {}
            Outcome::Failed(failure) => panic!("{name}: the solution, time {time}:\n{failure}"),
            Outcome::NotCompiled(why) | Outcome::NotChecked(why) => panic!("{name}: {why}"),
        }
    }
}

#[test]
fn judge_03_server() {
    within("03", || proved("03_server"));
}

#[test]
fn judge_06_ipc() {
    within("06", || proved("06_ipc"));
}

#[test]
fn judge_07_free_form() {
    within("07", || proved("07_free_form"));
}

#[test]
fn judge_08_duplex_client() {
    within("08", || proved("08_duplex_client"));
}

#[test]
fn judge_11_server_events() {
    within("11", || proved("11_server_events"));
}

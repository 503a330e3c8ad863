//! The checks of the exercises, judged themselves: each has to catch the stub and every wrong answer by the rule that is
//! meant for it, and to let the solution pass every time.

mod common;

use common::within;
use net_notes::coach::{Exercise, Home, Outcome, judge_file};

/// How often a solution has to pass: a check that fails a right program now and then is worth nothing.
const TIMES: usize = 20;

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
        exercise: "12_http_response",
        stub: "line-ends",
        wrong: &[
            ("length_in_characters", "length"),
            ("first_piece", "whole-head"),
            ("closes_at_once", "reads-on"),
        ],
    },
    Case {
        exercise: "14_mini_http",
        stub: "parameter",
        wrong: &[
            ("not_found_for_a_method", "allow"),
            ("not_escaped", "escaped"),
            ("escaped_when_stored", "as-typed"),
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
fn judge_12_http_response() {
    within("12", || proved("12_http_response"));
}

#[test]
fn judge_14_mini_http() {
    within("14", || proved("14_mini_http"));
}

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
        exercise: "09_http_by_hand",
        stub: "head-in-pieces",
        wrong: &[
            ("until_the_end", "server-stays"),
            ("one_spelling", "header-name"),
            ("half_is_enough", "cut-short"),
        ],
    },
    Case {
        exercise: "13_custom_protocol",
        stub: "not-sts",
        wrong: &[
            ("refuses_half_a_line", "in-pieces"),
            ("no_without_a_length", "counted"),
            ("waits_for_the_body", "too-large"),
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
fn judge_09_http_by_hand() {
    within("09", || proved("09_http_by_hand"));
}

#[test]
fn judge_13_custom_protocol() {
    within("13", || proved("13_custom_protocol"));
}

//! The student's exercises, judged: `cargo test --test exercises`, or one of them: `cargo test --test exercises 03`.
//!
//! Red until solved, and so not part of a plain `cargo test`. `cargo run -- check 03` does the same, and says more.

use net_notes::coach::{Exercise, Home, Outcome, judge};

fn solved(name: &str) {
    let exercise = Exercise::find(name).expect("an exercise");
    let (id, file) = (exercise.id(), format!("tests/exercises/{name}.rs"));
    let why = match judge(&Home::new(), exercise, false) {
        Outcome::Passed => return,
        Outcome::Failed(failure) => failure.to_string(),
        Outcome::NotCompiled(why) | Outcome::NotChecked(why) => why,
    };
    panic!("{file} is not right yet:\n\n{why}\nnext: edit {file}, and `cargo run -- check {id}`\n");
}

macro_rules! exercises {
    ($($test:ident $name:literal)*) => {
        $(#[test] fn $test() { solved($name) })*

        #[test]
        fn all_are_here() {
            let here = [$($name),*];
            assert!(Exercise::all().iter().map(|one| one.name).eq(here));
        }
    };
}

exercises! {
    exercise_03_server "03_server"
    exercise_12_http_response "12_http_response"
    exercise_14_mini_http "14_mini_http"
}

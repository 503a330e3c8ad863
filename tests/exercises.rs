//! The student's exercises, judged: `cargo test --test exercises`, or one of them:
//! `cargo test --test exercises 03`.
//!
//! Red until solved, and so not part of a plain `cargo test`. `cargo run -- check 03` does the
//! same, and prints more.

mod common;

use std::env;

fn solved(name: &str) {
    let file = format!("tests/exercises/{name}.rs");
    let mut coach = common::coach(["check", name, "--file", &file]);
    for name in ["LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"] {
        coach.envs(env::var_os(name).map(|value| (name, value))); // the student's language
    }
    let output = coach.output().expect("the coach runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

macro_rules! exercises {
    ($($test:ident $name:literal)*) => {
        $(#[test] fn $test() { solved($name) })*

        #[test]
        fn all_are_here() {
            let here = [$($name),*];
            assert!(common::exercises("en").iter().map(|one| &*one.name).eq(here));
        }
    };
}

exercises! {
    exercise_01_concept "01_concept"
    exercise_02_require "02_require"
    exercise_03_server "03_server"
    exercise_04_client "04_client"
    exercise_05_order "05_order"
    exercise_06_ipc "06_ipc"
    exercise_07_free_form "07_free_form"
    exercise_08_duplex_client "08_duplex_client"
    exercise_09_http_by_hand "09_http_by_hand"
    exercise_10_data_loss "10_data_loss"
    exercise_11_server_events "11_server_events"
    exercise_12_http_response "12_http_response"
    exercise_13_custom_protocol "13_custom_protocol"
    exercise_14_mini_http "14_mini_http"
    exercise_16_too_fast "16_too_fast"
    exercise_17_silence "17_silence"
    exercise_18_live_page "18_live_page"
    exercise_19_resp "19_resp"
    exercise_20_more_than_one "20_more_than_one"
    exercise_21_in_the_open "21_in_the_open"
}

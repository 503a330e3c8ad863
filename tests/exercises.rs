//! The student's exercises, judged: `cargo test --test exercises`, or one of them: `cargo test --test exercises 03`.
//!
//! Red until solved, and so not part of a plain `cargo test`. `cargo run -- check 03` does the same, and says more.

use net_notes::coach::{Exercise, Home, Outcome, judge, language};

fn solved(name: &str) {
    let exercise = Exercise::find(name).expect("an exercise");
    if !exercise.runs_here() {
        return eprintln!("{name} is left out: std has no Unix sockets on this system");
    }
    let (id, file) = (exercise.id(), format!("tests/exercises/{name}.rs"));
    let home = Home::new();
    let lang = language(&home);
    let why = match judge(&home, exercise, false) {
        Outcome::Passed => return,
        Outcome::Failed(failure) => {
            let section = home.section(exercise, &failure, lang);
            format!("{}{}{section}", failure.show(lang), lang.pick("read again: ", "再读一遍："))
        }
        Outcome::NotCompiled(message) => message,
        Outcome::NotChecked(why) => why.in_lang(lang).to_string(),
    };
    let (not_yet, next) = lang.pick(
        ("is not right yet", format!("next: edit {file}, and `cargo run -- check {id}`")),
        ("还不对", format!("下一步：修改 {file}，再执行 `cargo run -- check {id}`")),
    );
    panic!("{file} {not_yet}:\n\n{why}\n{next}\n");
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
    exercise_21_in_the_open "21_in_the_open"
}

//! Exercises that are judged at every save.

use std::fs;
use std::time::{Duration, Instant};

use super::opened::Workbench;

const MINE: &str = "tests/exercises/03_server.rs";

#[test]
fn every_save_is_judged_and_what_was_kept_is_told() {
    let workbench = Workbench::open("judged");
    let mut tab = workbench.tab("exercise_03");
    workbench.done("/api/watch", r#"{"exercise":"03"}"#);
    let verdict = tab.wait(&["\"kind\":\"verdict\"", "\"exercise\":\"03\""]);
    // The stub answers each piece of data, and not each line.
    assert!(verdict.contains(r#""passed":false,"rule":"half-a-line""#), "{verdict}");
    assert!(verdict.contains(r#""kept":["greets"]"#), "{verdict}");
    for part in [
        r#""en":{"sentence":"Half a line is no line"#,
        r#""zh":{"sentence":"半行不算一行"#,
        r#""fault":true"#,
        r#""expected":"#,
        r#""came":"#,
    ] {
        assert!(verdict.contains(part), "{part}: {verdict}");
    }
    assert_eq!(
        workbench.get("/api/solution?exercise=03").status(),
        403,
        "not before it has passed"
    );

    fs::write(workbench.home.path(MINE), "fn main() { no }").unwrap();
    tab.wait(&["\"kind\":\"saved\""]);
    tab.wait(&["\"kind\":\"building\""]);
    let verdict = tab.wait(&["\"kind\":\"verdict\""]);
    assert!(
        verdict.contains(r#""rule":"compiles""#) && verdict.contains("cannot find value"),
        "{verdict}"
    );

    let solution = workbench.home.path("tests/exercises/03_server/solution.rs");
    fs::copy(solution, workbench.home.path(MINE)).unwrap();
    tab.wait(&["\"kind\":\"waiting\"", "\"kept\":[\"greets\""]);
    let verdict = tab.wait(&["\"kind\":\"verdict\""]);
    assert!(verdict.contains(r#""passed":true,"rule":null"#), "{verdict}");
    assert!(!verdict.contains("remembered"), "{verdict}");
    assert!(verdict.contains("04_client.html"), "the next lesson: {verdict}");
    tab.wait(&["\"kind\":\"progress\"", r#""done":["03"]"#]);
    assert!(fs::read_to_string(workbench.home.path(".progress")).unwrap().contains("03 done"));
    assert_eq!(workbench.get("/api/solution?exercise=03").status(), 200);

    // A file that is gone has not passed.
    fs::remove_file(workbench.home.path(MINE)).unwrap();
    let verdict = tab.wait(&["\"kind\":\"verdict\""]);
    assert!(
        verdict.contains("\"rule\":\"can-be-checked\"") && verdict.contains("os error 2"),
        "{verdict}"
    );
}

/// A hint is given though it cannot be remembered. (A folder has the name of the file that is written
/// first.)
#[test]
fn a_hint_that_cannot_be_remembered_is_given() {
    let workbench = Workbench::open("forgetful");
    let unfinished = format!(".progress.{}.bak", workbench.program.id());
    fs::create_dir(workbench.home.path(&unfinished)).unwrap();
    let hint = workbench.get("/api/hint?exercise=03&number=1&lang=en");
    assert_eq!(hint.status(), 200);
    let text = hint.text();
    for part in ["hint", "could not be written", "will not be remembered", "Show hint 2 of"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    fs::remove_dir(workbench.home.path(&unfinished)).unwrap();
    let hint = workbench.get("/api/hint?exercise=03&number=2&lang=en");
    assert!(!hint.text().contains("remembered"), "{}", hint.text());
    assert!(fs::read_to_string(workbench.home.path(".progress")).unwrap().contains("03 hints 2"));
}

/// From saving to a verdict: the limit is far above the expected time, so that the test does not
/// fail on a busy machine; the time is printed.
#[test]
fn a_verdict_comes_soon_after_saving() {
    let workbench = Workbench::open("soon");
    let mut tab = workbench.tab("exercise_03");
    workbench.done("/api/watch", r#"{"exercise":"03"}"#);
    tab.wait(&["\"kind\":\"verdict\""]);
    let text = fs::read_to_string(workbench.home.path(MINE)).unwrap();
    for number in 0..3 {
        // Different text each time, also from other runs: so the build cannot be reused.
        fs::write(workbench.home.path(MINE), format!("{text}// {} {number}\n", std::process::id()))
            .unwrap();
        let began = Instant::now();
        tab.wait(&["\"kind\":\"verdict\"", "\"rule\":\"half-a-line\""]);
        println!("a verdict after {:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

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
    assert!(verdict.contains(r#""kept":["greets", "answers"]"#), "{verdict}");
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

    // What cannot be remembered is said. (A folder has the name of the file that is written first.)
    let unfinished = format!(".progress.{}.bak", workbench.program.id());
    let unfinished = workbench.home.path(&unfinished);
    fs::create_dir(&unfinished).unwrap();
    let solution = workbench.home.path("tests/exercises/03_server/solution.rs");
    fs::copy(&solution, workbench.home.path(MINE)).unwrap();
    tab.wait(&["\"kind\":\"waiting\"", "\"kept\":[\"greets\""]);
    let verdict = tab.wait(&["\"kind\":\"verdict\""]);
    assert!(verdict.contains(r#""passed":true,"rule":null"#), "{verdict}");
    assert!(verdict.contains("so this will not be remembered"), "{verdict}");
    assert!(!workbench.home.path(".progress").exists());

    fs::remove_dir(unfinished).unwrap();
    let text = fs::read_to_string(solution).unwrap();
    fs::write(workbench.home.path(MINE), text + "// saved again\n").unwrap();
    let verdict = tab.wait(&["\"kind\":\"verdict\"", "\"passed\":true"]);
    assert!(!verdict.contains("remembered"), "{verdict}");
    assert!(verdict.contains("04_client.html"), "the next lesson: {verdict}");
    tab.wait(&["\"kind\":\"progress\"", r#""done":["03"]"#]);
    assert!(fs::read_to_string(workbench.home.path(".progress")).unwrap().contains("03 done"));
    assert_eq!(workbench.get("/api/solution?exercise=03").status(), 200);
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

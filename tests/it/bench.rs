//! The bench with its smallest settings: does it measure, report, and end what it started?

use crate::common;

use std::fs;
use std::path::Path;

use common::{Program, example, peer};

/// Returns the single value of a figure in the report of one round: the JSON has one object on each
/// line.
fn value(json: &str, row: &str, figure: &str, server: &str) -> Option<f64> {
    let object = format!("\"row\": \"{row}\", \"figure\": \"{figure}\", \"server\": \"{server}\"");
    let line = json.lines().find(|line| line.contains(&object))?;
    let (_, values) = line.split_once("\"values\": [")?;
    values.split(']').next()?.parse().ok()
}

#[test]
fn one_small_row_gives_a_table_and_json_with_plausible_figures() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench.json");
    let file = file.to_str().expect("a path that is text");
    let options =
        ["--quick", "--seconds", "0.2", "--only", "ping-1-64B", "--check", "--json", file];
    let (status, table, progress) = Program::start(example("bench"), &options).wait();
    let json = fs::read_to_string(file).expect("the bench has written it");

    for server in ["bare", "event"] {
        let figure = |name| {
            value(&json, "ping-1-64B", name, server)
                .unwrap_or_else(|| panic!("no {name} of {server} in {json}\n{progress}"))
        };
        let (rate, p50, p99) = (figure("requests/s"), figure("p50 µs"), figure("p99 µs"));
        assert!((100.0..1e7).contains(&rate), "{server}: {rate} requests a second");
        assert!(0.0 < p50 && p50 <= p99, "{server}: p50 {p50} µs, p99 {p99} µs");
        // One connection has one request at a time, so rate times mean latency is about one second,
        // and a median is at most twice the mean. The limit is twice that again, as a small window
        // may exclude a request that a busy machine delayed.
        assert!(rate * p50 <= 4e6, "{server}: {rate} requests a second cannot take {p50} µs each");
        let shown = |line: &str| line.split_whitespace().any(|word| word == server);
        let shown = table.lines().any(|line| shown(line) && line.contains(&format!("{rate:.0}")));
        assert!(shown, "{server}: no {rate} in {table}");
    }
    // The test does not require that a debug build reaches the figures, but that the exit status
    // reports it.
    assert_eq!(
        status.success(),
        !table.contains("MISSED") && !table.contains("failed:"),
        "{table}"
    );
    assert!(table.contains("not measured  ping-*"), "a mean over one of eight cells: {table}");
}

/// Short connections and kept ones; all answers are checked, by the bench's own warm-up and by wrk.
#[test]
#[ignore = "both processors, for seconds"]
fn http_rows_are_measured_with_wrk() {
    if peer("wrk").is_none() {
        return;
    }
    let options =
        ["--quick", "--seconds", "0.2", "--only", "http-keep-1,http-close-1", "--json", "-"];
    let (_, json, progress) = Program::start(example("bench"), &options).wait();
    assert!(json.contains("\"failures\": []"), "{json}\n{progress}");
    for row in ["http-keep-1", "http-close-1"] {
        for server in ["bare", "event"] {
            let rate = value(&json, row, "requests/s", server);
            assert!(
                rate.is_some_and(|rate| (50.0..1e7).contains(&rate)),
                "{row}, {server}: {json}"
            );
            assert_eq!(value(&json, row, "errors", server), Some(0.0), "{row}, {server}: {json}");
        }
    }
}

/// With a `wrk` on the PATH whose report contains errors, and with none at all.
#[cfg(unix)]
#[test]
fn what_wrk_says_of_errors_is_counted_and_without_it_its_rows_are_left_out() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-wrk");
    fs::create_dir_all(&folder).expect("a folder");
    let bench = |only, json| {
        let options = ["--quick", "--seconds", "0.01", "--only", only, "--json", json, "--check"];
        // There is nothing else on this PATH: no Node either.
        Program::spawn(common::command(example("bench")).args(options).env("PATH", &folder)).wait()
    };

    // Written by a shell: a program that this process had open for writing could still be busy, in
    // a child of another test.
    let script = r#"cat > wrk <<'end'
#!/bin/sh
echo '  8122 requests in 1.10s, 341.06KB read'
echo '  Socket errors: connect 1, read 20, write 300, timeout 4000'
echo '  Non-2xx or 3xx responses: 50000'
echo 'Requests/sec:   7386.68'
end
chmod +x wrk"#;
    let (status, _, error) =
        Program::spawn(common::command("sh").args(["-c", script]).current_dir(&folder)).wait();
    assert!(status.success(), "{error}");
    let (status, json, progress) = bench("http-keep-1", "-");
    assert_eq!(value(&json, "http-keep-1", "requests/s", "event"), Some(7386.68), "{json}");
    assert_eq!(value(&json, "http-keep-1", "errors", "event"), Some(54321.0), "{json}");
    assert!(!status.success(), "errors are within no budget: {json}\n{progress}");

    fs::remove_file(folder.join("wrk")).expect("just written");
    let (status, table, progress) = bench("paced-64,http", "/dev/null");
    assert!(status.success(), "{table}\n{progress}");
    assert_eq!(table.matches("  left out: wrk is missing\n").count(), 5, "{table}");
    assert!(table.contains("p99 µs"), "{table}");
}

#[test]
fn a_wrong_option_is_answered_with_a_sentence() {
    for (options, sentence) in [
        (["--fast", ""], "there is no option `--fast`."),
        (["--rounds", "0"], "--rounds takes a number from 1 to 1000, not `0`."),
        (["--only", "pong"], "--only: there is no row `pong`."),
    ] {
        let (status, _, error) = Program::start(example("bench"), &options).wait();
        assert_eq!(status.code(), Some(2), "{options:?}: {error}");
        assert!(error.contains(sentence), "{options:?}: {error}");
    }
}

/// With a `node` on the PATH that is not Node but `echo`: all of its cells fail, the others are
/// measured.
#[cfg(unix)]
#[test]
fn a_cell_that_fails_is_reported_and_with_check_it_is_the_exit_status() {
    use std::env;

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-node");
    fs::create_dir_all(&folder).expect("a folder");
    // May remain from the last run.
    let _ = std::os::unix::fs::symlink("/bin/echo", folder.join("node"));
    let path = env::var_os("PATH").expect("a PATH");
    let path = env::join_paths([folder].into_iter().chain(env::split_paths(&path)));
    let path = path.expect("folders without a colon");

    // A row that is judged against Node alone: without Node no figure can be missed, so the failure
    // decides.
    for (check, code) in [("--check", 1), ("--quick", 0)] {
        let options = ["--quick", "--seconds", "0.01", "--only", "paced-64", check];
        let mut command = common::command(example("bench"));
        let (status, table, error) =
            Program::spawn(command.args(options).env("PATH", &path)).wait();
        assert!(table.contains("failed: paced-64 · node · round 1: "), "{table}{error}");
        assert!(!table.contains("failed: paced-64 · event"), "{table}{error}");
        assert_eq!(status.code(), Some(code), "{check}: {table}{error}");
    }
}

/// However the bench ends, the pipe to its servers' stdin closes with it; this is why no server
/// remains.
#[test]
fn a_server_ends_with_its_stdin() {
    for (server, how) in [("bare", "echo"), ("event", "echo"), ("bare", "http"), ("event", "http")]
    {
        let mut server = Program::start(example("bench"), &["serve", server, how]);
        let port: u16 = server.line().trim().parse().expect("a port");
        assert_ne!(port, 0);
        let (status, _, error) = server.wait(); // closes stdin
        assert!(status.success(), "{error}");
    }
}

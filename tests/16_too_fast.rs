//! Lesson 16: one file sent in four ways to slow readers, and the memory of each; the cost of small
//! writes.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use assert_cmd::Command;
use common::{DEADLINE, Program, command, example};
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::path::PathBuf;
use std::{env, fs, process};

const NAME: &str = "16_too_fast";

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example(NAME, arguments, DEADLINE * 8)
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).success().get_output().stdout.clone()).expect("UTF-8")
}

/// Splits a line of the table of ways: its name, its memory in MiB, how many readers received
/// everything, and the time.
fn row(line: &str) -> (&str, f64, &str, &str) {
    let (name, rest) = line.split_at(34);
    let (memory, rest) = rest.split_once(" MiB   ").expect("a memory");
    let (whole, time) = rest.trim_start().split_once("   ").expect("a time");
    (name.trim_end(), memory.trim().parse().expect("MiB"), whole.trim(), time.trim())
}

#[test]
#[ignore = "takes two seconds"]
fn it_prints_what_its_header_shows() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(NAME);
    let _ = fs::remove_dir_all(&folder); // left by a run that was killed
    fs::create_dir_all(&folder).expect("writable");
    let mut example = command(example(NAME));
    for variable in ["TMPDIR", "TMP", "TEMP"] {
        example.env(variable, &folder);
    }
    let run = Command::from_std(example).args(["12", "10"]).timeout(DEADLINE).assert().success();
    let printed = String::from_utf8(run.get_output().stdout.clone()).expect("UTF-8");
    let shown = common::header_output(NAME).replace("16 MiB to 10", "12 MiB to 10");
    println!("{printed}");
    assert_eq!(printed.lines().next(), shown.lines().next());
    let ways = |table: &str| -> Vec<_> {
        let rows = table.lines().skip(1).map(row);
        rows.map(|(name, _, whole, _)| format!("{name}: {whole}")).collect()
    };
    assert_eq!(ways(&printed), ways(&shown), "{printed}");
    let times = printed.lines().skip(1).map(|line| row(line).3);
    assert!(times.clone().all(|time| time.ends_with('s')), "{printed}");
    if cfg!(target_os = "linux") {
        // Other kernels may hold much more before a write must wait.
        let memory: Vec<f64> = printed.lines().skip(1).map(|line| row(line).1).collect();
        let [naive, bounded @ ..] = &memory[..] else { panic!("{printed}") };
        assert!(bounded.iter().all(|way| *way > 0.5 && naive > &(3.0 * way)), "{printed}");
    }
    let left = fs::read_dir(&folder).expect("created above").count();
    assert_eq!(left, 0, "the file that is sent is removed");
}

/// With the figures of the lesson: the first way is stopped at 1 GiB, and the others need a few
/// MiB.
#[test]
#[ignore = "ten gigabytes, three times: most of a minute"]
fn the_large_one_needs_little_memory_in_all_ways_but_the_first() {
    let printed = stdout(&[]);
    println!("{printed}");
    let rows: Vec<_> = printed.lines().skip(1).map(row).collect();
    assert!(matches!(rows[0], (_, 1024.0.., "0 of 50", "stopped")), "{printed}");
    for (name, memory, whole, _) in &rows[1..] {
        assert!(*memory < 40.0, "{name}: {printed}");
        assert_eq!(*whole, "50 of 50", "{name}: {printed}");
    }
}

/// The process that sends ends when its standard input does, so it cannot remain.
#[test]
fn a_sending_process_ends_with_its_input() {
    let file = env::temp_dir().join(format!("16_too_fast-test-{}", process::id()));
    fs::write(&file, "small").expect("writable");
    for way in ["0", "1", "3"] {
        let mut sender =
            Program::start(example(NAME), &["serve", way, &file.display().to_string(), "0"]);
        let port: u16 = sender.line().trim().parse().expect("a port");
        let mut client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        client.set_read_timeout(Some(DEADLINE)).expect("not zero");
        let mut received = String::new();
        client.read_to_string(&mut received).expect("the file, and an end");
        assert_eq!(received, "small", "way {way}");
        let (status, _, errors) = sender.wait(); // closes its input
        assert!(status.success(), "{errors}");
    }
    fs::remove_file(&file).expect("written above");
}

/// The numbers of calls are exact on every system. How long an answer waits for Nagle and the
/// delayed acknowledgement is specific to Linux.
#[test]
#[ignore = "takes two seconds"]
fn small_writes_cost_calls_and_buffered_ones_do_not() {
    let printed = stdout(&["small"]);
    println!("{printed}");
    let rows: Vec<Vec<f64>> = printed
        .lines()
        .filter_map(|line| line.split_once(" B   "))
        .map(|(_, row)| row.split_whitespace().map(|n| n.parse().expect("a number")).collect())
        .collect();
    let calls: Vec<[f64; 3]> = rows.iter().map(|row| [row[0], row[2], row[4]]).collect();
    let (one_way, answered) = calls.split_at(5);
    assert_eq!(
        one_way,
        [
            [100_000.0, 100_000.0, 13.0],
            [10_000.0, 10_000.0, 13.0],
            [1000.0, 1000.0, 13.0],
            [100.0, 100.0, 13.0],
            [10.0, 10.0, 10.0],
        ]
    );
    let expected = [1000.0, 100.0, 10.0, 1.0].map(|calls| [calls, calls, 1.0]);
    assert_eq!(answered, expected);
    if cfg!(target_os = "linux") {
        assert!(rows[0][5] < rows[0][1] / 4.0, "a BufWriter makes it faster: {printed}");
        for row in &rows[5..8] {
            assert!((35.0..).contains(&row[1]), "Nagle waits for an acknowledgement: {printed}");
            assert!(row[3] < 35.0 && row[5] < 35.0, "both cures cure it: {printed}");
        }
        assert!(rows[8][1] < 35.0, "a single write does not wait: {printed}");
    }
}

#[test]
fn a_file_that_is_not_there_ends_the_connection() {
    let mut sender = Program::start(example(NAME), &["serve", "3", "no such file", "0"]);
    let port: u16 = sender.line().trim().parse().expect("a port");
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    client.set_read_timeout(Some(DEADLINE)).expect("not zero");
    match client.read(&mut [0]) {
        Ok(size) => assert_eq!(size, 0, "there is nothing to send"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["5"] as &[_], &["0", "1"], &["1", "x"], &["smal"], &["1", "2", "3"]] {
        let output = run(bad).failure().code(1).get_output().clone();
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(message.contains("after -- goes nothing, small, or MIB and READERS"), "{message}");
    }
}

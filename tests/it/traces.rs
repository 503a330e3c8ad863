//! Node's `net`, event by event: 37 small programs, their traces on Node v20, and the same programs
//! on this crate.
//!
//! A trace is what each party – the server, the accepted socket, the client – saw, in order.
//! `NET_NOTES_NODE=1` in the environment first runs the JavaScript on this machine's Node, so that
//! an outdated trace is noticed.

use crate::common;
mod compare;
mod differences;
mod recorder;

mod closing;
mod connecting;
mod flowing;
mod listening;
mod timing;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use common::Program;
use compare::Lines;
use recorder::{T, Trace};

/// Creates a test for each scenario, `s01_seed_greet` for `01_seed_greet.js`, and the table of
/// their names.
macro_rules! scenarios {
    ($($module:ident: $($(#[$meta:meta])* $name:ident)*;)*) => {
        $($(
            $(#[$meta])*
            #[test]
            fn $name() {
                judge(stringify!($name), $module::$name);
            }
        )*)*
        const NAMES: &[&str] = &[$($(stringify!($name)),*),*];
    };
}

scenarios! {
    connecting:
        s01_seed_greet
        s02_seed_write_before_connect
        s09_queued_writes_order
        s10_connection_refused
        s11_lookup_event
        s12_host_not_found;
    closing:
        s03_client_ends_first
        s04_server_ends_first
        s05_end_with_data
        s06_write_after_own_end
        s15_half_open_allowed
        s16_destroy_no_end
        s17_destroy_with_error
        s49_destroy_with_unread_data
        s51_write_after_destroy
        s76_write_then_destroy_small;
    flowing:
        s24_pause_resume
        s25_no_data_listener_no_end
        s26_backpressure_drain
        s27_hwm_before_connect
        s28_byte_counters
        s31_utf8_split
        s42_pipe_echo_5mb
        s59_late_data_listener;
    listening:
        s13_eaddrinuse
        s34_server_close_waits
        s36_max_connections_drop
        s37_get_connections
        s38_listening_then_connection
        #[cfg(unix)] s40_unix_socket
        s43_many_clients;
    timing:
        s20_timeout_keeps_open
        s21_timeout_reset_by_activity
        s33_listener_order
        s46_callback_order
        s47_connect_callback_order
        s75_idle_client_dropped;
}

/// Runs the Rust version, and on demand the original, and compares both with the recorded trace.
fn judge(name: &str, twin: fn(T)) {
    let scenario = scenario(name);
    let trace = recorded(scenario);
    if env::var_os("NET_NOTES_NODE").is_some_and(|value| value == "1") {
        // Some programs contain times of 300 ms, and a machine that is stalled for longer spoils
        // those. An outdated trace differs every time.
        let reports: Vec<_> = (0..3).map_while(|_| trace.differs(&on_node(scenario))).collect();
        assert!(
            reports.len() < 3,
            "{scenario}: Node does not do what was recorded of it\n{}",
            reports[2]
        );
    }
    let t = Trace::start();
    twin(t);
    let got = t.finish();
    if let Some(report) = differences::applied(scenario, trace).differs(&got) {
        panic!("{scenario}: not as on Node\n{report}in the order of time:\n{t}");
    }
}

fn scenario(name: &str) -> &str {
    name.strip_prefix('s').expect("a scenario begins with a digit, which a function cannot")
}

fn folder() -> PathBuf {
    common::root().join("tests/it/traces")
}

fn recorded(scenario: &str) -> Lines {
    let file = folder().join(format!("{scenario}.trace"));
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let trace = Lines::read(&text);
    assert!(trace.count() > 0, "{}: an empty trace proves nothing", file.display());
    trace
}

fn on_node(scenario: &str) -> Lines {
    let mut node = common::command("node");
    node.arg(format!("{scenario}.js")).current_dir(folder());
    let (status, out, err) = Program::spawn(&mut node).wait();
    assert!(status.success(), "node {scenario}.js: {status}\n{out}{err}");
    Lines::read(&out)
}

#[test]
fn every_trace_has_its_test_and_its_program() {
    let files = |ending: &str| -> BTreeSet<String> {
        let names = common::files("tests/it/traces/", ending).into_iter();
        names.map(|name| name["tests/it/traces/".len()..name.len() - ending.len()].into()).collect()
    };
    let tests: BTreeSet<_> = NAMES.iter().map(|name| scenario(name).to_string()).collect();
    assert_eq!(tests.len(), NAMES.len(), "a name is there twice");
    let alone = |files: &BTreeSet<String>| -> Vec<String> {
        tests.symmetric_difference(files).cloned().collect()
    };
    assert_eq!(
        alone(&files(".trace")),
        [""; 0],
        "a test without a trace, or a trace without a test"
    );
    let mut programs = files(".js");
    assert!(programs.remove("_trace"), "the recorder of the programs");
    assert_eq!(alone(&programs), [""; 0], "a test without a program, or a program without a test");
    for name in &tests {
        recorded(name); // not empty
    }
}

#[test]
fn every_difference_is_of_a_scenario_that_exists_and_is_one() {
    for (scenario, party, node, here, why) in differences::DIFFERENCES {
        assert!(NAMES.contains(&format!("s{scenario}").as_str()), "no scenario {scenario}");
        assert_ne!(Some(*node), *here, "{scenario} {party}: no difference");
        assert!(!why.is_empty(), "{scenario} {party}: a difference has a reason");
    }
}

#[test]
fn the_comparison_sees_what_it_should() {
    let trace = |lines: &str| Lines::read(lines);
    let node = trace("server close\nclient connect\nclient drain\nclient write-cb ok\nclient end");
    let other_party_first =
        trace("client connect\nclient write-cb ok\nclient drain\nclient end\nserver close");
    assert_eq!(
        node.differs(&other_party_first),
        None,
        "parties and callbacks have their own order"
    );

    let swapped =
        trace("server close\nclient drain\nclient connect\nclient write-cb ok\nclient end");
    let report = node.differs(&swapped).expect("two events have changed places");
    assert_eq!(
        report,
        "party `client`\n    expected | got\n  > connect  | drain\n  > drain    | connect\n    end      | end\n"
    );

    let other_callback = trace("server close\nclient connect\nclient drain\nclient end");
    let report = node.differs(&other_callback).expect("a callback is missing");
    assert!(report.contains("party `client, callbacks`") && report.contains("> write-cb ok | –"));

    let more = trace(
        "server close\nclient connect\nclient drain\nclient write-cb ok\nclient end\nharness TIMEOUT",
    );
    let report = node.differs(&more).expect("a party too many");
    assert!(report.contains("party `harness`") && report.contains("| TIMEOUT"), "{report}");
}

//! Lesson 5: which callbacks run when, with either side ending first.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use std::net::TcpListener;

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example("05_order", arguments, common::DEADLINE)
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).success().get_output().stdout.clone()).expect("UTF-8")
}

/// Returns the titles and the lists of calls, without the diagrams.
fn lists(printed: &str) -> String {
    let listed = |line: &&str| {
        ["The ", "  server  1 ", "  client  1 "].iter().any(|start| line.starts_with(start))
    };
    let shown = common::as_in_header(printed);
    shown.lines().filter(listed).map(|line| format!("{line}\n")).collect()
}

#[test]
fn it_prints_what_its_header_shows_at_every_run() {
    for _ in 0..20 {
        let printed = stdout(&["0"]);
        assert_eq!(lists(&printed), common::header_output("05_order"), "{printed}");
    }
}

/// The order between the sides differs from run to run; the side that sends the first FIN does not.
#[test]
fn each_diagram_shows_who_ended_first() {
    for _ in 0..20 {
        let printed = stdout(&["0"]);
        let (server_first, client_first) =
            printed.split_once("\nThe client ends first").expect("two conversations");
        for (diagram, first) in [(server_first, "◀"), (client_first, "▶")] {
            assert!(diagram.contains("client   ") && diagram.contains("   server\n"), "{diagram}");
            for crossed in ["── connect ─", "── \"hello\" 5 B ─", "─ \"Hello\" 5 B ──"]
            {
                assert!(diagram.contains(crossed), "{crossed} is not in {diagram}");
            }
            let sent: Vec<&str> = diagram.lines().filter(|line| line.contains("─ FIN ─")).collect();
            assert_eq!(sent.len(), 2, "{diagram}");
            assert!(sent[0].contains(first), "{diagram}");
        }
    }
}

#[test]
fn an_address_can_be_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        return eprintln!("skipped: this machine has no IPv6");
    }
    let printed = lists(&stdout(&["::1", "0"]));
    assert_eq!(printed.replace("[::1]", "127.0.0.1"), common::header_output("05_order"));
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let output = run(&[&port]).failure().code(1).get_output().clone();
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.contains(&format!("127.0.0.1 {port}: ")), "{message}");
    assert!(message.contains("AirPlay on macOS? Take `-- 5001`"), "{message}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["http"] as &[_], &["65536"], &["localhost", "http"]] {
        let message = run(bad).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(message.contains("after -- goes nothing, PORT, or HOST PORT"), "{message}");
    }
}

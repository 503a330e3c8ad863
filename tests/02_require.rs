//! Lesson 2: `use net_notes as net;`, and what it provides.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use assert_cmd::Command;
use net_notes as net;
use std::net::TcpListener;

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example("02_require", arguments, common::DEADLINE)
}

#[test]
fn it_prints_what_its_header_shows() {
    for arguments in [&["0"] as &[_], &["127.0.0.1", "0"], &["localhost", "0"]] {
        let output = run(arguments).success().get_output().clone();
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(common::as_in_header(&printed), common::header_output("02_require"));
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn is_ip_answers_as_node_does() {
    let texts = [
        "127.0.0.1",
        "::1",
        "localhost",
        "",
        "1.2.3",
        "1.2.3.256",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "01.2.3.4",
    ];
    let answers = texts.map(net::is_ip);
    assert_eq!(answers, [4, 6, 0, 0, 0, 0, 6, 6, 0]);
    let Some(node) = common::peer("node") else { return };
    let script = "console.log(process.argv.slice(1).map(net.isIP).join(' '))";
    let nodes = Command::from_std(common::command(node))
        .args(["-e", script, "--"])
        .args(texts)
        .timeout(common::DEADLINE)
        .assert()
        .success();
    let nodes = String::from_utf8(nodes.get_output().stdout.clone()).expect("UTF-8");
    assert_eq!(nodes.trim(), answers.map(|answer| answer.to_string()).join(" "));
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let output = run(&[&port]).failure().code(1).get_output().clone();
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.contains("AirPlay"), "{message}");
    assert!(message.contains("cargo run --example 02_require -- 127.0.0.1 "), "{message}");
    // The line that needs no port was printed before.
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["http"] as &[_], &["65536"], &["a", "b", "c"]] {
        let message = run(bad).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(message.starts_with("after -- goes nothing, PORT, or HOST PORT"), "{message}");
    }
}

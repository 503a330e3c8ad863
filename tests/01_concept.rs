//! Lesson 1: a socket carries bytes, whatever they mean to the programs at its ends.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use std::io::Read;
use std::net::{TcpListener, TcpStream};

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example("01_concept", arguments, common::DEADLINE)
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).success().get_output().stdout.clone()).expect("UTF-8")
}

#[test]
fn it_prints_what_its_header_shows() {
    for _ in 0..5 {
        let printed = stdout(&["0"]);
        assert_eq!(common::as_in_header(&printed), common::header_output("01_concept"));
    }
}

#[test]
fn the_bytes_it_shows_are_those_of_the_text() {
    let printed = stdout(&["127.0.0.1", "0"]);
    for text in ["Good morning\n", "GET / HTTP/1.0\r\n\r\n"] {
        let mut bytes = String::from("the server gets  ");
        text.bytes().for_each(|byte| bytes += &format!(" {byte}"));
        let expected = format!("the client writes {text:?}\n{bytes}\n");
        assert!(printed.contains(&expected), "{expected:?} is not in {printed:?}");
    }
}

#[test]
fn an_address_can_be_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        return eprintln!("skipped: this machine has no IPv6");
    }
    assert_eq!(common::as_in_header(&stdout(&["::1", "0"])), common::header_output("01_concept"));
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port();
    let output = run(&[&port.to_string()]).failure().code(1).get_output().clone();
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.contains(&format!("127.0.0.1 port {port}: ")), "{message}");
    assert!(message.contains("AirPlay"), "{message}");
    let other = port.wrapping_add(1);
    let command = format!("cargo run --example 01_concept -- 127.0.0.1 {other}\n");
    assert!(message.ends_with(&command), "{message}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["http"] as &[_], &["70000"], &["-1"], &["localhost", "http"], &["a", "b", "1"]] {
        let output = run(bad).failure().code(1).get_output().clone();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.starts_with("after -- goes nothing, PORT, or HOST PORT"), "{message}");
        assert_eq!(output.stdout, b"");
    }
}

/// The lesson's claim without the library: of two writes, TCP keeps the bytes but not the boundary.
#[test]
fn two_writes_are_one_stream() {
    let got = common::within("two writes, one read", || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        let (mut server, _) = listener.accept().expect("a client");
        for piece in ["GET / HT", "TP/1.0\r\n", "\r\n"] {
            std::io::Write::write_all(&mut client, piece.as_bytes()).expect("connected");
        }
        drop(client);
        let mut got = String::new();
        server.read_to_string(&mut got).expect("all of it");
        got
    });
    assert_eq!(got, "GET / HTTP/1.0\r\n\r\n");
}

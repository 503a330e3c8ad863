//! Lesson 11: a server's events, its many sockets, its limit, and a close that waits.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, example, peer, within};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn start() -> (Program, u16) {
    common::start_example("11_server_events")
}

/// A client of the example.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        Client(BufReader::new(stream))
    }

    /// Returns the next line from the server; empty if the server has ended.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line, or the end");
        line
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("connected");
    }
}

#[test]
fn it_prints_what_its_header_shows() {
    let (server, port) = start();
    let mut client = Client::connect(port);
    assert_eq!(client.line(), "You are client 1.\n");
    client.say("close\n");
    assert_eq!(client.line(), "client 1, line 1: close\n");
    drop(client);
    let (status, printed, errors) = server.wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert_eq!(common::as_in_header(&printed), common::header_output("11_server_events"));
}

#[test]
fn three_clients_at_once_each_have_their_own_conversation() {
    let (mut server, port) = start();
    let mut clients: Vec<Client> = Vec::new();
    for number in 1..=3 {
        let mut client = Client::connect(port);
        assert_eq!(client.line(), format!("You are client {number}.\n"));
        let line = format!("connection: client {number}, {number} of 3\n");
        assert_eq!(server.line_with("connection"), line);
        clients.push(client);
    }
    // Each sends a different number of lines, in turns: every conversation counts its own lines.
    for line in 1..=6 {
        for (number, client) in (1..).zip(&mut clients).filter(|(number, _)| line <= number * 2) {
            client.say(&format!("thing {line}\n"));
            let answer = format!("client {number}, line {line}: thing {line}\n");
            assert_eq!(client.line(), answer);
        }
    }
    for (left, client) in clients.into_iter().enumerate() {
        drop(client);
        let line = format!("client {} has left, {} of 3\n", left + 1, 2 - left);
        assert_eq!(server.line_with("has left"), line);
    }
}

#[test]
fn the_fourth_is_dropped_and_there_is_room_again_when_one_has_left() {
    let (mut server, port) = start();
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(port)).collect();
    clients.iter_mut().for_each(|client| assert!(client.line().starts_with("You are client ")));
    // The kernel accepts the connection; then the server closes it. It has read nothing, and we
    // have sent nothing.
    assert_eq!(Client::connect(port).line(), "");
    server.line_with("drop: there is no room for one more");
    drop(clients.pop());
    server.line_with("has left, 2 of 3");
    let mut fifth = Client::connect(port);
    assert_eq!(fifth.line(), "You are client 4.\n"); // a dropped client is never counted
}

/// Two lines in one piece, one in two pieces, and one without an end.
#[test]
fn a_command_is_a_line_and_not_a_piece() {
    let (mut server, port) = start();
    let mut client = Client::connect(port);
    assert_eq!(client.line(), "You are client 1.\n");
    client.say("hello\r\n\nclo");
    assert_eq!(client.line(), "client 1, line 1: hello\n");
    assert_eq!(client.line(), "client 1, line 2: \n"); // so the `clo` after it was read, too
    client.say("se\n");
    assert_eq!(client.line(), "client 1, line 3: close\n");
    server.line_with("client 1 closes the server");
    client.say(&"x".repeat(2000));
    assert_eq!(client.line(), "That line is too long.\n");
    assert_eq!(client.line(), "");
}

/// `close` disconnects no client: it refuses new ones, and waits for the open ones.
#[test]
fn close_waits_for_the_last_client() {
    let (mut server, port) = start();
    let [mut one, mut two] = [Client::connect(port), Client::connect(port)];
    assert!(one.line().starts_with("You are ") && two.line().starts_with("You are "));
    one.say("close\n");
    // Unread, it would turn our close into a reset: lesson 10.
    assert!(one.line().ends_with(", line 1: close\n"));
    server.line_with("closes the server");
    let error = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens any more");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    drop(one);
    server.line_with("has left, 1 of 3");
    two.say("still here?\n");
    assert!(two.line().ends_with(", line 1: still here?\n"));
    two.say("close\n"); // it is closed already
    assert!(two.line().ends_with(", line 2: close\n"));
    drop(two);
    let (status, printed, errors) = server.wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert!(printed.ends_with(" has left, 0 of 3\nclose: nobody is left\n"), "{printed}");
    assert_eq!(printed.matches("closes the server").count(), 1, "{printed}");
}

/// Never more than three, whichever client connects when, and every client is either greeted or
/// dropped.
#[test]
fn a_crowd_is_let_in_three_at_a_time() {
    let (mut server, port) = start();
    let crowd: Vec<_> = (0..30)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Client::connect(port);
                let greeted = client.line();
                assert!(greeted.is_empty() || greeted.starts_with("You are client "), "{greeted}");
                u32::from(!greeted.is_empty())
            })
        })
        .collect();
    let greeted: u32 = within("the crowd", || {
        crowd.into_iter().map(|client| client.join().expect("greeted or dropped")).sum()
    });
    for _ in 0..greeted {
        server.line_with("has left");
    }
    let mut last = Client::connect(port);
    last.line();
    last.say("close\n");
    last.line();
    drop(last);
    let (_, printed, errors) = server.wait();
    let dropped = printed.matches("drop: ").count() as u32;
    assert_eq!((greeted + dropped, errors.as_str()), (30, ""), "{printed}");
    assert!(greeted >= 3, "{printed}");
    for line in printed.lines().filter(|line| line.ends_with(" of 3")) {
        let count = line.rsplit(' ').nth(2).unwrap_or_default();
        assert!(["0", "1", "2", "3"].contains(&count), "{line}");
    }
}

/// Clients of all kinds share one room: nc, Node and this test.
#[test]
fn clients_of_every_kind_are_served_at_once() {
    let (Some(nc), Some(node)) = (peer("nc"), peer("node")) else { return };
    let (mut server, port) = start();
    let mut own = Client::connect(port);
    assert_eq!(own.line(), "You are client 1.\n");
    let mut nc = Program::start(nc, &["127.0.0.1", &port.to_string()]);
    assert_eq!(nc.line(), "You are client 2.\n");
    let script = r"
        const socket = net.connect(+process.argv[1], '127.0.0.1');
        socket.setEncoding('utf8');
        socket.on('data', (text) => {
            process.stdout.write(text);
            if (text.startsWith('You are')) socket.write('from Node\n'); else socket.end();
        });
    ";
    let node = Program::start(node, &["-e", script, &port.to_string()]);
    let (_, printed, errors) = node.wait();
    let expected = "You are client 3.\nclient 3, line 1: from Node\n";
    assert_eq!((printed.as_str(), errors.as_str()), (expected, ""));
    nc.type_in("from nc\n");
    assert_eq!(nc.line(), "client 2, line 1: from nc\n");
    own.say("from a test\n");
    assert_eq!(own.line(), "client 1, line 1: from a test\n");
    server.line_with("client 3 has left, 2 of 3");
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let (status, printed, errors) = Program::start(example("11_server_events"), &[&port]).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains(&format!("127.0.0.1:{port}")), "{errors}");
    assert!(errors.contains("cargo run --example 11_server_events -- "), "{errors}");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["http"] as &[_], &["65536"], &["localhost", "http"]] {
        let (status, _, errors) = Program::start(example("11_server_events"), bad).wait();
        assert_eq!(status.code(), Some(1), "{bad:?}");
        assert!(errors.contains("after -- goes nothing, PORT, or HOST PORT"), "{errors}");
    }
}

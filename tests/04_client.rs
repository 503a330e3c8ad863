//! Lesson 4: the client of the notes, and its twin in plain std. Every test runs both.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, command, example, peer};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

const TWINS: [&str; 2] = ["04_client", "04_client_std"];
const HELLO: &str = "hello, this is client!\n\r";
const ANSWER: &str = "Hello, this is server!\n\rBye!\n\r";

/// Runs the client `name` against a server that runs `serve`, and returns what the client printed.
fn against(name: &str, serve: impl FnOnce(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let client = Program::start(example(name), &[&port.to_string()]);
    let (stream, _) = listener.accept().expect("the client");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.set_nodelay(true).expect("a TCP socket");
    serve(stream);
    let (status, printed, errors) = client.wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{name}");
    printed
}

/// Reads exactly what the client sends first.
fn hello(mut stream: &TcpStream) {
    let mut said = vec![0; HELLO.len()];
    stream.read_exact(&mut said).expect("the client says hello");
    assert_eq!(String::from_utf8_lossy(&said), HELLO);
}

/// Waits for the client's end: by then it has read what was written before, as it ends at the first
/// piece.
fn until_its_end(mut stream: &TcpStream) {
    assert_eq!(stream.read(&mut [0; 64]).expect("the client's end"), 0);
}

fn printed(answer: &str) -> String {
    format!("client connected\n{answer}client disconnected\n")
}

#[test]
fn it_prints_what_its_header_shows() {
    for name in TWINS {
        let text = against(name, |mut stream| {
            hello(&stream);
            stream.write_all(ANSWER.as_bytes()).expect("connected");
        });
        assert_eq!(text, printed(ANSWER), "{name}");
        assert_eq!(common::as_in_header(&text), common::header_output(name), "{name}");
    }
}

/// One write is not one read: wherever the bytes are cut, the output stays the same.
#[test]
fn however_the_answer_is_cut_it_is_printed_the_same() {
    for name in TWINS {
        for cut in 1..ANSWER.len() {
            let (first, second) = ANSWER.split_at(cut);
            let text = against(name, |mut stream| {
                stream.write_all(first.as_bytes()).expect("connected");
                hello(&stream);
                until_its_end(&stream); // so the second piece is a separate read
                stream.write_all(second.as_bytes()).expect("it still reads");
            });
            assert_eq!(text, printed(ANSWER), "{name}, cut after {cut}");
        }
    }
}

#[test]
fn a_character_cut_in_two_is_printed_whole() {
    for name in TWINS {
        let text = against(name, |mut stream| {
            hello(&stream);
            stream.write_all(b"caf\xc3").expect("connected");
            until_its_end(&stream);
            stream.write_all(b"\xa9!\n").expect("it still reads");
        });
        assert_eq!(text, printed("café!\n"), "{name}");
    }
}

#[test]
fn a_long_answer_is_printed_to_its_last_byte() {
    let long: String = (0..40_000).map(|n| format!("line {n}\n")).collect();
    for name in TWINS {
        let text = against(name, |mut stream| {
            hello(&stream);
            stream.write_all(long.as_bytes()).expect("it reads all of it");
        });
        assert!(text == printed(&long), "{name}: {} bytes", text.len());
    }
}

#[test]
fn a_server_that_says_nothing_is_fine() {
    for name in TWINS {
        let text = against(name, |stream| {
            hello(&stream);
            stream.shutdown(Shutdown::Write).expect("connected");
        });
        assert_eq!(text, printed(""), "{name}");
    }
}

#[test]
fn a_server_on_node_is_understood() {
    let Some(node) = peer("node") else { return };
    let script = r"
        const server = net.createServer((socket) => {
            socket.on('data', (data) => {
                console.log(JSON.stringify(data.toString()));
                socket.write('Hello, this is server!\n\r');
                socket.end('Bye!\n\r');
            });
            socket.on('close', (hadError) => { console.log('with an error: ' + hadError); server.close(); });
        });
        server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
    ";
    for name in TWINS {
        let mut server = Program::spawn(command(&node).args(["-e", script]));
        let port = server.port().to_string();
        let (status, text, errors) = Program::start(example(name), &[&port]).wait();
        let expected = (true, printed(ANSWER), String::new());
        assert_eq!((status.success(), text, errors), expected, "{name}");
        let (status, text, errors) = server.wait();
        assert!(status.success(), "{errors}");
        let expected = format!("port {port}\n{:?}\nwith an error: false\n", HELLO);
        assert_eq!((text, errors), (expected, String::new()), "{name}");
    }
}

#[test]
fn the_servers_of_lesson_3_are_understood_by_name_and_by_address() {
    for name in TWINS {
        for host in ["127.0.0.1", "localhost"] {
            let mut server = Program::start(example("03_server"), &["0"]);
            let port = server.port().to_string();
            let (status, text, errors) = Program::start(example(name), &[host, &port]).wait();
            let expected = (true, printed(ANSWER), String::new());
            assert_eq!((status.success(), text, errors), expected, "{name} {host}");
        }
    }
}

#[test]
fn no_server_is_explained() {
    for name in TWINS {
        // Nothing can listen on port 0, so no other program can take it in the meantime.
        let (status, text, errors) = Program::start(example(name), &["0"]).wait();
        assert_eq!((status.code(), text.as_str()), (Some(1), ""), "{name}");
        assert!(errors.starts_with("cannot talk to a server at 127.0.0.1 port 0: "), "{errors}");
        assert!(errors.ends_with("cargo run --example 03_server -- 127.0.0.1 0\n"), "{errors}");
        assert_eq!(errors.lines().count(), 2, "{errors}");
    }
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for name in TWINS {
        for bad in [&["http"] as &[_], &["65536"], &["localhost", "http"], &["a", "b", "1"]] {
            let (status, text, errors) = Program::start(example(name), bad).wait();
            assert_eq!((status.code(), text.as_str()), (Some(1), ""), "{name} {bad:?}");
            let usage = "after -- goes nothing, PORT, or HOST PORT (a port is 0 to 65535)\n";
            assert_eq!(errors, usage, "{name} {bad:?}");
        }
    }
}

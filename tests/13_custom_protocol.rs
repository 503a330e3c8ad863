//! Lesson 13: STS between two programs, in two languages, and with programs that do not speak it.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, example, header_output, peer};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "13_custom_protocol";

/// Starts the word book alone, and returns its port too.
fn word_book() -> (Program, String) {
    let mut server = Program::start(example(NAME), &["server", "0"]);
    let line = server.line_with("a word book at 127.0.0.1:");
    let (_, port) = line.trim_end().rsplit_once(':').expect("an address");
    (server, port.to_string())
}

/// Runs the client alone. Returns its exit status, standard output and standard error.
fn ask(port: &str, word: &str) -> (Option<i32>, String, String) {
    let args = ["client", "127.0.0.1", port, word];
    let (status, printed, errors) = Program::start(example(NAME), &args).wait();
    (status.code(), printed, errors)
}

/// Returns the answer to a request that is written by hand, on a connection that stays open.
fn by_hand(port: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.write_all(request.as_bytes()).expect("connected");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, the server's end, and no reset");
    answer
}

fn message(start: &str, body: &str) -> String {
    format!("{start}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Returns the text between two marks of a file of the repository.
fn part(path: &str, begin: &str, end: &str) -> String {
    let text = std::fs::read_to_string(common::root().join(path)).expect(path);
    let text = text.replace("\r\n", "\n");
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{path}: no {begin:?}"));
    let (part, _) = rest.split_once(end).unwrap_or_else(|| panic!("{path}: no {end:?}"));
    part.to_string()
}

#[test]
fn it_prints_what_its_header_shows() {
    let (status, printed, errors) = Program::start(example(NAME), &[]).wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert_eq!(printed, header_output(NAME));
}

#[test]
fn server_and_client_are_two_programs() {
    let (_server, port) = word_book();
    for (word, answer) in [
        ("hello", "\"hello\" → 200 OK, 6 bytes: 你好\n"),
        ("再见", "\"再见\" → 200 OK, 7 bytes: goodbye\n"),
        ("tea", "\"tea\" → 404 No, 11 bytes: not in here\n"),
        ("", "\"\" → 404 No, 11 bytes: not in here\n"),
        ("hello\r\n\r\n", "\"hello\\r\\n\\r\\n\" → 404 No, 11 bytes: not in here\n"),
    ] {
        assert_eq!(ask(&port, word), (Some(0), answer.to_string(), String::new()));
    }
}

/// Text that a person types is enough, and input that is not STS is refused, in STS. A length in
/// characters is wrong.
#[test]
fn by_hand_it_is_text() {
    let (_server, port) = word_book();
    let not_sts = message("STS/1.1 400 Not STS", "the start line is not one of STS/1.1\n");
    let not_here = message("STS/1.1 404 No", "not in here");
    for (request, answer) in [
        (message("STS/1.1 SAY", "hello"), message("STS/1.1 200 OK", "你好")),
        (message("STS/1.1 SAY\r\nUnknown: x", "再见"), message("STS/1.1 200 OK", "goodbye")),
        ("STS/1.1 SAY\r\nContent-Length: 2\r\n\r\n再见".to_string(), not_here),
        ("GET / HTTP/1.1\r\nHost: me\r\n\r\n".to_string(), not_sts.clone()),
        (message("STS/2.0 SAY", "hello"), not_sts.clone()),
        (message("sts/1.1 SAY", "hello"), not_sts),
        (
            "STS/1.1 SAY\r\n\r\nhello".to_string(),
            message("STS/1.1 400 Not STS", "there is no Content-Length\n"),
        ),
        (
            "STS/1.1 SAY\r\nContent-Length: 1000000000000\r\n\r\n".to_string(),
            message("STS/1.1 413 Too Large", "the body is too large\n"),
        ),
    ] {
        assert_eq!(by_hand(&port, &request), answer, "{request:?}");
    }
}

/// With nc, which shows what arrived and nothing else.
#[test]
fn nc_speaks_it() {
    let Some(nc) = peer("nc") else { return };
    let (_server, port) = word_book();
    let mut nc = Program::start(nc, &["127.0.0.1", &port]);
    nc.type_in(&message("STS/1.1 SAY", "hello"));
    let (_, printed, _) = nc.wait();
    assert_eq!(printed, message("STS/1.1 200 OK", "你好"));
}

/// curl does not know STS. It reports this, and shows the answer if it is asked to show any data.
#[test]
fn curl_is_told_that_it_is_at_the_wrong_door() {
    let Some(curl) = peer("curl") else { return };
    let (_server, port) = word_book();
    let url = format!("http://127.0.0.1:{port}/");
    let (status, printed, errors) = Program::start(&curl, &["-sS", &url]).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains("HTTP/0.9"), "{errors}");
    let (status, printed, _) = Program::start(&curl, &["-sS", "--http0.9", &url]).wait();
    let expected = message("STS/1.1 400 Not STS", "the start line is not one of STS/1.1\n");
    assert_eq!((status.code(), printed), (Some(0), expected));
}

/// The reverse: our client connects to Node's web server, and Node's HTTP client to our server.
#[test]
fn node_and_sts_do_not_understand_each_other() {
    let Some(node) = peer("node") else { return };
    let script = "const server = http.createServer((request, response) => response.end('hi'))
        .listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))";
    let mut web = Program::start(&node, &["-e", script]);
    let port = web.port().to_string();
    let (status, printed, errors) = ask(&port, "hello");
    let expected = "the start line is not one of STS/1.1\n";
    assert_eq!((status, printed.as_str(), errors.as_str()), (Some(1), "", expected));

    let (_server, port) = word_book();
    let script = "http.get('http://127.0.0.1:' + process.argv[1])
        .on('error', (error) => console.log(error.code))";
    let (_, printed, errors) = Program::start(&node, &["-e", script, &port]).wait();
    assert_eq!((printed.as_str(), errors.as_str()), ("HPE_INVALID_CONSTANT\n", ""));
}

/// The lesson's program in Node was written from the specification, and shares no line with ours.
#[test]
fn nodes_word_book_and_ours_are_one() {
    let Some(node) = peer("node") else { return };
    let program = part("lessons/13_custom_protocol.md", "```js\n// sts.js\n", "\n```");
    let on = |port: &str| program.replace("5000", port);
    let run = |port: &str, more: &[&str]| {
        // After -e, the first argument is argv[1]: any value may stand in place of the file.
        Program::start(&node, &[&["-e", &on(port), "sts.js"], more].concat())
    };
    let (_server, port) = word_book();
    for (word, answer) in
        [("hello", "200 OK: 你好"), ("再见", "200 OK: goodbye"), ("😀", "404 No: not in here")]
    {
        let (_, printed, errors) = run(&port, &["client", word]).wait();
        assert_eq!((printed, errors.as_str()), (format!("STS/1.1 {answer}\n"), ""));
    }

    let theirs = program.replace("server.listen(5000", "server.listen(0");
    assert_ne!(theirs, program);
    let theirs = theirs.replace("at port 5000'", "at port ' + server.address().port");
    let mut theirs = Program::start(&node, &["-e", &theirs, "sts.js", "server"]);
    let port = theirs.port().to_string();
    for (word, answer) in [
        ("hello", "200 OK, 6 bytes: 你好"),
        ("再见", "200 OK, 7 bytes: goodbye"),
        ("茶", "404 No, 11 bytes: not in here"),
    ] {
        assert_eq!(ask(&port, word), (Some(0), format!("\"{word}\" → {answer}\n"), String::new()));
    }
    let refused = message("STS/1.1 400 Not STS", "I speak STS/1.1 only\n");
    assert_eq!(by_hand(&port, "GET / HTTP/1.1\r\nHost: me\r\n\r\n"), refused);
}

/// A faulty server: the client reports the fault, and does not take a part for the whole.
#[test]
fn an_answer_that_is_not_whole_is_an_error() {
    for (answer, complaint) in [
        (
            "STS/1.1 200 OK\r\nContent-Length: 6\r\n\r\n你",
            "the connection ended before the answer did\n",
        ),
        ("STS/1.1 200 OK\r\nContent-Len", "the connection ended before the answer did\n"),
        ("STS/1.1 200 OK\r\n\r\n你好", "there is no Content-Length\n"),
        (
            "STS/1.2 200 OK\r\nContent-Length: 6\r\n\r\n你好",
            "the start line is not one of STS/1.1\n",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port().to_string();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            let mut request = vec![0; message("STS/1.1 SAY", "hello").len()];
            stream.read_exact(&mut request).expect("the request");
            assert_eq!(request, message("STS/1.1 SAY", "hello").into_bytes());
            stream.write_all(answer.as_bytes()).expect("connected");
        });
        let (status, printed, errors) = ask(&port, "hello");
        serving.join().expect("the server's thread");
        assert_eq!((status, printed.as_str(), errors.as_str()), (Some(1), "", complaint));
    }
}

/// The specification includes a time limit, and a byte now and then does not extend it.
#[test]
#[ignore = "ten seconds, as the agreement says"]
fn who_is_too_slow_is_told_so() {
    let (_server, port) = word_book();
    let begin = Instant::now();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("not zero");
    stream.write_all(b"STS/1.1 SAY\r\nSlow: ").expect("connected");
    let mut answer = Vec::new();
    let ended = loop {
        match stream.read_to_end(&mut answer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                assert!(begin.elapsed() < DEADLINE, "{answer:?}");
                let _ = stream.write_all(b"o"); // the server may have ended already
            }
            ended => break ended,
        }
    };
    ended.expect("the server's end, and no reset");
    let expected = message("STS/1.1 408 Too Slow", "the request did not come in time\n");
    assert_eq!(String::from_utf8_lossy(&answer), expected);
    assert!(begin.elapsed() >= Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// The specification in the lesson is the one in the documentation of the module.
#[test]
fn there_is_one_grammar() {
    let lesson = part("lessons/13_custom_protocol.md", "```text\nrequest", "```");
    let docs = part("src/sts.rs", "//! ```text\n//! request", "//! ```");
    assert_eq!(lesson, docs.replace("//! ", ""));
}

#[test]
fn what_goes_wrong_is_explained() {
    let usage = "after -- goes nothing, server PORT, or client HOST PORT WORD\n";
    for (bad, message) in [
        (&["server"] as &[_], usage),
        (&["client", "127.0.0.1", "80"], usage),
        (&["serve", "80"], usage),
        (&["server", "http"], "a port is 0 to 65535\n"),
        (&["client", "127.0.0.1", "65536", "hello"], "a port is 0 to 65535\n"),
    ] {
        let (status, printed, errors) = Program::start(example(NAME), bad).wait();
        let status = status.code();
        assert_eq!((status, printed.as_str(), errors.as_str()), (Some(1), "", message), "{bad:?}");
    }
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port();
    let (status, _, errors) = Program::start(example(NAME), &["server", &port.to_string()]).wait();
    assert_eq!(status.code(), Some(1));
    let hint = format!("Try  -- server {}\n", port.wrapping_add(1));
    assert!(errors.contains("EADDRINUSE") && errors.ends_with(&hint), "{errors}");
    drop(holder);
    let (status, _, errors) = ask(&port.to_string(), "hello");
    let refused = format!("connect ECONNREFUSED 127.0.0.1:{port}\n");
    assert_eq!((status, errors), (Some(1), refused));
}

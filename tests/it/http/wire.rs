//! The bytes on the wire: every refusal, and the forms of an answer.

use super::cases;
use super::running;
use crate::common;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{until, within};
use net::http::{Options, Response};
use net_notes as net;
use running::Running;

#[test]
fn a_bad_request_is_refused_and_never_reaches_the_handler() {
    let server = Arc::new(Running::new(|_, response| response.end_with("reached")));
    within("all refusals", {
        let server = server.clone();
        move || {
            for case in cases::refused() {
                // Byte by byte unless that is a million system calls; the parser alone is tested
                // with all of them byte by byte.
                let size = if case.request.len() < 2000 { 1 } else { 1000 };
                for size in [case.request.len(), size] {
                    let mut client = server.client();
                    let answer = client.send_pieces(&case.request, size).answer();
                    let name = format!("{} by {size}: {answer:?}", case.name);
                    assert_eq!(answer.status, case.status, "{name}");
                    assert!(answer.has("connection: close"), "{name}");
                    assert!(answer.text().contains(case.why), "{name}: {}", answer.text());
                    client.at_end();
                }
            }
        }
    });
    assert_eq!(server.calls(), 0);
}

#[test]
fn a_good_request_reaches_the_handler_however_it_is_cut() {
    let server = Running::new(|request, response| {
        let query = request.query().unwrap_or("-");
        let (method, path, text) = (request.method(), request.path(), request.text());
        response.header("Connection", "close");
        response.end_with(format!("{method} {path} {query} '{text}'"));
    });
    for (name, request, seen) in cases::accepted() {
        for size in [request.len(), 1] {
            let mut client = server.client();
            let mut answer = client.send_pieces(request, size).answer();
            if answer.status == 100 {
                answer = client.answer(); // the body was slower than the server
            }
            assert_eq!((answer.status, answer.text().as_str()), (200, seen), "{name} by {size}");
            client.at_end();
        }
    }
    assert_eq!(server.calls(), 2 * cases::accepted().len());
    server.close();
}

#[test]
fn limits_are_options() {
    let options = Options::default()
        .request_line_limit(30)
        .head_limit(100)
        .header_lines_limit(3)
        .body_limit(5);
    let server = Running::with(options, |_, response| response.end());
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: b\r\n\r\n".to_string(), 200),
        ("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nA: c\r\nA: d\r\n".to_string(), 431),
        (format!("GET /{} HTTP/1.1\r\n", "a".repeat(30)), 414),
        (format!("GET / HTTP/1.1\r\nHost: {}", "a".repeat(100)), 431),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n".to_string(), 413),
        ("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello".to_string(), 200),
    ] {
        assert_eq!(server.client().send(&request).answer().status, status, "{request}");
    }
}

/// Handlers, and their answers to a request: the bytes, except times.
#[test]
fn forms_of_an_answer() {
    type Handler = fn(&Response);
    let cases: &[(&str, &str, Handler, &str)] = &[
        (
            "written",
            "GET 1.1",
            |r| assert!(r.write("hel") && r.write("lo")),
            "200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ),
        ("nothing", "GET 1.1", |_| (), "200 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            "end twice",
            "GET 1.1",
            |r| {
                r.end_with("a");
                r.end_with("b");
                assert!(!r.write("c"))
            },
            "200 OK\r\nContent-Length: 1\r\n\r\na",
        ),
        (
            "status",
            "GET 1.1",
            |r| r.status(404).end_with("no"),
            "404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        ),
        (
            "a status of one's own",
            "GET 1.1",
            |r| r.status(299).end(),
            "299 \r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "header",
            "GET 1.1",
            |r| r.header("A", "b").header("a", "c").end(),
            "200 OK\r\na: c\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "cookies",
            "GET 1.1",
            |r| r.header("Set-Cookie", "b").header("set-cookie", "c").end(),
            "200 OK\r\nSet-Cookie: b\r\nset-cookie: c\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "UTF-8",
            "GET 1.1",
            |r| r.header("A", "网").end_with("络"),
            "200 OK\r\nA: 网\r\nContent-Length: 3\r\n\r\n络",
        ),
        (
            "close",
            "GET 1.1",
            |r| r.header("Connection", "close").end_with("a"),
            "200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        ),
        (
            "a wrong length",
            "GET 1.1",
            |r| r.header("Content-Length", "9").end_with("a"),
            "200 OK\r\nContent-Length: 1\r\n\r\na",
        ),
        ("204", "GET 1.1", |r| r.status(204).end_with("a"), "204 No Content\r\n\r\n"),
        ("304", "GET 1.1", |r| r.status(304).end_with("a"), "304 Not Modified\r\n\r\n"),
        (
            "205",
            "GET 1.1",
            |r| r.status(205).end_with("a"),
            "205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "204, a length",
            "GET 1.1",
            |r| r.status(204).header("Content-Length", "5").end_with("hello"),
            "204 No Content\r\n\r\n",
        ),
        (
            "204, long",
            "GET 1.1",
            |r| assert!(r.status(204).header("Content-Length", "20000").write([b'a'; 20_000])),
            "204 No Content\r\n\r\n",
        ),
        (
            "205, long",
            "GET 1.1",
            |r| assert!(r.status(205).header("Content-Length", "20000").write([b'a'; 20_000])),
            "205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "304, long",
            "GET 1.1",
            |r| assert!(r.status(304).write([b'a'; 20_000])),
            "304 Not Modified\r\n\r\n",
        ),
        (
            "304, its own length",
            "GET 1.1",
            |r| r.status(304).header("Content-Length", "9").end_with("a"),
            "304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        ),
        ("HEAD", "HEAD 1.1", |r| r.end_with("hello"), "200 OK\r\nContent-Length: 5\r\n\r\n"),
        (
            "HEAD, its own length",
            "HEAD 1.1",
            |r| r.header("Content-Length", "9").end(),
            "200 OK\r\nContent-Length: 9\r\n\r\n",
        ),
        (
            "HEAD, 204",
            "HEAD 1.1",
            |r| r.status(204).header("Content-Length", "9").end(),
            "204 No Content\r\n\r\n",
        ),
        (
            "HEAD, its length twice",
            "HEAD 1.1",
            |r| r.header("Content-Length", "9, 009").end(),
            "200 OK\r\nContent-Length: 9\r\n\r\n",
        ),
        ("HEAD, no length", "HEAD 1.1", |r| r.end(), "200 OK\r\n\r\n"),
        (
            "HEAD, long",
            "HEAD 1.1",
            |r| assert!(r.write([b'a'; 20_000])),
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            "1.0",
            "GET 1.0",
            |r| r.end_with("a"),
            "200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        ),
        // Mistakes.
        ("a line too many", "GET 1.1", |r| r.header("A", "b\r\nC: d").end_with("e"), "500"),
        ("a line feed", "GET 1.1", |r| r.header("A", "b\nC: d").end_with("e"), "500"),
        ("a NUL", "GET 1.1", |r| r.header("A", "\0").end_with("e"), "500"),
        ("a name of two lines", "GET 1.1", |r| r.header("A: b\r\nC", "d").end_with("e"), "500"),
        ("no name", "GET 1.1", |r| r.header("", "d").end_with("e"), "500"),
        ("a space in the name", "GET 1.1", |r| r.header("A ", "d").end_with("e"), "500"),
        ("coding", "GET 1.1", |r| r.header("Transfer-Encoding", "chunked").end_with("e"), "500"),
        ("length", "GET 1.1", |r| r.header("Content-Length", "e").end_with("e"), "500"),
        ("status 101", "GET 1.1", |r| r.status(101).end_with("e"), "500"),
        ("status 0", "GET 1.1", |r| r.status(0).end_with("e"), "500"),
        ("status 600", "GET 1.1", |r| r.status(600).end_with("e"), "500"),
        (
            "a mistake, then much",
            "GET 1.1",
            |r| {
                r.header("A", "\n");
                r.write([b'a'; 20_000]);
                r.end()
            },
            "500",
        ),
    ];
    let handlers: Vec<(&str, Handler)> = cases.iter().map(|case| (case.0, case.2)).collect();
    let server = Running::new(move |request, response| {
        let name = request.header("case").expect("sent");
        let (_, handler) = handlers.iter().find(|(other, _)| *other == name).expect("there");
        handler(&response);
    });
    for (name, request, _, expected) in cases {
        let (method, version) = request.split_once(' ').expect("two");
        let mut client = server.client();
        client.send(format!("{method} / HTTP/{version}\r\nHost: a\r\nCase: {name}\r\n\r\n")).end();
        let answer = String::from_utf8(client.rest()).expect("UTF-8");
        let date = answer.find("Date: ").unwrap_or_else(|| panic!("{name}: no date in {answer}"));
        let date_end = date + answer[date..].find("\r\n").expect("a line") + 2;
        assert_eq!(date_end - date, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".len());
        let answer = format!("{}{}", &answer[..date], &answer[date_end..]);
        let expected = match *expected {
            "500" => {
                "500 Internal Server Error\r\nContent-Length: 26\r\n\r\n500 Internal Server Error\n"
            }
            expected => expected,
        };
        // An answer that keeps the connection says so, and for how long, as Node does.
        let kept = "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=10\r\n\r\n";
        let expected = match expected.contains("Connection: close") {
            true => expected.to_string(),
            false => expected.replacen("\r\n\r\n", kept, 1),
        };
        assert_eq!(answer, format!("HTTP/1.1 {expected}"), "{name}");
    }
    server.close();
}

/// Also if one of several lines of a name is empty.
#[test]
fn what_request_header_returns_can_be_set_in_an_answer() {
    let server = Running::new(|request, response| {
        let lines = request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("x")).count();
        response.header("X", request.header("x").unwrap_or("none"));
        response.end_with(lines.to_string());
    });
    for (lines, joined, count) in [
        ("X: 7\r\nX:\r\n", "7", "2"),
        ("X:\r\nx: 7\r\nX: \r\n", "7", "3"),
        ("X:\r\nX:\r\n", "", "2"),
        ("X: 7\r\nX: 8\r\nX:\r\n", "7, 8", "3"),
        ("", "none", "0"),
    ] {
        let mut client = server.client();
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}Connection: close\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status, 200, "{lines:?}: {}", answer.text());
        assert!(answer.has(&format!("x: {joined}")), "{lines:?}: {}", answer.head);
        assert_eq!(answer.text(), count, "{lines:?}");
    }
    server.close();
}

#[test]
fn a_long_answer_goes_out_in_chunks_or_up_to_the_end() {
    let server = Running::new(|_, response| {
        for part in 0..100 {
            response.write([b'0' + part % 10; 1000]);
        }
        response.end();
    });
    let expected: Vec<u8> = (0..100).flat_map(|part| [b'0' + part % 10; 1000]).collect();
    let mut client = server.client();
    for _ in 0..2 {
        let answer = client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer();
        assert!(
            answer.has("transfer-encoding: chunked") && !answer.head.contains("content-length")
        );
        assert!(answer.body == expected);
    }
    drop(client);
    let mut client = server.client();
    let answer = client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer();
    assert!(answer.has("connection: close") && !answer.head.contains("transfer-encoding"));
    assert!(answer.body == expected);
    client.at_end();
    drop(client);
    server.close();
}

#[test]
fn a_long_end_has_its_length() {
    let server = Running::new(|_, response| response.end_with(vec![b'a'; 3_000_000]));
    let mut client = server.client();
    for _ in 0..2 {
        let answer = client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer();
        assert!(answer.has("content-length: 3000000"));
    }
    drop(client);
    server.close();
}

#[test]
fn a_promised_length_is_kept_or_the_connection_ends() {
    let server = Running::new(|request, response| {
        response.header("Content-Length", "20000");
        let size = if request.path() == "/less" { 19_000 } else { 21_000 };
        response.write([b'a'; 18_000]);
        response.end_with(vec![b'b'; size - 18_000]);
    });
    let mut client = server.client();
    for _ in 0..2 {
        let answer = client.send("GET /more HTTP/1.1\r\nHost: a\r\n\r\n").answer();
        assert_eq!(answer.body.len(), 20_000);
    }
    drop(client);
    let mut client = server.client();
    client.send("GET /less HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(client.rest().len(), 19_000);
    drop(client);
    server.close();
}

#[test]
fn what_was_written_goes_out_when_the_handler_returns() {
    let (give, responses) = channel();
    let give = Mutex::new(give);
    let server = Running::new(move |_, response| {
        assert!(response.write("first"));
        give.lock().expect("no panic").send(response).expect("the test waits");
    });
    for version in ["1.1", "1.0"] {
        let mut client = server.client();
        client.send(format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n"));
        let head = client.answer_to_head();
        let response = responses.recv_timeout(common::DEADLINE).expect("called");
        if version == "1.1" {
            assert!(head.has("transfer-encoding: chunked"));
            assert_eq!(client.body(10), b"5\r\nfirst\r\n");
            response.write("second");
            assert_eq!(client.body(11), b"6\r\nsecond\r\n");
            response.end_with("!");
            assert_eq!(client.body(11), b"1\r\n!\r\n0\r\n\r\n");
            // And the connection stays open.
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            drop(responses.recv_timeout(common::DEADLINE).expect("called"));
            assert_eq!(client.answer().text(), "first");
        } else {
            assert_eq!(client.body(5), b"first");
            response.write("second");
            assert_eq!(client.body(6), b"second");
            drop(response);
            client.at_end();
        }
    }
    server.close();
}

#[test]
fn the_server_says_continue_before_the_body() {
    let server = Running::new(|request, response| response.end_with(request.body()));
    let mut client = server.client();
    for _ in 0..2 {
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        );
        assert_eq!(client.answer().status, 100);
        assert_eq!(client.send("hello").answer().text(), "hello");
    }
    drop(client);
    server.close();
}

#[test]
fn a_time_of_zero_is_no_limit() {
    let options = Options::default().request_timeout(Duration::ZERO).idle_timeout(Duration::ZERO);
    let server = Running::with(options, |_, response| response.end_with(vec![b'a'; 20_000_000]));
    let mut client = server.client();
    for _ in 0..2 {
        client.send_pieces(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1);
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.len()), (200, 20_000_000));
    }
    client.end().at_end();
    server.close();
}

#[test]
fn a_request_without_an_end_is_too_slow() {
    let options = Options::default()
        .request_timeout(Duration::from_millis(300))
        .idle_timeout(Duration::from_secs(1)); // until the first byte
    let server = Arc::new(Running::with(options, |_, response| response.end()));
    for start in [
        "G",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let mut client = server.client();
        assert_eq!(client.send(start).answer().status, 408, "{start}");
        client.at_end();
    }
    // A byte now and then does not extend the time.
    let mut client = server.client();
    let stream = client.stream().try_clone().expect("a descriptor");
    let (stop, stopped) = channel::<()>();
    let trickle = thread::spawn(move || {
        use std::io::Write;
        while stopped.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
            let _ = (&stream).write_all(b"a");
        }
    });
    assert_eq!(client.answer().status, 408);
    client.at_end();
    drop(stop);
    trickle.join().unwrap_or_default();
    // A client that sends nothing receives nothing, before the first request and after it.
    server.client().at_end();
    let mut client = server.client();
    assert_eq!(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer().status, 200);
    client.at_end();
    assert_eq!(server.calls(), 1);
    until("all connections are gone", || server.server.connections() == 0);
}

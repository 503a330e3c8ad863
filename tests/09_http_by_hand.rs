//! Lesson 9: a client that speaks HTTP by hand, against servers that behave in all ways, and real
//! ones.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, as_in_header, example, header_output, peer, within};
use net::{EventSocket, event, http};
use net_notes as net;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const NAME: &str = "09_http_by_hand";

/// Starts a server for one client, in plain std: it reads the request to its blank line, then runs
/// `act`.
fn server(host: &str, act: impl FnOnce(TcpStream) + Send + 'static) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_nodelay(true).expect("a TCP socket");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request to its blank line");
            request.push(byte[0]);
        }
        act(stream);
        String::from_utf8(request).expect("ASCII")
    });
    (port, serving)
}

/// Returns the example's exit status, its lines after the request, and its error messages.
fn ask(port: u16, more: &[&str]) -> (Option<i32>, String, String) {
    let port = port.to_string();
    let args = [&["127.0.0.1", &port], more].concat();
    let (status, printed, errors) = Program::start(example(NAME), &args).wait();
    let (request, answer) = printed.split_once("blank line\n").unwrap_or(("", &printed));
    assert!(request.starts_with("request line  GET ") || request.is_empty(), "{printed}");
    (status.code(), answer.to_string(), errors.replace(&format!("127.0.0.1 port {port}: "), ""))
}

/// Returns the same for a server that sends this answer in pieces of `size` bytes, and ends.
fn answered(answer: &str, size: usize) -> (Option<i32>, String, String) {
    let pieces: Vec<Vec<u8>> = answer.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
    let (port, serving) = server("127.0.0.1", move |mut stream| {
        // A client that has the whole answer leaves: then the rest cannot be sent.
        let _ = pieces.iter().try_for_each(|piece| stream.write_all(piece));
    });
    let result = ask(port, &[]);
    serving.join().expect("the server's thread");
    result
}

/// Leaves out what differs from run to run.
fn without_date(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("header        Date: ") {
        Some(date) => format!("header        Date: {} characters\n", date.len()),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn it_prints_what_its_header_shows() {
    let (status, printed, errors) = Program::start(example(NAME), &[]).wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{printed}");
    assert_eq!(without_date(&as_in_header(&printed)), without_date(&header_output(NAME)));
}

#[test]
fn the_request_is_the_text_that_it_shows() {
    for (host, path, expected) in [
        ("127.0.0.1", None, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"),
        ("127.0.0.1", Some("/a%20b?c"), "GET /a%20b?c HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"),
        ("::1", None, "GET / HTTP/1.1\r\nHost: [::1]:PORT\r\n\r\n"),
    ] {
        if host == "::1" && TcpListener::bind((host, 0)).is_err() {
            common::skipped("no IPv6");
            continue;
        }
        let (port, serving) = server(host, |mut stream| {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("connected");
        });
        let port = port.to_string();
        let args = [&[host, &port], path.as_slice()].concat();
        let (status, printed, errors) = Program::start(example(NAME), &args).wait();
        assert_eq!(status.code(), Some(0), "{printed}{errors}");
        let request = serving.join().expect("the server's thread");
        assert_eq!(request, expected.replace("PORT", &port));
        for line in request.lines().filter(|line| !line.is_empty()) {
            assert!(printed.contains(line), "{line} in {printed}");
        }
    }
}

/// Port 80 needs no number: checked without a server, as none may listen there.
#[test]
fn at_port_80_the_host_stands_alone() {
    let (_, printed, _) = Program::start(example(NAME), &["127.0.0.1", "80"]).wait();
    assert!(printed.contains("header        Host: 127.0.0.1\nblank line\n"), "{printed}");
}

#[test]
fn however_it_is_cut_the_answer_is_the_same() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-LENGTH:13  \r\nX: y\r\n\r\n三 pieces\r\n!";
    let expected = "status line   HTTP/1.1 200 OK\nheader        content-LENGTH:13  \nheader        X: y\n\
                    blank line\nbody          13 of 13 bytes\n三 pieces\r\n!\n";
    let expected = (Some(0), expected.to_string(), String::new());
    for size in [1, 2, 3, 7, whole.len()] {
        assert_eq!(answered(whole, size), expected, "pieces of {size} bytes");
    }
}

#[test]
fn a_length_is_digits_and_one() {
    for (lines, error) in [
        ("Content-Length: +5", "\"+5\" is no length"),
        ("Content-Length: 5 5", "\"5 5\" is no length"),
        ("Content-Length: 0x5", "\"0x5\" is no length"),
        ("Content-Length:", "\"\" is no length"),
        ("Content-Length: 99999999999999999999999", "\"99999999999999999999999\" is no length"),
        ("Content-Length: 5\r\nContent-Length: 6", "there are two lengths, and they differ"),
    ] {
        let (status, _, errors) = answered(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\nhello"), 7);
        assert_eq!(status, Some(1), "{lines}");
        assert!(errors.contains(error), "{lines}: {errors}");
    }
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(answered(twice, 7).0, Some(0));
}

#[test]
fn a_head_without_end_is_not_kept() {
    for line in ["A: b\r\n", "a"] {
        let (status, _, errors) =
            answered(&format!("HTTP/1.1 200 OK\r\n{}", line.repeat(20_000)), 1000);
        assert_eq!(status, Some(1));
        assert!(errors.contains("the head has more than 16384 bytes"), "{errors}");
    }
}

#[test]
fn what_a_terminal_obeys_is_not_sent_to_it() {
    let answer = "HTTP/1.1 200 OK\r\nA: \u{1b}[2J\u{9b}\r\nContent-Length: 12\r\n\r\n\u{1b}[31m\u{9b}\ta\rb\n";
    let (status, printed, errors) = answered(answer, 1000);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(!printed.contains(['\u{1b}', '\u{9b}', '\r']), "{printed:?}");
    assert!(printed.contains(r"\u{1b}[31m\u{9b}") && printed.contains(r"\rb"), "{printed:?}");
}

#[test]
fn where_the_body_ends() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0 of 0 bytes\n\n"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "2 of 2 bytes\nno\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno more", "2 of 2 bytes\nno\n"),
        ("HTTP/1.0 200 OK\nContent-Length: 2\n\nLF", "2 of 2 bytes\nLF\n"),
        ("HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "0 of 0 bytes\n\n"),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "0 of 0 bytes\n\n"),
        (
            "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "2 of 2 bytes\nok\n",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nthe end", "7 bytes, and no length: was that all?\nthe end\n"),
    ] {
        for size in [1, 1000] {
            let (status, printed, errors) = answered(answer, size);
            assert_eq!((status, errors.as_str()), (Some(0), ""), "{answer}: {printed}");
            let (head, rest) = printed.split_once("body          ").unwrap_or_default();
            assert!(head.ends_with("blank line\n") && !head.contains("103"), "{answer}: {printed}");
            assert_eq!(rest, body, "{answer}");
        }
    }
}

#[test]
fn what_is_not_whole_or_not_understood_is_said() {
    for (answer, body, complaint) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhalf of it",
            "body          10 of 30 bytes\nhalf of it\n",
            "cut short: 20 bytes are missing",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Len", "", "the connection ended before the head did"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
            "",
            "the connection ended before the head did",
        ),
        ("", "", "the connection ended before the head did"),
        ("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nno", "", "\"two\" is no length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nno", "", "\"-2\" is no length"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
            "",
            "the body is chunked: its length is not in the head, and this client knows no other place",
        ),
        ("Hello, this is server!\n\rBye!\n\r", "", "this is no HTTP: \"Hello, this is server!\""),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", "", "this is no HTTP: \"\""),
    ] {
        for size in [1, 1000] {
            let (status, printed, errors) = answered(answer, size);
            assert_eq!((status, errors), (Some(1), format!("{complaint}\n")), "{answer}");
            let shown = printed.split_once("blank line\n").map_or("", |(_, body)| body);
            assert_eq!(shown, body, "{answer}");
        }
    }
}

/// The length decides, and not the end of the connection: the server would keep it open for ever.
#[test]
fn with_a_length_it_does_not_wait_for_the_servers_end() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", // an error, at once
    ] {
        let (port, serving) = server("127.0.0.1", move |mut stream| {
            stream.write_all(answer.as_bytes()).expect("connected");
            assert_eq!(stream.read(&mut [0]).expect("the client's end"), 0);
        });
        let (status, ..) = ask(port, &[]);
        assert_eq!(status, Some(i32::from(answer.contains("chunked"))), "{answer}");
        serving.join().expect("the client has closed first");
    }
}

/// A reset is visible: without a length it is the only incomplete end that is.
#[test]
fn a_reset_is_an_error_and_what_came_is_shown() {
    if common::wine_lacks(common::RESET_BY_CLOSE) {
        return;
    }
    for (head, body) in
        [("", "4 bytes, and no length: was that all?"), ("Content-Length: 9\r\n", "4 of 9 bytes")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            stream.peek(&mut [0]).expect("a request"); // it stays unread, so closing causes a reset
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\nhalf");
            stream.write_all(answer.as_bytes()).expect("connected");
        });
        let (status, printed, errors) = ask(port, &[]);
        serving.join().expect("the server's thread");
        assert_eq!((status, errors.as_str()), (Some(1), "read ECONNRESET\n"), "{printed}");
        if cfg!(target_os = "linux") {
            // Another kernel may drop what had arrived.
            assert!(printed.ends_with(&format!("body          {body}\nhalf\n")), "{printed}");
        }
    }
}

#[test]
#[ignore = "takes three seconds"]
fn a_server_that_is_silent_is_left_after_a_while() {
    let begin = Instant::now();
    let (port, serving) = server("127.0.0.1", |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").expect("connected");
        assert_eq!(stream.read(&mut [0]).expect("the client's end"), 0);
    });
    let (status, _, errors) = ask(port, &[]);
    assert_eq!((status, errors.as_str()), (Some(1), "3 s of silence\n"));
    assert!(begin.elapsed() >= Duration::from_secs(3), "{:?}", begin.elapsed());
    serving.join().expect("the client has closed");
}

/// Node's web server: it keeps the connection, sends a length, or sends chunks if it does not know
/// the length.
#[test]
fn nodes_web_server_is_understood() {
    let Some(node) = peer("node") else { return };
    let script = r"
        const server = http.createServer((request, response) => {
            response.sendDate = false;
            if (request.url === '/chunks') response.write('一');
            response.end(request.method + ' ' + request.url + ' for ' + request.headers.host);
        });
        server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
    ";
    let mut server = Program::start(node, &["-e", script]);
    let port = server.port();
    let (status, printed, errors) = ask(port, &["/page?n=1"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{printed}");
    let text = format!("GET /page?n=1 for 127.0.0.1:{port}");
    let (head, body) = printed.split_once("blank line\n").unwrap_or_default();
    assert_eq!(body, format!("body          {0} of {0} bytes\n{text}\n", text.len()));
    let head: Vec<&str> = head.lines().collect();
    assert_eq!(head[0], "status line   HTTP/1.1 200 OK");
    assert!(head.contains(&"header        Connection: keep-alive"), "{head:?}");

    let (status, _, errors) = ask(port, &["/chunks"]);
    assert_eq!(status, Some(1));
    assert!(errors.starts_with("the body is chunked: "), "{errors}");
}

/// A person with nc can be the server. Lines typed there end in LF, without CR.
#[test]
fn a_person_can_be_the_server() {
    let Some(nc) = peer("nc").filter(|_| cfg!(target_os = "linux")) else { return };
    let mut nc = Program::start(nc, &["-l", "-v", "-n", "127.0.0.1", "0"]);
    let listening = nc.error_with("\n");
    let port = listening.trim_end().rsplit(' ').next().unwrap_or_default().to_string();
    let client = Program::start(example(NAME), &["127.0.0.1", &port, "/tea"]);
    assert_eq!(nc.line(), "GET /tea HTTP/1.1\r\n");
    assert_eq!(nc.line(), format!("Host: 127.0.0.1:{port}\r\n"));
    assert_eq!(nc.line(), "\r\n");
    nc.type_in("HTTP/1.1 200 OK\nContent-Length: 3\n\nhi\n");
    let (status, printed, errors) = client.wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{printed}");
    assert!(printed.ends_with("body          3 of 3 bytes\nhi\n"), "{printed}");
}

/// The lesson's measurement: the first piece of an answer is not the answer, although of a short
/// answer it always was.
#[test]
fn the_first_piece_of_a_long_answer_is_not_the_answer() {
    for (size, whole) in [(100, true), (102_400, false)] {
        let server = http::create_server(move |_, response| response.end_with(vec![b'x'; size]));
        server.listen(("127.0.0.1", 0), |_| {}).expect("a free port");
        let running = server.spawn();
        for _ in 0..20 {
            let pieces = Arc::new(Mutex::new(Vec::new()));
            let so_far = pieces.clone();
            let client = EventSocket::new(server.address().expect("it listens"));
            client.write("GET / HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n");
            client.on(event::Data, move |_, piece| so_far.lock().unwrap().push(piece.len()));
            within("an answer", move || client.run()).expect("no error");
            let pieces = pieces.lock().unwrap();
            assert_eq!(pieces.len() == 1, whole, "{size}: {pieces:?}");
            assert!(pieces.iter().sum::<usize>() > size, "{size}: {pieces:?}");
        }
        server.close().expect("it listens");
        running.join().expect("no panic").expect("no error");
    }
}

#[test]
fn a_server_that_is_not_there_is_explained() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let (status, printed, errors) = ask(port, &[]);
    let expected = format!("connect ECONNREFUSED 127.0.0.1:{port}\n");
    assert_eq!((status, printed.as_str(), errors), (Some(1), "", expected));
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    let path = "a path begins with / and is plain ASCII; a space in it is written %20\n";
    for (bad, message) in [
        (&["127.0.0.1"] as &[_], "after -- goes nothing, HOST PORT, or HOST PORT PATH\n"),
        (&["a", "80", "/", "b"], "after -- goes nothing, HOST PORT, or HOST PORT PATH\n"),
        (&["http://www.baidu.com", "80"], "the host is a bare name, as in www.baidu.com\n"),
        (&["127.0.0.1", "http"], "a port is a number, 0 to 65535\n"),
        (&["127.0.0.1", "65536"], "a port is a number, 0 to 65535\n"),
        (&["127.0.0.1", "80", "tea"], path),
        (&["127.0.0.1", "80", "/a b"], path),
        (&["127.0.0.1", "80", "/ HTTP/1.1\r\nX: y"], path),
        (&["127.0.0.1", "80", "/茶"], path),
    ] {
        let (status, printed, errors) = Program::start(example(NAME), bad).wait();
        let status = status.code();
        assert_eq!((status, printed.as_str(), errors.as_str()), (Some(1), "", message), "{bad:?}");
    }
}

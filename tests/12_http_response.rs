//! Lesson 12: an HTTP answer by hand, right and wrong, and how curl, our own client and a browser
//! read it.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[cfg(unix)]
use common::browser;

use common::{DEADLINE, Program, peer, within};
use net::http;
use net_notes as net;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

const NAME: &str = "12_http_response";
const RIGHT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, 你好";

fn start() -> (Program, u16) {
    common::start_example(NAME)
}

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example(NAME, arguments, DEADLINE)
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).success().get_output().stdout.clone()).expect("UTF-8")
}

/// Returns a page of the lesson, as it is in the repository.
fn page(path: &str) -> String {
    let text = std::fs::read_to_string(common::root().join(path)).expect("the page");
    text.replace("\r\n", "\n")
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream
}

/// Returns everything that arrives until the server ends. A reset is a failure.
fn rest(stream: &mut TcpStream) -> String {
    let mut all = String::new();
    stream.read_to_string(&mut all).expect("an end, and not a reset");
    all
}

#[test]
fn it_prints_what_its_header_shows() {
    let (server, port) = start();
    for (path, answer) in [("/", RIGHT.to_string()), ("/lf", LF.to_string())] {
        let mut client = connect(port);
        write!(client, "GET {path} HTTP/1.1\r\nHost: me\r\n\r\n").expect("connected");
        assert_eq!(rest(&mut client), answer);
    }
    let (printed, errors) = server.kill();
    let shown = common::as_in_header(&printed).replace("5000", "10086");
    assert_eq!((shown, errors.as_str()), (common::header_output(NAME), ""));
}

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const LF: &str =
    "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\nConnection: close\n\nHello, 你好";

/// No byte of the answer is sent before the last byte of the head, also if there is time for
/// another client in between.
#[test]
fn it_reads_before_it_answers_however_the_request_is_cut() {
    let (mut server, port) = start();
    let request = b"GET / HTTP/1.1\r\nHost: me\r\n\r\n";
    for size in [1, 3, request.len()] {
        let mut client = connect(port);
        client.set_nodelay(true).expect("a TCP socket");
        let (last, first) = request.split_last().expect("not empty");
        first.chunks(size).for_each(|piece| client.write_all(piece).expect("connected"));
        let mut other = connect(port);
        other.write_all(b"GET /lf HTTP/1.1\r\n\r\n").expect("connected");
        assert_eq!(rest(&mut other), LF);
        client.set_nonblocking(true).expect("a TCP socket");
        let early = client.read(&mut [0]).expect_err("no answer yet");
        assert_eq!(early.kind(), ErrorKind::WouldBlock);
        client.set_nonblocking(false).expect("a TCP socket");
        client.write_all(&[*last]).expect("connected");
        assert_eq!(rest(&mut client), RIGHT, "in pieces of {size}");
        assert_eq!(server.line_with("GET"), "GET /lf HTTP/1.1\n");
        assert_eq!(server.line(), "GET / HTTP/1.1\n");
    }
}

/// One answer for each connection, and never a reset: what follows the first request is read, and
/// not answered.
#[test]
fn what_comes_after_the_request_does_no_harm() {
    let (server, port) = start();
    let request = "GET / HTTP/1.1\r\nHost: me\r\n\r\n";
    for _ in 0..20 {
        let mut client = connect(port);
        let all = [request, request, &"?".repeat(100_000), request].concat();
        client.write_all(all.as_bytes()).expect("connected");
        assert_eq!(rest(&mut client), RIGHT);
    }
    let mut client = connect(port);
    client.write_all(b"GET /nothing HTTP/1.1\r\n\r\n").expect("connected");
    assert_eq!(rest(&mut client), NOT_FOUND);
    let mut client = connect(port);
    client.write_all(b"GET / HTTP/1.1\r\n").expect("connected");
    client.shutdown(Shutdown::Write).expect("connected");
    assert_eq!(rest(&mut client), "", "half a request");
    let (printed, errors) = server.kill();
    let asked: Vec<&str> = printed.lines().skip(1).collect();
    assert_eq!(asked[..20], ["GET / HTTP/1.1"; 20]);
    assert_eq!((&asked[20..], errors.as_str()), (&["GET /nothing HTTP/1.1"][..], ""));
}

/// A line that never ends does not fill the memory: the server ends, and does not wait until the
/// client stops.
#[test]
fn a_line_without_end_is_not_kept() {
    let (_server, port) = start();
    let mut client = connect(port);
    for _ in 0..1024 {
        client.write_all(&[b'x'; 64 * 1024]).expect("it is read");
        client.set_nonblocking(true).expect("a TCP socket");
        match client.read(&mut [0]) {
            Ok(0) => return,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => panic!("{other:?}"),
        }
        client.set_nonblocking(false).expect("a TCP socket");
    }
    panic!("64 MiB of a line were taken");
}

/// A browser opens spare connections, on which it sends nothing.
#[test]
#[ignore = "takes two seconds"]
fn who_says_nothing_is_not_waited_for_for_ever() {
    let (_server, port) = start();
    assert_eq!(rest(&mut connect(port)), "");
}

#[test]
fn curl_and_our_own_client_show_the_right_one() {
    let (_server, port) = start();
    let url = format!("http://127.0.0.1:{port}/");
    let reply = within("get", {
        let url = url.clone();
        move || http::get(&url)
    });
    let reply = reply.expect("an answer");
    let seen = (reply.status(), reply.header("content-length"), &*reply.text());
    assert_eq!(seen, (200, Some("13"), "Hello, 你好"));
    let Some(curl) = peer("curl") else { return };
    let options = ["--silent", "--include", "--max-time", "20", "--noproxy", "*", &url];
    let (status, printed, _) = Program::start(curl, &options).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(0), RIGHT));
}

/// Returns the failures among 100 requests of a client that keeps its connections, as Node's,
/// browsers and proxies do.
fn failures(port: u16, path: &str) -> Vec<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: me\r\n\r\n");
    let mut kept: Option<TcpStream> = None;
    let mut failures = Vec::new();
    for number in 0..100 {
        let mut stream = kept.take().unwrap_or_else(|| connect(port));
        let asked = stream.write_all(request.as_bytes());
        let (mut answer, mut piece) = (Vec::new(), [0; 1000]);
        let ended = loop {
            match stream.read(&mut piece) {
                Ok(size @ 1..) => answer.extend_from_slice(&piece[..size]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                ended => break ended.map(drop),
            }
            let counted = answer.windows(14).any(|part| part == b"Content-Length");
            if counted && answer.ends_with("Hello, 你好".as_bytes()) {
                break Ok(());
            }
        };
        let answer = String::from_utf8_lossy(&answer);
        if !answer.ends_with("Hello, 你好") {
            failures.push(format!("{number}: {asked:?}, {ended:?}, {answer:?}"));
        } else if answer.contains("Content-Length") && !answer.contains("Connection: close") {
            kept = Some(stream);
        }
    }
    failures
}

#[test]
fn a_client_that_keeps_its_connections_is_served_but_where_the_end_was_not_said() {
    let (_server, port) = start();
    for path in ["/", "/one-write", "/no-length", "/no-end"] {
        assert_eq!(failures(port, path), [""; 0], "{path}");
    }
    let failures = failures(port, "/no-close");
    assert_eq!(failures.len(), 50, "every second one: {failures:#?}");
}

/// The last column is our own client's, and the same everywhere. Each version of curl may read a
/// wrong answer differently: the whole table must be the page's if curl has the version that the
/// page names.
#[test]
#[ignore = "takes four seconds"]
fn the_table_is_the_one_on_the_page() {
    let page = page(&format!("lessons/{NAME}.md"));
    let (_, table) = page.split_once("```text\nthe answer ").expect("the table");
    let table = format!("the answer {}", table.split("```").next().unwrap_or_default());
    let printed = stdout(&["table"]);
    let version = |table: &str| table.lines().next().map(str::to_string);
    if version(&printed) == version(&table) {
        assert_eq!(printed, table);
        return;
    }
    common::skipped(&format!("another curl than on the page: {:?}", version(&printed)));
    assert_eq!(printed.lines().count(), table.lines().count(), "{printed}");
    for (printed, expected) in printed.lines().zip(table.lines()) {
        let own = expected.rsplit("  ").next().unwrap_or_default();
        assert!(printed.starts_with(&expected[..25]) && printed.ends_with(own), "{printed}");
        if expected.starts_with("right") && peer("curl").is_some() {
            assert_eq!(printed, expected);
        }
    }
}

/// The text that a browser's tab shows for each path, which is also on both pages of the lesson.
#[test]
#[ignore = "starts a browser"]
#[cfg(unix)]
fn a_browser_shows_what_the_pages_say() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let (mut server, port) = start();
    let pages = [page(&format!("lessons/{NAME}.md")), page(&format!("lessons/zh/{NAME}.md"))];
    for (path, expected) in [
        ("/", "Hello, 你好"),
        ("/no-length", "Hello, 你好"),
        ("/lf", "Hello, 你好"),
        ("/newline-after", "Hello, 你好"),
        ("/newline-before", "Hello, 你好"),
        ("/indented", "Hello, ä½ å¥½"),
        ("/no-blank-line", ""),
        ("/no-head", "ERR_INVALID_HTTP_RESPONSE"),
        (
            "/two-heads",
            "Hello, HTTP/1.1 200 OK Content-Type: text/plain; charset=utf-8 Connection: close 你好",
        ),
        ("/no-close", "Hello, 你好"),
        ("/characters", "Hello, \u{fffd}"),
        ("/no-end", "Hello, 你好"),
        ("/neither", "Hello, 你好"),
    ] {
        let shown = match browser.open(&format!("http://127.0.0.1:{port}{path}")) {
            Ok(()) => browser.shown().split_whitespace().collect::<Vec<_>>().join(" "),
            Err(error) => error.replace("net::", ""),
        };
        assert_eq!(shown, expected, "{path}");
        // The table describes an empty page in words.
        let row = match expected {
            "" => format!("| `{path}` | "),
            shown => format!("| `{path}` | `{shown}` |"),
        };
        let found = pages.each_ref().map(|page| {
            let rest = page.lines().find_map(|line| line.strip_prefix(&row));
            rest.is_some_and(|rest| !rest.starts_with('`'))
        });
        assert_eq!(found, [true, true], "{row}");
    }
    // The browser requests more than it was told to.
    server.line_with("GET /favicon.ico HTTP/1.1");
}

#[test]
fn the_diagram_shows_three_writes_and_the_end() {
    let diagram = stdout(&["diagram"]);
    let rows: Vec<&str> = diagram
        .lines()
        .filter_map(|line| line.split_once('│')?.1.rsplit_once('│'))
        .filter(|(between, _)| between.contains(['▶', '◀']))
        .map(|(between, _)| between.trim_matches(|c| "─▶◀ ".contains(c)))
        .collect();
    let expected = [
        "connect",
        r#""GET / HTTP/1.1\r\nHost: me\r\n…" 28 B"#,
        r#""HTTP/1.1 200 OK\r\nContent-Type…" 99 B"#,
        r#""Hello, " 7 B"#,
        r#""你好" 6 B"#,
        "FIN",
        "FIN",
    ];
    assert_eq!(rows, expected, "{diagram}");
    assert!(diagram.contains("reads 28 B"), "{diagram}");
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let output = run(&[&port]).failure().code(1).get_output().clone();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(&format!("127.0.0.1:{port}. Take another port: `-- ")), "{message}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in ["http", "65536", "-1", ""] {
        let message = run(&[bad]).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(message.contains("after -- goes table, diagram, or a port"), "{message}");
    }
}

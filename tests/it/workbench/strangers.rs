//! Attacks by strangers: pages of other sites in the student's browser, and programs that do not
//! know the key.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use net_notes::http;

use super::opened::Workbench;
use crate::common::DEADLINE;

/// Sends a request unchanged. Returns the status of the answer, and the whole answer.
fn ask(workbench: &Workbench, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", workbench.port)).expect("it is up");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    // An answer with events has no end: its head is enough.
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        let size = stream.read(&mut piece).expect("an answer in time");
        assert!(size > 0, "{request}: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..size]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer[9..12].parse().expect("a status"), answer)
}

const RUN: &str = r#"{"page":"03_server","block":2}"#;

#[test]
fn no_stranger_gets_in_and_nothing_is_done_for_one() {
    let workbench = Workbench::open("strangers");
    let (port, cookie, key) = (workbench.port, &workbench.cookie, &workbench.key);
    let own = format!("127.0.0.1:{port}");
    let guessed =
        format!("{}{}", &cookie[..cookie.len() - 1], if cookie.ends_with('0') { '1' } else { '0' });
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let json = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", RUN.len());
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n";
    for (name, method, path, host, headers, body) in [
        // The browser takes us for evil.example, and would send its cookies, if it had any.
        (
            "DNS rebinding",
            "GET",
            "/en/03_server.html",
            "evil.example",
            format!("Cookie: {cookie}\r\n"),
            "",
        ),
        (
            "DNS rebinding, port",
            "GET",
            "/api/events",
            &*format!("evil.example:{port}"),
            format!("Cookie: {cookie}\r\n"),
            "",
        ),
        ("DNS rebinding, key", "GET", &*format!("/?key={key}"), "evil.example", String::new(), ""),
        (
            "DNS rebinding, POST",
            "POST",
            "/api/run",
            "evil.example",
            format!("Cookie: {cookie}\r\nOrigin: http://evil.example\r\n{json}"),
            RUN,
        ),
        (
            "cross-site POST",
            "POST",
            "/api/run",
            &own,
            format!("Cookie: {cookie}\r\nOrigin: http://evil.example\r\n{json}"),
            RUN,
        ),
        (
            "POST of another port",
            "POST",
            "/api/run",
            &own,
            format!("Cookie: {cookie}\r\nOrigin: http://127.0.0.1:1\r\n{json}"),
            RUN,
        ),
        (
            "POST of a sandbox",
            "POST",
            "/api/run",
            &own,
            format!("Cookie: {cookie}\r\nOrigin: null\r\n{json}"),
            RUN,
        ),
        ("POST of nowhere", "POST", "/api/run", &own, format!("Cookie: {cookie}\r\n{json}"), RUN),
        ("missing cookie", "GET", "/en/03_server.html", &own, String::new(), ""),
        (
            "missing cookie, POST",
            "POST",
            "/api/run",
            &own,
            format!("Origin: http://{own}\r\n{json}"),
            RUN,
        ),
        (
            "key in the address of a POST",
            "POST",
            &*format!("/api/run?key={key}"),
            &own,
            format!("Origin: http://{own}\r\n{json}"),
            RUN,
        ),
        ("guessed cookie", "GET", "/en/03_server.html", &own, format!("Cookie: {guessed}\r\n"), ""),
        ("guessed key", "GET", "/?key=00000000000000000000000000000000", &own, String::new(), ""),
        ("empty key", "GET", "/?key=", &own, String::new(), ""),
        (
            "events of a stranger",
            "GET",
            "/api/events",
            &own,
            format!("Cookie: {cookie}\r\nOrigin: http://evil.example\r\n"),
            "",
        ),
        ("events without a cookie", "GET", "/api/events", &own, String::new(), ""),
        (
            "WebSocket of a stranger",
            "GET",
            "/api/events",
            &own,
            format!("Cookie: {cookie}\r\nOrigin: http://evil.example\r\n{upgrade}"),
            "",
        ),
        (
            "WebSocket without a cookie",
            "GET",
            "/api/events",
            &own,
            format!("Origin: http://{own}\r\n{upgrade}"),
            "",
        ),
        (
            "a picture in a stranger's page",
            "GET",
            "/en/pictures/x.svg",
            &own,
            format!("Cookie: {cookie}\r\nSec-Fetch-Site: cross-site\r\n"),
            "",
        ),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n{body}");
        let (status, answer) = ask(&workbench, &request);
        assert_eq!(status, 403, "{name}: {answer}");
        assert!(
            !answer.contains("Set-Cookie") && !answer.contains(key.as_str()),
            "{name}: {answer}"
        );
        assert!(!answer.contains("evil.example"), "{name}: {answer}");
    }
    for (name, headers, body) in
        [("form", form, "a=bc"), ("nothing", "Content-Length: 4\r\n", "a=bc")]
    {
        let request = format!(
            "POST /api/run HTTP/1.1\r\nHost: {own}\r\nCookie: {cookie}\r\nOrigin: http://{own}\r\n{headers}\r\n{body}"
        );
        assert_eq!(ask(&workbench, &request).0, 415, "{name}");
    }
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let request = format!(
            "{method} /api/run HTTP/1.1\r\nHost: {own}\r\nCookie: {cookie}\r\nOrigin: http://{own}\r\n{json}\r\n{RUN}"
        );
        let (status, answer) = ask(&workbench, &request);
        assert_eq!(status, 405, "{answer}");
        assert!(!answer.contains("Access-Control"), "{answer}");
    }
    // Nothing was done: the first event is the one that is caused now.
    let mut tab = workbench.tab("03_server");
    tab.wait(&["\"kind\":\"progress\""]);
    workbench.run("03_server", 2);
    let first = tab.next("the first event");
    assert!(first.contains("\"session\":1") && first.contains("\"n\":1}"), "{first}");
}

#[test]
fn what_no_page_sends_is_refused_and_harms_nothing() {
    let workbench = Workbench::open("malformed");
    let long = format!(r#"{{"page":"{}"}}"#, "x".repeat(100_000));
    for (path, body, status) in [
        ("/api/run", "", 400),
        ("/api/run", "[]", 400),
        ("/api/run", "{}", 400),
        ("/api/run", r#"{"page":"03_server"}"#, 400),
        ("/api/run", r#"{"page":"03_server","block":"2"}"#, 400),
        ("/api/run", r#"{"page":"03_server","block":-1}"#, 400),
        ("/api/run", r#"{"page":"03_server","block":0}"#, 404),
        ("/api/run", r#"{"page":"03_server","block":99}"#, 404),
        ("/api/run", r#"{"page":"none","block":1}"#, 404),
        ("/api/run", r#"{"page":"../README","block":1}"#, 404),
        ("/api/run", r#"{"page":"zh/03_server","block":1}"#, 404),
        ("/api/run", r#"{"page":"../lessons/03_server","block":1}"#, 404),
        ("/api/run", r#"{"page":"","block":1}"#, 404),
        ("/api/run", r#"{"command":"rm -rf x"}"#, 400),
        ("/api/input", r#"{"session":9,"terminal":"1","text":"x"}"#, 404),
        ("/api/stop", r#"{"session":9}"#, 404),
        ("/api/watch", r#"{"exercise":"99"}"#, 404),
        ("/api/none", "{}", 404),
        ("/", "{}", 404),
        ("/api/run", &long, 413),
    ] {
        let reply = workbench.post(path, body);
        assert_eq!(reply.status(), status, "{path} {:.60}: {}", body, reply.text());
    }
    assert_eq!(workbench.get("/en/03_server.html").status(), 200);
}

#[test]
fn a_websocket_of_our_own_page_reads_the_events() {
    let workbench = Workbench::open("websocket");
    let own = format!("127.0.0.1:{}", workbench.port);
    let mut stream = TcpStream::connect(("127.0.0.1", workbench.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "GET /api/events?from=1&page=03_server HTTP/1.1\r\nHost: {own}\r\nCookie: {}\r\nOrigin: http://{own}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        workbench.cookie
    );
    stream.write_all(head.as_bytes()).unwrap();
    workbench.run("03_server", 1);
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains(r#""kind":"over""#) {
        let size = stream.read(&mut piece).unwrap();
        assert!(size > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..size]);
    }
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.starts_with("HTTP/1.1 101 "), "{seen}");
    for part in [r#""kind":"progress""#, r#""kind":"start""#, r#""text":"::\n""#] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    assert_eq!(http::get(&workbench.at).unwrap().status(), 403);
}

//! `http::get` and `http::request`: the bytes that they send, how they read every answer, and how
//! long they wait. The servers are a few lines of std; real ones are in `http/client/servers.rs`.

use super::answers;
use crate::common;
mod hostile;
use super::running;
mod servers;
mod urls;

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use answers::{Answer, Seen};
use common::{DEADLINE, skipped, within};
use net::http::{self, Call, Reply};
use net_notes as net;
use running::Running;

/// A server for one connection: reads a head, then runs `speak`, and is silent until the client has
/// closed.
struct Speaker {
    port: u16,
    /// The head, and the bytes after it that `speak` did not read.
    request: JoinHandle<Vec<u8>>,
}

impl Speaker {
    fn new(speak: impl FnOnce(&mut TcpStream) + Send + 'static) -> Speaker {
        Speaker::at("127.0.0.1", speak).expect("port 0 is free")
    }

    fn at(host: &str, speak: impl FnOnce(&mut TcpStream) + Send + 'static) -> Result<Speaker> {
        let listener = TcpListener::bind((host, 0))?;
        let port = listener.local_addr()?.port();
        let request = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = read_head(&mut stream);
            speak(&mut stream);
            // A client that has the whole answer may reset the connection.
            let _ = stream.read_to_end(&mut request);
            request
        });
        Ok(Speaker { port, request })
    }

    fn url(&self, rest: &str) -> String {
        format!("http://127.0.0.1:{}{rest}", self.port)
    }

    /// Returns the bytes that the client sent.
    fn request(self) -> Vec<u8> {
        within("the client is gone", || self.request.join().expect("no panic"))
    }
}

/// Reads the head of a request, and nothing after it.
fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a whole head");
        head.push(byte[0]);
    }
    head
}

fn send(call: Call) -> Result<Reply> {
    within("send() returns", || call.send())
}

#[test]
fn every_answer_has_its_reply_or_its_error() {
    for Answer { name, method, wire, seen } in answers::all() {
        let ends = matches!(seen, Seen::AtEnd(..) | Seen::CutShort);
        let speaker = Speaker::new(move |stream| {
            for piece in wire.chunks(3 + wire.len() / 50) {
                let _ = stream.write_all(piece); // the client may be satisfied already
            }
            if ends {
                let _ = stream.shutdown(Shutdown::Write);
            }
        });
        let result = send(http::request(method, &speaker.url("/")));
        match (&seen, result) {
            (Seen::Reply(status, reason, lines, body), Ok(reply))
            | (Seen::AtEnd(status, reason, lines, body), Ok(reply)) => {
                assert_eq!((reply.status(), reply.reason()), (*status, *reason), "{name}");
                assert_eq!(reply.headers().collect::<Vec<_>>(), *lines, "{name}");
                assert_eq!(reply.text(), *body, "{name}");
            }
            (Seen::Bad(why), Err(error)) => {
                assert_eq!(
                    (error.kind(), &*error.to_string()),
                    (ErrorKind::InvalidData, *why),
                    "{name}"
                );
            }
            (Seen::CutShort, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{name}");
                let why = "the connection ended before the answer did";
                assert_eq!(error.to_string(), why, "{name}");
            }
            (_, result) => panic!("{name}: {result:?}"),
        }
        speaker.request();
    }
}

/// Returns the bytes that are sent for a call to `http://127.0.0.1:PORT` followed by `rest`.
fn sent(rest: &str, call: impl FnOnce(&str) -> Call) -> String {
    let speaker = Speaker::new(|stream| {
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").expect("the client waits");
    });
    let (url, port) = (speaker.url(rest), speaker.port);
    assert_eq!(send(call(&url)).expect("an answer").status(), 204);
    let request = String::from_utf8(speaker.request()).expect("UTF-8");
    request.replace(&port.to_string(), "PORT").replace("\r\n", "\n")
}

const DEFAULTS: &str =
    "Host: 127.0.0.1:PORT\nUser-Agent: net-notes\nAccept: */*\nConnection: close\n";

#[test]
fn a_call_without_anything_is_get() {
    let expected = format!("GET /a?b HTTP/1.1\n{DEFAULTS}\n");
    assert_eq!(sent("/a?b#c", |url| http::request("GET", url)), expected);
    let speaker = Speaker::new(|stream| {
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").expect("the client waits");
    });
    let (url, port) = (speaker.url("/a?b#c"), speaker.port.to_string());
    assert_eq!(within("get", move || http::get(&url)).expect("an answer").status(), 204);
    let request = String::from_utf8(speaker.request()).expect("UTF-8");
    assert_eq!(request.replace(&port, "PORT").replace("\r\n", "\n"), expected);
}

#[test]
fn a_request_has_a_length_if_it_has_a_body_or_its_method_wants_one() {
    for (method, body, length) in [
        ("GET", None, None),
        ("HEAD", None, None),
        ("DELETE", None, None),
        ("OPTIONS", None, None),
        ("TRACE", None, None),
        ("M-SEARCH", None, None),
        ("POST", None, Some(0)),
        ("PUT", None, Some(0)),
        ("PATCH", None, Some(0)),
        ("GET", Some(""), Some(0)),
        ("GET", Some("hi"), Some(2)),
        ("DELETE", Some("你好"), Some(6)),
        ("POST", Some(""), Some(0)),
        ("POST", Some("a=b\n\nc"), Some(6)),
    ] {
        let request = sent("/", |url| match body {
            Some(body) => http::request(method, url).body(body),
            None => http::request(method, url),
        });
        let length = length.map_or(String::new(), |length| format!("Content-Length: {length}\n"));
        let body = body.unwrap_or_default();
        let expected = format!("{method} / HTTP/1.1\n{DEFAULTS}{length}\n{body}");
        assert_eq!(request, expected);
    }
}

#[test]
fn a_method_is_sent_in_upper_case_as_node_does_it() {
    let request = sent("/", |url| http::request("post", url));
    assert_eq!(request, format!("POST / HTTP/1.1\n{DEFAULTS}Content-Length: 0\n\n"));
}

#[test]
fn a_header_of_the_caller_takes_the_place_of_the_default() {
    let own = |headers: &'static [(&str, &str)]| {
        sent("/", move |url| {
            let call = http::request("GET", url);
            headers.iter().fold(call, |call, (name, value)| call.header(name, value))
        })
    };
    for (headers, lines) in [
        (
            &[("host", "example.org"), ("USER-AGENT", "me"), ("Accept", "text/html")][..],
            "host: example.org\nUSER-AGENT: me\nAccept: text/html\nConnection: close\n",
        ),
        (
            &[("A", "1"), ("B", "2"), ("a", " 3 "), ("C", "")],
            &format!("{DEFAULTS}a: 3\nB: 2\nC: \n"),
        ),
        (&[("X", "你\té")], &format!("{DEFAULTS}X: 你\té\n")),
        // Headers that the client sends in any case may be set.
        (&[("connection", " Close ")], &DEFAULTS.replace("Connection: close", "connection: Close")),
        (&[("Content-Length", "0")], &format!("{DEFAULTS}Content-Length: 0\n")),
    ] {
        assert_eq!(own(headers), format!("GET / HTTP/1.1\n{lines}\n"), "{headers:?}");
    }
    let request =
        sent("/", |url| http::request("POST", url).header("content-length", "5").body("hello"));
    assert_eq!(request, format!("POST / HTTP/1.1\n{DEFAULTS}Content-Length: 5\n\nhello"));
}

#[test]
fn host_has_the_address_of_ipv6_in_brackets() {
    let speaker = Speaker::at("::1", |stream| {
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").expect("the client waits");
    });
    let Ok(speaker) = speaker else { return skipped("no IPv6") };
    let port = speaker.port;
    let reply = send(http::request("GET", &format!("HTTP://[::1]:{port}")));
    assert_eq!(reply.expect("an answer").status(), 204);
    let request = String::from_utf8(speaker.request()).expect("UTF-8");
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nHost: [::1]:{port}\r\n")), "{request}");
}

/// Whether a client waits for this listener.
fn is_called(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).expect("a socket");
    match listener.accept() {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            false
        }
    }
}

#[test]
fn nothing_happens_before_send() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let url = format!("http://{}/", listener.local_addr().expect("it listens"));
    let call = http::request("GET", &url).header("A", "b").body("c").timeout(DEADLINE);
    assert!(format!("{call:?}").contains("GET"), "{call:?}");
    assert!(!is_called(&listener));
    drop(call);
    assert!(!is_called(&listener));
    // The listener would notice that:
    let call = http::request("GET", &url).timeout(Duration::from_millis(100));
    assert_eq!(send(call).expect_err("no answer").kind(), ErrorKind::TimedOut);
    assert!(is_called(&listener));
}

#[test]
fn what_is_wrong_with_a_call_is_said_by_send() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let url = format!("http://{}/", listener.local_addr().expect("it listens"));
    let get = || http::request("GET", &url);
    let name = "a header's name has a character that a name cannot have";
    let value = "a header's value has a character that a value cannot have";
    for (call, why) in [
        (http::request("", &url), r#"the method "" is not a token"#.to_string()),
        (http::request("GE T", &url), r#"the method "GE T" is not a token"#.into()),
        (http::request("GET\r\nA:", &url), r#"the method "GET\r\nA:" is not a token"#.into()),
        (http::request("GÉT", &url), r#"the method "GÉT" is not a token"#.into()),
        (
            http::request("CONNECT", &url),
            "CONNECT asks for a tunnel, and this client opens none".into(),
        ),
        (
            http::request("connect", &url),
            "CONNECT asks for a tunnel, and this client opens none".into(),
        ),
        (http::request("TRACE", &url).body(""), "TRACE has no body".into()),
        (get().header("", "b"), format!(r#"the header "" was given "b": {name}"#)),
        (get().header("A:", "b"), format!(r#"the header "A:" was given "b": {name}"#)),
        (get().header("A ", "b"), format!(r#"the header "A " was given "b": {name}"#)),
        (
            get().header("A", "b\r\nC: d"),
            format!(r#"the header "A" was given "b\r\nC: d": {value}"#),
        ),
        (get().header("A", "b\n"), format!(r#"the header "A" was given "b\n": {value}"#)),
        (get().header("A", "\0"), format!(r#"the header "A" was given "\0": {value}"#)),
        (
            get().header("A", "\n").header("A", "good"),
            format!(r#"the header "A" was given "\n": {value}"#),
        ),
        (
            get().header("Connection", "keep-alive"),
            r#"the header "Connection" was given "keep-alive", but the client sends "close""#
                .into(),
        ),
        (
            get().header("content-length", "5"),
            r#"the header "content-length" was given "5", but the client sends "0""#.into(),
        ),
        (
            get().body("hello").header("Content-Length", "4"),
            r#"the header "Content-Length" was given "4", but the client sends "5""#.into(),
        ),
        (
            get().header("Transfer-Encoding", "chunked"),
            r#"the header "Transfer-Encoding" was given "chunked", but the client sends none"#
                .into(),
        ),
        (
            get().header("Transfer-Encoding", ""),
            r#"the header "Transfer-Encoding" was given "", but the client sends none"#.into(),
        ),
    ] {
        let error = send(call).expect_err(&why);
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, why));
    }
    for (url, why) in urls::WRONG {
        let error = send(http::request("GET", url)).expect_err(url);
        let why = format!("{url:?} is not http://HOST[:PORT]/PATH: {why}");
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, why));
    }
    assert!(!is_called(&listener), "an error, and yet a connection");
}

#[test]
fn what_cannot_be_reached_has_the_code_of_the_system() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let at = listener.local_addr().expect("it listens");
    drop(listener);
    let error = send(http::request("GET", &format!("http://{at}"))).expect_err("refused");
    assert_eq!(net::code(&error), "ECONNREFUSED");
    let error = send(http::request("GET", "http://no.such.host.invalid/")).expect_err("no host");
    assert_eq!(net::code(&error), "ENOTFOUND");
}

/// Sends `begin`, and `again` every few milliseconds until the client has closed.
fn trickle(begin: &'static [u8], again: &'static [u8]) -> impl FnOnce(&mut TcpStream) + Send {
    move |stream| {
        let _ = stream.write_all(begin);
        let start = Instant::now();
        let pace = Some(Duration::from_millis(5));
        stream.set_read_timeout(pace).expect("not zero");
        while start.elapsed() < DEADLINE && stream.write_all(again).is_ok() {
            match stream.read(&mut [0]) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                _ => return,
            }
        }
    }
}

const LIMIT: Duration = Duration::from_millis(300);

fn assert_late(what: &str, call: Call) {
    let start = Instant::now();
    let error = send(call.timeout(LIMIT)).expect_err(what);
    let took = start.elapsed();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{what}: {error}");
    assert_eq!(error.to_string(), "the answer did not arrive in time", "{what}");
    assert!(took >= LIMIT && took < Duration::from_secs(10), "{what}: {took:?}");
}

#[test]
fn the_time_limit_is_for_the_whole_call() {
    type Speak = Box<dyn FnOnce(&mut TcpStream) + Send>;
    let cases: [(&str, Speak); 7] = [
        ("silence", Box::new(|_| {})),
        ("half a head", Box::new(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\nConte").unwrap())),
        // Each piece arrives in time, but the answer does not.
        ("a slow head", Box::new(trickle(b"HTTP/1.1 200 OK\r\nA: ", b"b"))),
        ("interim answers", Box::new(trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"))),
        ("no end", Box::new(trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"more"))),
        (
            "chunks",
            Box::new(trickle(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"1\r\na\r\n",
            )),
        ),
        (
            "a long body",
            Box::new(trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"a")),
        ),
    ];
    for (what, speak) in cases {
        let speaker = Speaker::new(speak);
        assert_late(what, http::request("GET", &speaker.url("/")));
        speaker.request();
    }
    // A server that accepts no connection, and one that reads nothing.
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let url = format!("http://{}/", listener.local_addr().expect("it listens"));
    assert_late("nothing accepted", http::request("GET", &url));
    assert_late("nothing read", http::request("PUT", &url).body(vec![b'a'; 50 << 20]));
}

/// A listener whose SYNs are dropped, as its backlog is full.
#[test]
#[cfg(target_os = "linux")] // other systems respond to a full backlog in their own ways
fn the_time_limit_is_for_the_connection_too() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let at = listener.local_addr().expect("it listens");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&at, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 5000, "this system's backlog has no end");
    }
    assert_late("connecting", http::request("GET", &format!("http://{at}/")));
}

#[test]
fn a_time_limit_of_zero_is_none() {
    let speaker = Speaker::new(|stream| {
        // Later than any `Instant` can be.
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("not zero");
        stream.read(&mut [0]).expect_err("the client waits");
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").expect("the client waits");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    });
    let call = http::request("GET", &speaker.url("/")).timeout(Duration::ZERO);
    assert_eq!(send(call).expect("an answer").status(), 204);
    speaker.request();
    let speaker = Speaker::new(|stream| {
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").expect("the client waits");
    });
    let call = http::request("GET", &speaker.url("/")).timeout(Duration::MAX);
    assert_eq!(send(call).expect("an answer").status(), 204);
}

#[test]
fn a_reply_ends_the_call_though_the_request_is_not_out() {
    let (done, over) = std::sync::mpsc::channel::<()>();
    let speaker = Speaker::new(move |stream| {
        let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nenough";
        stream.write_all(answer).expect("the client waits");
        // Nothing of the body is read before the client has its reply.
        over.recv_timeout(DEADLINE).expect("the client has its reply");
    });
    let call = http::request("PUT", &speaker.url("/")).body(vec![b'a'; 50 << 20]);
    let reply = send(call).expect("a reply");
    assert_eq!((reply.status(), &*reply.text()), (413, "enoug"));
    done.send(()).expect("it waits");
    speaker.request();
}

#[test]
fn an_answer_in_chunks_arrives_whole() {
    let server = Running::new(|_, response| {
        (0..50).for_each(|n| _ = response.write([n; 1000]));
        response.end_with("end");
    });
    let reply = send(http::request("GET", &server.url("/"))).expect("an answer");
    assert_eq!(reply.header("Transfer-Encoding"), Some("chunked"));
    let body: Vec<u8> = (0..50).flat_map(|n| [n; 1000]).chain(*b"end").collect();
    assert!(reply.body() == body, "{reply:?}");
    let localhost = format!("HTTP://localhost:{}", server.port());
    assert_eq!(send(http::request("GET", &localhost)).expect("an answer").status(), 200);
    server.close();
}

#[test]
fn a_large_body_arrives_whole() {
    let server =
        Running::with(http::Options::default().body_limit(20 << 20), |request, response| {
            response.end_with(request.body());
        });
    let body: Vec<u8> = (0..5 << 20).map(|n: u32| (n % 251) as u8).collect();
    let reply = send(http::request("POST", &server.url("/")).body(&body)).expect("an answer");
    assert!(reply.body() == body, "{} bytes", reply.body().len());
    server.close();
}

#[test]
fn a_call_can_be_sent_by_another_thread_and_again() {
    fn is_send<T: Send + Sync + Clone>(_: &T) {}
    let server = Running::new(|request, response| response.end_with(request.text().as_bytes()));
    let call = http::request("POST", &server.url("/")).body("hello");
    is_send(&call);
    for _ in 0..2 {
        let reply = send(call.clone()).expect("an answer");
        is_send(&reply);
        assert_eq!(reply.text(), "hello");
    }
    server.close();
}

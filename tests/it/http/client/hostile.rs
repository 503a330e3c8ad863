//! The client with servers that flood, and that break off: each call ends, within bounds of time
//! and memory, and nothing remains of it.

use std::io::{ErrorKind, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use net::http::{self, Call, Reply};
use net_notes as net;

use super::{LIMIT, Speaker, read_head, send};
use crate::common::{
    AS_IT_IS, DEADLINE, RESET_BY_CLOSE, alone_for, own_descriptors, own_status, skipped, until,
    wine_lacks, within,
};

/// Sends `begin`, and then `again` as fast as the client reads it, until the client has closed.
fn flood(begin: &'static [u8], again: &'static [u8]) -> impl FnOnce(&mut TcpStream) + Send {
    move |stream| {
        let block = again.repeat(64 * 1024 / again.len());
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        let _ = stream.write_all(begin);
        while stream.write_all(&block).is_ok() {}
    }
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_flood_ends_within_bounds_and_leaves_nothing_behind() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    let name = "hostile::a_flood_ends_within_bounds_and_leaves_nothing_behind";
    if !alone_for(2 * DEADLINE, module_path!(), name, AS_IT_IS) {
        return;
    }
    let trailers = [CHUNKED, b"0\r\n"].concat().leak();
    let floods: [(&str, &[u8], &[u8], &str); 11] = [
        ("noise", b"", b"a", "the answer is not HTTP/1"),
        ("blank lines", b"", b"\r\n", "there is no start line"),
        ("a status line", b"HTTP/1.1 200 ", b"a", "the start line is too long"),
        ("a header line", b"HTTP/1.1 200 OK\r\nA: ", b"b", "the head is too large"),
        ("header lines", b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", "the head has too many lines"),
        ("folds", b"HTTP/1.1 200 OK\r\nA: b\r\n", b" c\r\n", "the head has too many lines"),
        ("a body", b"HTTP/1.1 200 OK\r\n\r\n", b"a", "the body is too large"),
        ("chunks", CHUNKED, b"8\r\n8 bytes.\r\n", "the body is too large"),
        ("an extension", CHUNKED, b"1;", "a chunk does not begin or end as it has to"),
        ("trailers", trailers, b"A: b\r\n", "the head has too many lines"),
        ("interim answers", b"", b"HTTP/1.1 100 \r\n\r\n", "the answer did not arrive in time"),
    ];
    let (threads, descriptors) = (own_status("Threads"), own_descriptors());
    for (what, begin, again, why) in floods {
        let before = own_status("VmRSS");
        let speaker = Speaker::new(flood(begin, again));
        let limit = if what.starts_with("interim") { LIMIT } else { DEADLINE };
        let call = http::request("GET", &speaker.url("/")).timeout(limit);
        let error = send(call).expect_err(what);
        assert_eq!(error.to_string(), why, "{what}");
        speaker.request();
        // The body twice, while it grows; and its pieces.
        let most = own_status("VmHWM").saturating_sub(before) / 1024;
        assert!(most <= 2 * 8 + 4, "{what}: {most} MiB");
    }
    until("all threads are gone", || own_status("Threads") <= threads);
    assert_eq!(own_descriptors(), descriptors);
}

/// Runs a server that reads the head of a request, answers, and closes with the body unread: so the
/// connection is reset.
fn broken_off(answer: &'static [u8], call: impl FnOnce(&str) -> Call) -> Result<Reply> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let url = format!("http://{}/", listener.local_addr().expect("it listens"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        read_head(&mut stream);
        assert_eq!(stream.peek(&mut [0]).expect("a body"), 1);
        stream.write_all(answer).expect("the client waits");
    });
    let result = send(call(&url));
    within("the server is done", || server.join().expect("no panic"));
    result
}

#[test]
fn a_reset_is_never_the_end_of_a_reply() {
    if wine_lacks(RESET_BY_CLOSE) {
        return;
    }
    for answer in [
        &b""[..],
        b"HTTP/1.1 20",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        let what = String::from_utf8_lossy(answer);
        let result = broken_off(answer, |url| http::request("POST", url).body("unread"));
        let error = result.expect_err(&what);
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{what:?}: {error}");
    }
}

/// However long the request is, and whenever the server gives up.
#[test]
#[cfg(unix)] // Windows drops what has arrived when the reset arrives
fn a_reply_that_is_complete_before_a_reset_counts() {
    let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nenough";
    for round in 0..20 {
        for size in [1000, 100_000, 1_000_000, 10_000_000] {
            let body = vec![b'a'; size];
            let reply = broken_off(answer, |url| http::request("PUT", url).body(body));
            let reply = reply.unwrap_or_else(|error| panic!("{size} bytes, {round}: {error}"));
            assert_eq!((reply.status(), &*reply.text()), (413, "enoug"));
        }
    }
}

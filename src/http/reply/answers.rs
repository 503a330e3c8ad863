//! Answers of servers as bytes, with their results. Used twice: on the parser alone, and over a
//! socket.

pub struct Answer {
    pub name: &'static str,
    /// The method of the request.
    pub method: &'static str,
    pub wire: Vec<u8>,
    pub seen: Seen,
}

/// The result of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A reply, as soon as its last byte has arrived: status, reason, header lines, body.
    Reply(u16, &'static str, &'static [(&'static str, &'static str)], &'static str),
    /// A reply, at the end of the connection.
    AtEnd(u16, &'static str, &'static [(&'static str, &'static str)], &'static str),
    /// An error, at the first byte that shows it.
    Bad(&'static str),
    /// An incomplete reply at the end of the connection.
    CutShort,
}

use Seen::{AtEnd, Bad, CutShort, Reply};

pub fn all() -> Vec<Answer> {
    let not_http = Bad("the answer is not HTTP/1");
    let bad_chunk = Bad("a chunk does not begin or end as it has to");
    let bad_length = Bad("the Content-Length is not a number");
    let coding = Bad("the answer has a transfer coding other than chunked");
    let get: &[(&str, &[u8], Seen)] = &[
        // The length delimits the body.
        ("a length", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Reply(200, "OK", &[("Content-Length", "2")], "hi")),
        ("no body", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Reply(200, "OK", &[("Content-Length", "0")], "")),
        ("the same length twice", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2, 2\r\n\r\nhi", Reply(200, "OK", &[("Content-Length", "2"), ("content-length", "2, 2")], "hi")),
        ("more than the reply", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", Reply(200, "OK", &[("Content-Length", "2")], "hi")),
        ("a second reply", b"HTTP/1.1 204 \r\n\r\nHTTP/1.1 500 Oh\r\n\r\n", Reply(204, "", &[], "")),
        ("noise behind the reply", b"HTTP/1.1 204 No\r\n\r\n\0\r\r\xff", Reply(204, "No", &[], "")),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;a=b\r\ni\r\n0\r\n\r\n", Reply(200, "OK", &[("Transfer-Encoding", "chunked")], "hi")),
        ("chunks, and more", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n\0", Reply(200, "OK", &[("Transfer-Encoding", "Chunked")], "hi")),
        ("a trailer", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n", Reply(200, "OK", &[("Transfer-Encoding", "chunked")], "hi")),
        ("a folded trailer", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n c\r\n\td: e\r\n\r\n", Reply(200, "OK", &[("Transfer-Encoding", "chunked")], "hi")),
        ("identity and a length", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", Reply(200, "OK", &[("Transfer-Encoding", "identity"), ("Content-Length", "2")], "hi")),
        // It has no body, even if it has a length.
        ("204", b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", Reply(204, "No Content", &[("Content-Length", "9")], "")),
        ("304", b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", Reply(304, "Not Modified", &[("Transfer-Encoding", "chunked")], "")),
        ("another protocol", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nhi", Reply(101, "Switching Protocols", &[("Upgrade", "echo")], "")),
        // The end of the connection delimits the body.
        ("no length", b"HTTP/1.1 200 OK\r\n\r\nhi", AtEnd(200, "OK", &[], "hi")),
        ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhi", AtEnd(200, "OK", &[], "hi")),
        ("HTTP/1.9", b"HTTP/1.9 200 OK\r\n\r\nhi", AtEnd(200, "OK", &[], "hi")),
        ("identity", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Identity\r\n\r\nhi", AtEnd(200, "OK", &[("Transfer-Encoding", "Identity")], "hi")),
        ("205 with a body all the same", b"HTTP/1.1 205 Reset\r\n\r\nhi", AtEnd(205, "Reset", &[], "hi")),
        // The status line.
        ("line feeds only", b"HTTP/1.1 200 OK\nA: b\n\nhi", AtEnd(200, "OK", &[("A", "b")], "hi")),
        ("no reason and no space", b"HTTP/1.1 404\r\n\r\nhi", AtEnd(404, "", &[], "hi")),
        ("no reason", b"HTTP/1.1 404 \r\n\r\nhi", AtEnd(404, "", &[], "hi")),
        ("a long reason", b"HTTP/1.1 999 \xe9 I say  so \r\n\r\n", AtEnd(999, "é I say  so ", &[], "")),
        ("a blank line first", b"\r\nHTTP/1.1 200 OK\r\n\r\nhi", AtEnd(200, "OK", &[], "hi")),
        // Interim answers.
        ("interim answers", b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 \r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nC: d\r\n\r\nhi", AtEnd(200, "OK", &[("C", "d")], "hi")),
        // Header lines.
        ("lines of one name", b"HTTP/1.1 204 \r\nA: b\r\nC: d\r\na: e\r\nA:\r\nA: b\r\n\r\n", Reply(204, "", &[("A", "b"), ("C", "d"), ("a", "e"), ("A", ""), ("A", "b")], "")),
        ("a folded line", b"HTTP/1.1 204 \r\nA: b\r\n c\r\n \t d\r\nE:\r\n f\r\n\r\n", Reply(204, "", &[("A", "b c d"), ("E", "f")], "")),
        ("a folded length", b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi", Reply(200, "OK", &[("Content-Length", "2")], "hi")),
        ("a fold with nothing in it", b"HTTP/1.1 204 \r\nA: b\r\n \r\n\t\t\r\nC: d\r\n\r\n", Reply(204, "", &[("A", "b"), ("C", "d")], "")),
        ("Latin-1", b"HTTP/1.1 204 \r\nA: \xe9\r\nB: \xc3\xa9\r\n\r\n", Reply(204, "", &[("A", "é"), ("B", "é")], "")),
        // Not HTTP/1.
        ("one letter", b"h", not_http.clone()),
        ("a greeting", b"220 mail.example.org ESMTP\r\n", not_http.clone()),
        ("SSH", b"SSH-2.0-x\r\n", not_http.clone()),
        ("a TLS alert", b"\x15\x03\x01\0\x02\x02\x46", not_http.clone()),
        ("HTTP/0.9", b"<html>", not_http.clone()),
        ("HTTP/2", b"HTTP/2", not_http.clone()),
        ("an HTTP/2 frame", b"\0\0\x12\x04\0\0\0\0\0", not_http.clone()),
        ("small letters", b"http/1.1 200 OK\r\n", not_http.clone()),
        ("a space first", b" HTTP/1.1 200 OK\r\n", not_http.clone()),
        ("a blank line and a space first", b"\r\n HTTP/1.1 200 OK\r\n", not_http.clone()),
        ("no version", b"HTTP/1. 200 OK\r\n", not_http.clone()),
        ("a version of two digits", b"HTTP/1.10 200 OK\r\n", not_http.clone()),
        ("no status", b"HTTP/1.1\r\n", not_http.clone()),
        ("a word for a status", b"HTTP/1.1 yes OK\r\n", not_http.clone()),
        ("a status of two digits", b"HTTP/1.1 20 OK\r\n", not_http.clone()),
        ("a status of four digits", b"HTTP/1.1 2000 OK\r\n", not_http.clone()),
        ("a status below 100", b"HTTP/1.1 099 OK\r\n", not_http.clone()),
        ("two spaces", b"HTTP/1.1  200 OK\r\n", not_http.clone()),
        ("an interim answer, and noise", b"HTTP/1.1 100 Continue\r\n\r\nx", not_http.clone()),
        ("two blank lines first", b"\r\n\r\n", Bad("there is no start line")),
        // Bad heads.
        ("no colon", b"HTTP/1.1 200 OK\r\nA\r\n", Bad("a header line has no colon")),
        ("a space before the colon", b"HTTP/1.1 200 OK\r\nA : b\r\n", Bad("a space between a header's name and the colon")),
        ("a bare CR", b"HTTP/1.1 200 OK\r\nA: b\rc", Bad("a carriage return without a line feed")),
        ("a NUL", b"HTTP/1.1 200 OK\r\nA: \0", Bad("a NUL byte in the head")),
        ("folded at once", b"HTTP/1.1 200 OK\r\n A: b\r\n", Bad("a header line begins with a space")),
        // Bad bodies.
        ("both lengths", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", Bad("both Content-Length and Transfer-Encoding")),
        ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Bad("there are two lengths, and they differ")),
        ("a length and an empty one", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length:\r\n\r\n", bad_length.clone()),
        ("a length with a sign", b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", bad_length),
        ("a length over 8 MiB", b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n", Bad("the body is too large")),
        ("a chunk over 8 MiB", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800001\r\n", Bad("the body is too large")),
        ("gzip", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", coding.clone()),
        ("gzip, chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", coding.clone()),
        ("identity and chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n", coding),
        ("a word for a chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhi\r\n", bad_chunk.clone()),
        ("a chunk longer than its size", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n", bad_chunk),
        ("a trailer folded at once", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n A: b\r\n", Bad("a header line begins with a space")),
        // Cut short.
        ("nothing", b"", CutShort),
        ("half a status line", b"HTTP/1.1 20", CutShort),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", CutShort),
        ("a head without its blank line", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", CutShort),
        ("interim only", b"HTTP/1.1 100 Continue\r\n\r\n", CutShort),
        ("half a body", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", CutShort),
        ("no last chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", CutShort),
        ("no end of the trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n", CutShort),
    ];
    let head: &[(&str, &[u8], Seen)] = &[
        (
            "HEAD with a length",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            Reply(200, "OK", &[("Content-Length", "9")], ""),
        ),
        (
            "HEAD over 8 MiB",
            b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n",
            Reply(200, "OK", &[("Content-Length", "8388609")], ""),
        ),
        (
            "HEAD in chunks",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Reply(200, "OK", &[("Transfer-Encoding", "chunked")], ""),
        ),
        (
            "HEAD in gzip",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            Reply(200, "OK", &[("Transfer-Encoding", "gzip")], ""),
        ),
        ("HEAD without a length", b"HTTP/1.0 404 None\r\n\r\n", Reply(404, "None", &[], "")),
        (
            "HEAD with a body all the same",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            Reply(200, "OK", &[("Content-Length", "2")], ""),
        ),
        (
            "HEAD and an interim answer",
            b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            Reply(200, "OK", &[], ""),
        ),
        ("HEAD cut short", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", CutShort),
    ];
    let of = |method| {
        move |(name, wire, seen): &(&'static str, &[u8], Seen)| Answer {
            name,
            method,
            wire: wire.to_vec(),
            seen: seen.clone(),
        }
    };
    let mut all: Vec<Answer> =
        get.iter().map(of("GET")).chain(head.iter().map(of("HEAD"))).collect();

    // Limits.
    let mut add = |name, wire: String, seen| {
        all.push(Answer { name, method: "GET", wire: wire.into_bytes(), seen });
    };
    let status = "HTTP/1.1 204 \r\n";
    let lines = |count| "A: b\r\n".repeat(count);
    let many = |count| -> &'static [(&str, &str)] { vec![("A", "b"); count].leak() };
    add("200 lines", format!("{status}{}\r\n", lines(200)), Reply(204, "", many(200), ""));
    add("2,000 lines", format!("{status}{}\r\n", lines(2000)), Reply(204, "", many(2000), ""));
    add("2,001 lines", status.to_string() + &lines(2001), Bad("the head has too many lines"));
    let folded = format!("{status}A: b\r\n{}\r\n", " \r\n".repeat(2000));
    add("2,000 folds", folded, Bad("the head has too many lines"));
    add(
        "a line over 64 KiB",
        format!("{status}A: {}", "b".repeat(64 * 1024)),
        Bad("the head is too large"),
    );
    add(
        "a head over 64 KiB",
        format!("{status}{}", format!("A: {}\r\n", "b".repeat(8 * 1024)).repeat(8)),
        Bad("the head is too large"),
    );
    add(
        "a status line over 8 KiB",
        format!("HTTP/1.1 200 {}", "b".repeat(8 * 1024)),
        Bad("the start line is too long"),
    );
    all
}

//! Requests as bytes, with their results. Used twice: on the parser alone, and over a socket.

/// A request that must be refused.
pub struct Refused {
    pub name: &'static str,
    pub request: Vec<u8>,
    pub status: u16,
    /// The sentence in the body of the answer.
    pub why: &'static str,
}

/// Requests that the default limits refuse.
pub fn refused() -> Vec<Refused> {
    let cases: &[(&str, &[u8], u16, &str)] = &[
        // The request line.
        ("no version", b"GET /\r\n\r\n", 400, "the request line is not METHOD TARGET HTTP/1.1"),
        ("one word", b"hello\r\n\r\n", 400, "the request line is not METHOD TARGET HTTP/1.1"),
        ("two blank lines first", b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "there is no request line"),
        ("no method", b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the method is not a token"),
        ("bad method", b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the method is not a token"),
        ("method in UTF-8", "GÉT / HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes(), 400, "the method is not a token"),
        ("two spaces", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("space at the end", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("tab in the target", b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("small letters", b"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("bad version", b"GET / HTTP/1.\r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("version of two digits", b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400, "the request line does not end in HTTP/1.1"),
        ("another protocol", b"STS/1.1 SAY\r\nContent-Length: 0\r\n\r\n", 400, "the request line is not METHOD TARGET HTTP/1.1"),
        ("relative target", b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("star for GET", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("other scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("HTTP/2.0", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "this server speaks HTTP/1.1 and HTTP/1.0"),
        ("HTTP/2 by prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "this server speaks HTTP/1.1 and HTTP/1.0"),
        ("HTTP/0.9", b"GET / HTTP/0.9\r\n\r\n", 505, "this server speaks HTTP/1.1 and HTTP/1.0"),
        // Characters.
        ("bare CR in the request line", b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400, "a carriage return without a line feed"),
        ("bare CR in a header", b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400, "a carriage return without a line feed"),
        ("two CR", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, "a carriage return without a line feed"),
        ("NUL in the request line", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "a NUL byte in the head"),
        ("NUL in a header", b"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n", 400, "a NUL byte in the head"),
        ("escape", b"GET / HTTP/1.1\r\nHost: a\r\nA: \x1b[1m\r\n\r\n", 400, "a control character in the head"),
        ("DEL", b"GET / HTTP/1.1\r\nHost: a\r\nA: \x7f\r\n\r\n", 400, "a control character in the head"),
        ("a TLS hello", b"\x16\x03\x01\x02\0\x01", 400, "a control character in the head"),
        // Header lines.
        ("space before the colon", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "a space between a header's name and the colon"),
        ("tab before the colon", b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400, "a space between a header's name and the colon"),
        ("folded", b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400, "a header line begins with a space"),
        ("folded by a tab", b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\tc\r\n\r\n", 400, "a header line begins with a space"),
        ("folded at once", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "a header line begins with a space"),
        ("no colon", b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "a header line has no colon"),
        ("no name", b"GET / HTTP/1.1\r\n: a\r\n\r\n", 400, "a header's name has a character that it cannot have"),
        ("space in a name", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400, "a header's name has a character that it cannot have"),
        ("name in UTF-8", "GET / HTTP/1.1\r\nÄ: c\r\n\r\n".as_bytes(), 400, "a header's name has a character that it cannot have"),
        // Host.
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400, "there is no Host, which HTTP/1.1 demands"),
        ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400, "there is more than one Host"),
        ("the same Host twice", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "there is more than one Host"),
        ("two Hosts in 1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "there is more than one Host"),
        ("a Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a password", b"GET / HTTP/1.1\r\nHost: u:p@a:80\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a query", b"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a fragment", b"GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a backslash", b"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host as a URL", b"GET / HTTP/1.1\r\nHost: http://a/\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("two Hosts in one line", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with two ports", b"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a port that is a word", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with words for ports", b"GET / HTTP/1.1\r\nHost: a:b:c\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a port with a sign", b"GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a port beyond 65535", b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host that is a port only", b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host that is a colon only", b"GET / HTTP/1.1\r\nHost: :\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with half an escape", b"GET / HTTP/1.1\r\nHost: a%4\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a bracket", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with the other bracket", b"GET / HTTP/1.1\r\nHost: ::1]\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with nothing in brackets", b"GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a name in brackets", b"GET / HTTP/1.1\r\nHost: [a]\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with IPv4 in brackets", b"GET / HTTP/1.1\r\nHost: [127.0.0.1]\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with IPv6 without brackets", b"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with more after the bracket", b"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host with a zone", b"GET / HTTP/1.1\r\nHost: [fe80::1%25lo]\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host in quotes", b"GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host in UTF-8", "GET / HTTP/1.1\r\nHost: é\r\n\r\n".as_bytes(), 400, "the Host is not HOST or HOST:PORT"),
        ("a bad Host in 1.0", b"GET / HTTP/1.0\r\nHost: [::1\r\n\r\n", 400, "the Host is not HOST or HOST:PORT"),
        ("a Host and an empty one", b"GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n", 400, "there is more than one Host"),
        ("a URL with a user", b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("a URL with half an address", b"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("a URL with two ports", b"GET http://a:1:2/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("a URL with a port only", b"GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("a URL without a host", b"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        ("a URL with a bad escape", b"GET http://a%/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target is neither a path nor a URL"),
        // The length of the body.
        ("both lengths", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "both Content-Length and Transfer-Encoding"),
        ("two lengths", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "there are two lengths, and they differ"),
        ("two lengths in one line", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", 400, "there are two lengths, and they differ"),
        ("length with a sign", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400, "the Content-Length is not a number"),
        ("negative length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400, "the Content-Length is not a number"),
        ("length in base 16", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400, "the Content-Length is not a number"),
        ("no length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400, "the Content-Length is not a number"),
        ("a length and an empty one", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length:\r\n\r\nhello", 400, "the Content-Length is not a number"),
        ("an empty length and another", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\nContent-Length: 5\r\n\r\nhello", 400, "the Content-Length is not a number"),
        ("an empty length, and chunked", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "both Content-Length and Transfer-Encoding"),
        ("two numbers", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", 400, "the Content-Length is not a number"),
        ("body over 1 MiB", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413, "the body is too large"),
        ("body over all numbers", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413, "the body is too large"),
        ("too large, and it waits", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", 413, "the body is too large"),
        ("gzip", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "the only transfer coding known here is chunked"),
        ("a tunnel", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501, "CONNECT asks for a tunnel, and this server is no proxy"),
        ("identity", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501, "the only transfer coding known here is chunked"),
        ("like chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501, "the only transfer coding known here is chunked"),
        ("chunked twice", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400, "the Transfer-Encoding is not one chunked"),
        ("chunked in two lines", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "the Transfer-Encoding is not one chunked"),
        ("chunked, and an empty coding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n", 400, "the Transfer-Encoding is not one chunked"),
        ("gzip and chunked in two lines", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501, "the only transfer coding known here is chunked"),
        ("chunked and gzip in two lines", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "the only transfer coding known here is chunked"),
        ("identity, and a length", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", 400, "both Content-Length and Transfer-Encoding"),
        ("empty coding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400, "the Transfer-Encoding is not one chunked"),
        ("chunked in 1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0 has no Transfer-Encoding"),
        // Chunks.
        ("chunk without a size", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400, "a chunk does not begin or end as it has to"),
        ("chunk size is a word", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "a chunk does not begin or end as it has to"),
        ("chunk longer than its size", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", 400, "a chunk does not begin or end as it has to"),
        ("chunk size ends in LF", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400, "a chunk does not begin or end as it has to"),
        ("chunk over 1 MiB", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", 413, "the body is too large"),
        ("chunk over all numbers", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413, "the body is too large"),
        ("a trailer with a space", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n", 400, "a space between a header's name and the colon"),
        // Expect.
        ("great expectations", b"GET / HTTP/1.1\r\nHost: a\r\nExpect: pip\r\n\r\n", 417, "the only expectation known here is 100-continue"),
        ("two expectations", b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: pip\r\n\r\n", 417, "the only expectation known here is 100-continue"),
        ("two expectations in one line", b"GET / HTTP/1.1\r\nHost: a\r\nExpect: pip, 100-continue\r\n\r\n", 417, "the only expectation known here is 100-continue"),
    ];
    let mut all: Vec<Refused> = cases
        .iter()
        .map(|&(name, request, status, why)| Refused {
            name,
            request: request.to_vec(),
            status,
            why,
        })
        .collect();
    // Limits.
    let mut add = |name, request: String, status, why| {
        all.push(Refused { name, request: request.into_bytes(), status, why });
    };
    let long = |length| "a".repeat(length);
    add(
        "long target",
        format!("GET /{} HTTP/1.1\r\n", long(8 * 1024)),
        414,
        "the request line is too long",
    );
    add("no end of the request line", long(8 * 1024 + 1), 414, "the request line is too long");
    let head = "GET / HTTP/1.1\r\nHost: a\r\n";
    add("one large header", format!("{head}A: {}", long(16 * 1024)), 431, "the head is too large");
    let lines = format!("A: {}\r\n", long(1000)).repeat(17);
    add("a large head", format!("{head}{lines}\r\n"), 431, "the head is too large");
    add(
        "101 lines",
        format!("{head}{}\r\n", "A: b\r\n".repeat(100)),
        431,
        "the head has too many lines",
    );
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 10, long(1 << 10)).repeat(1 << 10);
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    add("many chunks", format!("{chunked}{chunk}1\r\n"), 413, "the body is too large");
    all
}

/// Requests that must reach the handler, and the request that it must get: `METHOD path query body`.
pub fn accepted() -> Vec<(&'static str, &'static [u8], &'static str)> {
    vec![
        ("plain", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / - ''"),
        ("a blank line first", b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / - ''"),
        ("line feeds only", b"GET / HTTP/1.1\nHost: a\n\n", "GET / - ''"),
        ("query", b"GET /a/b?c=d&e?f HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a/b c=d&e?f ''"),
        ("absolute", b"GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /c d ''"),
        ("absolute without a path", b"GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET / - ''"),
        ("absolute with a query only", b"GET HTTP://b?d HTTP/1.1\r\nHost: b\r\n\r\n", "GET / d ''"),
        ("a URL in the path", b"GET /http://b/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET /http://b/ - ''"),
        ("star", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * - ''"),
        ("an upgrade, which is not made", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "GET / - ''"),
        ("trailers, which are not headers", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n", "POST / - 'a'"),
        ("unknown method", b"M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH / - ''"),
        ("raw UTF-8", "GET /网 HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes(), "GET /网 - ''"),
        ("raw Latin-1", b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /é - ''"),
        ("empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / - ''"),
        ("IPv6", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / - ''"),
        ("IPv6 alone", b"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "GET / - ''"),
        ("IPv4", b"GET / HTTP/1.1\r\nHost: 127.0.0.1:10086\r\n\r\n", "GET / - ''"),
        ("a Host with an empty port", b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET / - ''"),
        ("a Host with an escape", b"GET / HTTP/1.1\r\nHost: %61_b~!.c:080\r\n\r\n", "GET / - ''"),
        ("an empty Host in 1.0", b"GET / HTTP/1.0\r\nHost:\r\n\r\n", "GET / - ''"),
        ("absolute with an address", b"GET http://[::1]:80/a HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET /a - ''"),
        ("1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", "GET / - ''"),
        ("1.9 is read as 1.1", b"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / - ''"),
        ("spaces around a value", b"GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n", "GET / - ''"),
        ("length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "POST / - 'hello'"),
        ("length 0", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST / - ''"),
        ("length 005", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello", "POST / - 'hello'"),
        ("the same length twice", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "POST / - 'hello'"),
        ("a GET with a body", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "GET / - 'hi'"),
        ("chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: u\r\n\r\n", "POST / - 'hello'"),
        ("expects twice the same", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi", "POST / - 'hi'"),
        ("expects twice in one line", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue,100-continue\r\nContent-Length: 2\r\n\r\nhi", "POST / - 'hi'"),
        ("expects nothing", b"POST / HTTP/1.1\r\nHost: a\r\nExpect:\r\nContent-Length: 2\r\n\r\nhi", "POST / - 'hi'"),
        ("expects, and 1.0", b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", "POST / - 'hi'"),
    ]
}

//! The same server and client with programs that others wrote: curl, ab, wrk, and Node's `http`.

mod common;
#[path = "http/running.rs"]
mod running;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::{DEADLINE, Program, peer, within};
use net::event;
use net::http::{self, Reply};
use net_notes as net;
use running::Running;

/// Tells the client what it sent.
fn mirror() -> Running {
    Running::new(|request, response| {
        let expect = request.header("expect").unwrap_or("-");
        let length = request.body().len();
        let line = format!(
            "{} {} {} {length} {expect}\n",
            request.method(),
            request.target(),
            request.version()
        );
        if request.path() == "/long" {
            (0..50).for_each(|_| assert!(response.write([b'a'; 1000])));
        }
        response.end_with(line);
    })
}

fn curl(args: &[&str]) -> Option<String> {
    let curl = peer("curl")?;
    let usual = ["--silent", "--show-error", "--max-time", "20", "--noproxy", "*"];
    let (status, out, err) = Program::start(curl, &[&usual[..], args].concat()).wait();
    assert!(status.success(), "{args:?}: {err}");
    Some(out.replace("\r\n", "\n") + &err)
}

#[test]
fn curl_keeps_the_connection() {
    let server = mirror();
    let (one, two) = (server.url("/1"), server.url("/2"));
    let count = "-w=%{num_connects}\n";
    let Some(out) = curl(&[count, &one, &two]) else { return };
    assert_eq!(out, "GET /1 HTTP/1.1 0 -\n=1\nGET /2 HTTP/1.1 0 -\n=0\n");
    let out = curl(&[count, "-H", "Connection: close", &one, &two]).expect("here");
    assert_eq!(out, "GET /1 HTTP/1.1 0 -\n=1\nGET /2 HTTP/1.1 0 -\n=1\n");
    let out = curl(&[count, "--http1.0", &one, &two]).expect("here");
    assert_eq!(out, "GET /1 HTTP/1.0 0 -\n=1\nGET /2 HTTP/1.0 0 -\n=1\n");
    server.close();
}

#[test]
fn curl_uploads() {
    let server = mirror();
    let url = server.url("/");
    let Some(out) = curl(&["-d", "hello", &url]) else { return };
    assert_eq!(out, "POST / HTTP/1.1 5 -\n");
    let out = curl(&["-d", "hello", "-H", "Transfer-Encoding: chunked", &url]).expect("here");
    assert_eq!(out, "POST / HTTP/1.1 5 -\n");
    let large = "a".repeat(100_000);
    let out = curl(&["-v", "-d", &large, "-H", "Expect: 100-continue", &url]).expect("here");
    assert!(out.contains("POST / HTTP/1.1 100000 100-continue\n"), "{out}");
    assert!(out.contains("< HTTP/1.1 100 Continue"), "{out}");
    let out = curl(&["-d", "hello", "-H", "Expect: tea", "-w=%{http_code}", &url]).expect("here");
    assert!(out.ends_with("=417"), "{out}");
    server.close();
}

#[test]
fn curl_downloads() {
    let server = mirror();
    let url = server.url("/long");
    let expected = "a".repeat(50_000);
    let Some(out) = curl(&["-i", &url]) else { return };
    assert!(out.contains("Transfer-Encoding: chunked\n"), "{}", &out[..200]);
    assert!(out.ends_with(&format!("{expected}GET /long HTTP/1.1 0 -\n")));
    let out = curl(&["--http1.0", &url]).expect("here");
    assert_eq!(out, format!("{expected}GET /long HTTP/1.0 0 -\n"));
    let out = curl(&["-I", &server.url("/")]).expect("here");
    assert!(out.starts_with("HTTP/1.1 200 OK\n") && out.contains("Content-Length: 20\n"), "{out}");
    server.close();
}

/// How many connections a server has accepted from here on.
fn count_connections(server: &Running) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    server.server.on(event::Connection, move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    count
}

/// The number after `title` in a report of ab.
fn said(report: &str, title: &str) -> Option<usize> {
    let line = report.lines().find_map(|line| line.strip_prefix(title)?.strip_prefix(':'));
    line.map(|number| number.trim().parse().unwrap_or_else(|_| panic!("{title}: {report}")))
}

#[test]
fn apache_bench_asks_a_thousand_times() {
    let Some(ab) = peer("ab") else { return };
    for keep in ["-k", "-q"] {
        let server = mirror();
        let connections = count_connections(&server);
        let url = server.url("/");
        let args = [keep, "-n", "1000", "-c", "8", "-s", "20", &url];
        let (status, report, error) = Program::start(&ab, &args).wait();
        assert!(status.success(), "{report}{error}");
        assert_eq!(said(&report, "Complete requests"), Some(1000), "{report}");
        assert_eq!(said(&report, "Failed requests"), Some(0), "{report}");
        assert_eq!(said(&report, "Non-2xx responses"), None, "{report}");
        let kept = (keep == "-k").then_some(1000);
        assert_eq!(said(&report, "Keep-Alive requests"), kept, "{report}");
        // When it has its thousand, it may have begun up to seven more.
        let (calls, connections) = (server.calls(), connections.load(Ordering::SeqCst));
        assert!((1000..1008).contains(&calls), "{calls} calls: {report}");
        let expected = if keep == "-k" { 8..9 } else { 1000..1008 };
        assert!(expected.contains(&connections), "{connections} connections: {report}");
        server.close();
    }
}

#[test]
fn wrk_asks_for_a_second() {
    let Some(wrk) = peer("wrk") else { return };
    for close in [false, true] {
        let server = mirror();
        let connections = count_connections(&server);
        let url = server.url("/");
        let mut args = vec!["-t2", "-c8", "-d1s", "--timeout", "20s", &url];
        if close {
            args.extend(["-H", "Connection: close"]);
        }
        let (status, report, error) = Program::start(&wrk, &args).wait();
        assert!(status.success(), "{report}{error}");
        // It says nothing of errors if there were none.
        assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
        let count = report.lines().find_map(|line| line.trim().split_once(" requests in "));
        let count: usize = count.and_then(|(count, _)| count.parse().ok()).expect("a count");
        // When its time is over it does not wait for the answers that are on their way.
        let (calls, connections) = (server.calls(), connections.load(Ordering::SeqCst));
        assert!(count >= 10 && (count..=count + 8).contains(&calls), "{calls} calls: {report}");
        // Besides the eight it looks once, with each of its threads, whether anybody listens.
        let expected = if close { calls..=calls + 11 } else { 8..=11 };
        assert!(
            expected.contains(&connections),
            "{connections} connections, {calls} calls: {report}"
        );
        server.close();
    }
}

#[test]
fn nodes_client() {
    let Some(node) = peer("node") else { return };
    let server = mirror();
    let script = r#"
        const http = require('http');
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const ask = (method, path, body, headers) => new Promise((done, failed) => {
            const request = http.request({ port: +process.argv[1], host: '127.0.0.1', method, path, headers, agent }, (response) => {
                let text = '';
                response.on('data', (part) => text += part);
                response.on('end', () => done(`${response.statusCode} ${text.length > 99 ? text.length : text.trim()} ${request.reusedSocket}`));
            });
            request.on('error', failed);
            if (headers && headers.Expect) request.on('continue', () => request.end(body));
            else if (body) { request.write(body); request.end(); } else request.end();
        });
        (async () => {
            console.log(await ask('GET', '/a'));
            console.log(await ask('HEAD', '/b'));
            console.log(await ask('POST', '/c', 'hello'));
            console.log(await ask('POST', '/d', 'hello', { Expect: '100-continue', 'Content-Length': 5 }));
            console.log(await ask('GET', '/long'));
            agent.destroy();
        })();
    "#;
    let port = server.port().to_string();
    let (status, out, err) = Program::start(node, &["-e", script, &port]).wait();
    assert!(status.success(), "{err}");
    let expected = "200 GET /a HTTP/1.1 0 - false\n200  true\n200 POST /c HTTP/1.1 5 - true\n\
                    200 POST /d HTTP/1.1 5 100-continue true\n200 50023 true\n";
    assert_eq!(out, expected, "{err}");
    server.close();
}

#[test]
fn nodes_server() {
    let Some(node) = peer("node") else { return };
    let script = r#"
        const server = require('http').createServer((request, response) => {
            if (request.url === '/chunks') { response.write('hel'); setTimeout(() => response.end('lo'), 20); }
            else if (request.url === '/close') { response.useChunkedEncodingByDefault = false; response.removeHeader('Transfer-Encoding'); response.write('until the '); response.end('end'); }
            else if (request.url === '/early') { response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('late')); }
            else if (request.url === '/cut') { response.setHeader('Content-Length', 10); response.write('hello'); setTimeout(() => request.socket.destroy(), 20); }
            else if (request.url === '/none') { response.statusCode = 204; response.end(); }
            else { response.statusCode = 404; response.setHeader('A', ['b', 'c']); response.end(`${request.method} ${request.url} ${request.headers.host}`); }
        });
        server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
    "#;
    let mut program = Program::start(node, &["-e", script]);
    let port = program.port();
    let get = move |path: &str| {
        let url = format!("http://127.0.0.1:{port}{path}");
        within("an answer", move || http::get(&url))
    };
    let reply = get("/a/b?c=d#e").expect("an answer");
    assert_eq!(
        (reply.status(), reply.reason(), reply.header("a")),
        (404, "Not Found", Some("b, c"))
    );
    assert_eq!(reply.text(), format!("GET /a/b?c=d 127.0.0.1:{port}"));
    for (path, status, text) in [
        ("/chunks", 200, "hello"),
        ("/close", 200, "until the end"),
        ("/early", 200, "late"),
        ("/none", 204, ""),
    ] {
        let reply = get(path).expect("an answer");
        assert_eq!((reply.status(), &*reply.text()), (status, text), "{path}");
    }
    assert_eq!(get("/cut").expect_err("it is cut").kind(), std::io::ErrorKind::UnexpectedEof);
    program.kill();
}

/// Answers one request with these bytes, and closes.
fn answer_with(bytes: &'static [u8]) -> std::io::Result<Reply> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let at = listener.local_addr().expect("it listens");
    let answering = thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().expect("it comes");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            request.push(byte[0]);
        }
        for byte in bytes.chunks(3) {
            let _ = stream.write_all(byte);
        }
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut request);
    });
    let reply = within("get", move || http::get(&format!("http://{at}/")));
    answering.join().expect("no panic");
    reply
}

#[test]
fn what_servers_may_answer() {
    let good: &[(&[u8], u16, &str)] = &[
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", 200, "hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", 200, "hi"),
        (b"HTTP/1.1 200 OK\n\nhi", 200, "hi"),
        (b"HTTP/1.1 200\r\n\r\nhi", 200, "hi"),
        (b"HTTP/1.1 404 \r\n\r\n", 404, ""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, ""),
        (b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhi", 200, "hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n", 200, "hi"),
    ];
    for (bytes, status, text) in good {
        let reply = answer_with(bytes)
            .unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(bytes)));
        assert_eq!((reply.status(), &*reply.text()), (*status, *text));
    }
    let cut = "the connection ended before the answer did";
    let bad: &[(&[u8], &str)] = &[
        (b"", cut),
        (b"HTTP/1.1 200 OK\r\nContent-Le", cut),
        (b"HTTP/1.1 100 Continue\r\n\r\n", cut),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", cut),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", cut),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhi\r\n",
            "a chunk does not begin or end as it has to",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi",
            "a transfer coding that is not known here",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi",
            "both Content-Length and Transfer-Encoding",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
            "there are two lengths, and they differ",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", "the body is too large"),
        (b"HTTP/2 200\r\n\r\n", "the answer is no HTTP/1"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "the answer is no HTTP/1"),
        (b"SSH-2.0-x\r\n\r\n", "the answer is no HTTP/1"),
        (b"\r\n    HTTP/1.1 200 OK\r\n\r\n", "the answer is no HTTP/1"),
        (b"HTTP/1.1 200 OK\r\n    A: b\r\n\r\n", "a header line begins with a space"),
    ];
    for (bytes, why) in bad {
        let error = answer_with(bytes).expect_err(why);
        assert_eq!(error.to_string(), *why, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_url_is_http_or_an_error() {
    for (url, why) in [
        ("localhost/", "it has no http://"),
        ("https://localhost/", "https needs TLS, which is not here"),
        ("ftp://localhost/", "it does not begin with http://"),
        ("http://", "it has no host"),
        ("http://:80/", "it has no host"),
        ("http://a:b/", "the port is no number"),
        ("http://a:+80/", "the port is no number"),
        ("http://a:65536/", "the port is no number"),
        ("http://a/b c", "it has a space or a control character in it"),
        ("http://a/\r\nX: y", "it has a space or a control character in it"),
        ("http://user@a/", "a user's name is not sent like this any more"),
    ] {
        let error = http::get(url).expect_err(url);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().ends_with(why), "{error}");
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let at = listener.local_addr().expect("it listens");
    drop(listener);
    assert_eq!(
        net::code(&http::get(&format!("http://{at}")).expect_err("refused")),
        "ECONNREFUSED"
    );
}

#[test]
fn our_client_and_our_server() {
    let server = mirror();
    for (path, target) in
        [("", "/"), ("/", "/"), ("?a=b", "/?a=b"), ("/a?b#c", "/a?b"), ("#c", "/")]
    {
        let reply = http::get(&server.url(path)).expect("an answer");
        assert_eq!(reply.text(), format!("GET {target} HTTP/1.1 0 -\n"));
    }
    assert_eq!(http::get(&server.url("/long")).expect("an answer").body().len(), 50_023);
    let reply = http::get(&format!("HTTP://localhost:{}/", server.port())).expect("an answer");
    assert_eq!(reply.status(), 200);
    server.close();
}

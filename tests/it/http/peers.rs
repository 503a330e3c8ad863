//! The server with clients by other authors: curl, ab, wrk, and Node's `http`. (Our client with
//! servers by other authors is in `http/client/servers.rs`.)

use super::running;
use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Program, peer};
use net::event;
use net_notes as net;
use running::Running;

/// Runs a server that answers with what the client sent.
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

/// Counts the connections that a server accepts from now on.
fn count_connections(server: &Running) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    server.server.on(event::Connection, move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    count
}

/// Returns the number after `title` in a report of ab.
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
        // When it has its thousand answers, it may have begun up to seven more requests.
        let (calls, connections) = (server.calls(), connections.load(Ordering::SeqCst));
        assert!((1000..1008).contains(&calls), "{calls} calls: {report}");
        let expected = if keep == "-k" { 8..9 } else { 1000..1008 };
        assert!(expected.contains(&connections), "{connections} connections: {report}");
        server.close();
    }
}

#[test]
#[ignore = "takes a processor for seconds"]
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
        // It reports errors only if there were any.
        assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
        let count = report.lines().find_map(|line| line.trim().split_once(" requests in "));
        let count: usize = count.and_then(|(count, _)| count.parse().ok()).expect("a count");
        // When its time is over it does not wait for the answers that are on their way.
        let (calls, connections) = (server.calls(), connections.load(Ordering::SeqCst));
        assert!(count >= 10 && (count..=count + 8).contains(&calls), "{calls} calls: {report}");
        // Besides these eight connections, each of its threads checks once whether a server
        // listens.
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

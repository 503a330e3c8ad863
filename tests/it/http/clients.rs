//! The same conversation with clients by other authors: wget, Python's `urllib`, `http.client` and
//! `requests`, Node's `fetch` and `undici`. (curl, ab, wrk and Node's `http` are in
//! `http/peers.rs`, Chromium in `14_mini_http.rs`.)

use super::running;
use crate::common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Program, lacking, peer, python_with};
use net::event;
use net_notes as net;
use running::Running;

/// Runs a server for everything that each client requests: a short answer, one in chunks, an
/// upload, no body, a refusal, an answer that is delayed, and the end of a connection.
/// `connections` counts how many it opened.
fn server() -> (Running, Arc<AtomicUsize>) {
    let server = Running::new(|request, response| match request.path() {
        "/short" => response.end_with(format!("{} {}", request.method(), request.target())),
        "/chunks" => {
            response.flush_headers();
            (0..100).for_each(|n| _ = response.write(format!("{n:04}").repeat(250)));
            response.end();
        }
        "/upload" => {
            let sum: u64 = request.body().iter().map(|byte| u64::from(*byte)).sum();
            response.end_with(format!("{} {sum}", request.body().len()));
        }
        "/none" => response.status(204).end(),
        "/close" => response.header("Connection", "close").end_with("bye"),
        "/cookies" => {
            response.header("Set-Cookie", "a=1").header("Set-Cookie", "b=2");
            response.end_with("two");
        }
        path => response.status(404).end_with(format!("{path} is not here")),
    });
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    server.server.on(event::Connection, move |_, _| _ = count.fetch_add(1, Ordering::SeqCst));
    (server, connections)
}

/// The output of a client that has done all of it.
const DONE: &str = "200 GET /short?q=%E4%BD%A0\n200 100000\n200 100000 2500000\n204 0\n404 18\n200 two\n200 bye\n200 3\n";

/// Runs a program with the server's URL as its last argument, and compares what it prints.
fn converse(program: &Path, arguments: &[&str], most_connections: usize) {
    let (server, connections) = server();
    let url = server.url("");
    let (status, out, err) = Program::start(program, &[arguments, &[&url]].concat()).wait();
    assert!(status.success(), "{err}");
    assert_eq!(out.replace("\r\n", "\n"), DONE, "{err}");
    let opened = connections.load(Ordering::SeqCst);
    assert!(opened <= most_connections, "{opened} connections");
    server.close();
}

#[test]
fn wget() {
    let Some(wget) = peer("wget") else { return };
    let (server, connections) = server();
    let urls = ["/short", "/chunks", "/cookies"].map(|path| server.url(path));
    let usual = ["--quiet", "--output-document=-", "--no-proxy", "--timeout=20", "--tries=1"];
    let arguments: Vec<&str> = usual.into_iter().chain(urls.iter().map(String::as_str)).collect();
    let (status, out, err) = Program::start(wget.clone(), &arguments).wait();
    assert!(status.success(), "{err}");
    assert!(out.starts_with("GET /short0000") && out.ends_with("0099two"), "{err}");
    assert_eq!(out.len(), 10 + 100_000 + 3);
    assert_eq!(connections.load(Ordering::SeqCst), 1, "it keeps its connection");
    let missing = server.url("/missing");
    let (status, ..) = Program::start(wget, &[&usual[..], &[&missing]].concat()).wait();
    assert_eq!(status.code(), Some(8), "the server issued an error response");
    server.close();
}

#[test]
fn pythons_urllib() {
    let Some(python) = python_with("urllib.request") else { return };
    let script = r#"
import sys, urllib.request as u, urllib.error, urllib.parse
base = sys.argv[1]
opener = u.build_opener(u.ProxyHandler({}))
def ask(path, data=None, method=None):
    try:
        with opener.open(u.Request(base + path, data=data, method=method), timeout=20) as r: return r.status, r.read()
    except urllib.error.HTTPError as e: return e.code, e.read()
s, b = ask('/short?q=' + urllib.parse.quote('你')); print(s, b.decode())
s, b = ask('/chunks'); print(s, len(b))
s, b = ask('/upload', data=bytes([0, 50]) * 50000); print(s, b.decode())
s, b = ask('/none'); print(s, len(b))
s, b = ask('/nothi'); print(s, len(b))
s, b = ask('/cookies'); print(s, b.decode())
s, b = ask('/close'); print(s, b.decode())
s, b = ask('/close'); print(s, len(b))
"#;
    converse(&python, &["-c", script], 8);
}

#[test]
fn pythons_http_client() {
    let Some(python) = python_with("http.client") else { return };
    let script = r#"
import sys, http.client, urllib.parse
at = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPConnection(at.hostname, at.port, timeout=20)
def ask(method, path, body=None, headers={}):
    c.request(method, path, body, headers); r = c.getresponse(); return r.status, r.read()
s, b = ask('GET', '/short?q=' + urllib.parse.quote('你')); print(s, b.decode())
s, b = ask('GET', '/chunks'); print(s, len(b))
def pieces():
    for _ in range(50): yield bytes([0, 50]) * 1000
c.request('POST', '/upload', pieces(), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
r = c.getresponse(); print(r.status, r.read().decode())
s, b = ask('GET', '/none'); print(s, len(b))
s, b = ask('GET', '/nothi'); print(s, len(b))
s, b = ask('GET', '/cookies'); print(s, b.decode())
s, b = ask('GET', '/close'); print(s, b.decode())
s, b = ask('GET', '/close'); print(s, len(b))
"#;
    converse(&python, &["-c", script], 2);
}

#[test]
fn pythons_requests() {
    let Some(python) = python_with("requests") else { return };
    let script = r#"
import sys, requests
base = sys.argv[1]
session = requests.Session(); session.trust_env = False
ask = lambda path: session.get(base + path, timeout=20)
r = ask('/short?q=你'); print(r.status_code, r.text)
r = ask('/chunks'); print(r.status_code, len(r.content))
r = session.post(base + '/upload', data=bytes([0, 50]) * 50000, timeout=20); print(r.status_code, r.text)
r = ask('/none'); print(r.status_code, len(r.content))
r = ask('/nothi'); print(r.status_code, len(r.content))
r = ask('/cookies'); assert session.cookies['a'] == '1' and session.cookies['b'] == '2'; print(r.status_code, r.text)
r = ask('/close'); print(r.status_code, r.text)
r = ask('/close'); print(r.status_code, len(r.content))
"#;
    converse(&python, &["-c", script], 2);
}

/// The conversation of a `fetch`.
const FETCH: &str = r#"
    const base = process.argv[1];
    const ask = async (path, options) => { const r = await fetch(base + path, options); return [r.status, await r.text()]; };
    (async () => {
        let [s, b] = await ask('/short?q=你'); console.log(s, b);
        [s, b] = await ask('/chunks'); console.log(s, b.length);
        const half = new Uint8Array(100000).map((_, n) => n % 2 ? 50 : 0);
        [s, b] = await ask('/upload', { method: 'POST', body: half }); console.log(s, b);
        [s, b] = await ask('/none'); console.log(s, b.length);
        [s, b] = await ask('/nothi'); console.log(s, b.length);
        [s, b] = await ask('/cookies'); console.log(s, b);
        [s, b] = await ask('/close'); console.log(s, b);
        [s, b] = await ask('/close'); console.log(s, b.length);
        process.exit();
    })();
"#;

#[test]
fn nodes_fetch() {
    let Some(node) = peer("node") else { return };
    converse(&node, &["-e", FETCH], 3);
}

#[test]
fn undici() {
    let Some(node) = peer("node") else { return };
    // `.ci/run` installs it there; Node has one built in, but programs cannot require it.
    let module = common::root().join("target/peers/node_modules/undici");
    if !module.is_dir() {
        return lacking("undici", "undici (npm install --prefix target/peers undici)");
    }
    let require = format!("const {{ fetch }} = require({:?});", module.display().to_string());
    converse(&node, &["-e", &(require + FETCH)], 3);
}

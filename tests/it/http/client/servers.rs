//! The client with servers by other authors: Node, Python's `http.server`, nginx.

use std::fs;
use std::io::{ErrorKind, Result};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::{env, process};

use net::http::{self, Call, Reply};
use net_notes as net;

use crate::common::{Program, command, peer, python_with, until, within};

fn send(call: Call) -> Result<Reply> {
    within("send() returns", || call.send())
}

/// Formats status, chosen headers, and body.
fn shown(reply: &Reply, headers: &[&str]) -> String {
    let headers: Vec<_> = headers.iter().map(|name| reply.header(name).unwrap_or("-")).collect();
    format!("{} [{}] {}", reply.status(), headers.join(" | "), reply.text())
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = env::temp_dir().join(format!("net-notes-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn node() {
    let Some(node) = peer("node") else { return };
    let script = r#"
        const server = require('http').createServer((request, response) => {
            const { method, url, headers } = request;
            const echo = () => {
                let length = 0, last = 0;
                request.on('data', (part) => { length += part.length; last = part[part.length - 1]; });
                request.on('end', () => {
                    response.setHeader('Content-Type', 'text/plain');
                    response.end(`${method} ${url} ${headers.host} ${headers.connection} ${headers['content-length']} ${headers.a} ${length} ${last}`);
                });
            };
            switch (url) {
                case '/chunks': response.write('hel'); setTimeout(() => response.end('lo'), 20); break;
                case '/close': response.useChunkedEncodingByDefault = false; response.removeHeader('Transfer-Encoding'); response.write('until the '); response.end('end'); break;
                case '/early': response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('late')); break;
                case '/processing': response.writeProcessing(); response.writeContinue(); response.end('late'); break;
                case '/cut': response.setHeader('Content-Length', 10); response.write('hello'); setTimeout(() => request.socket.destroy(), 20); break;
                case '/none': response.statusCode = 204; response.end(); break;
                case '/trailers': response.writeHead(200, { Trailer: 'A' }); response.write('hi'); response.addTrailers({ A: 'b' }); response.end(); break;
                case '/lines': for (let n = 0; n < 200; n++) response.setHeader(`Name-${n}`, n); response.end('200'); break;
                case '/cookies': response.setHeader('Set-Cookie', ['a=1', 'b=2']); response.statusMessage = 'Two of them'; response.end(); break;
                case '/long': response.end(Buffer.alloc(3 << 20, 'a')); break;
                case '/upgrade': response.statusCode = 426; response.end('no'); break;
                default: echo();
            }
        });
        server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
    "#;
    let mut program = Program::start(node, &["-e", script]);
    let port = program.port();
    let call =
        |method: &str, path: &str| http::request(method, &format!("http://127.0.0.1:{port}{path}"));
    for (call, headers, expected) in [
        (
            call("GET", "/a/b?c=d#e"),
            &[][..],
            format!("200 [] GET /a/b?c=d 127.0.0.1:{port} close undefined undefined 0 0"),
        ),
        (
            call("POST", "/你"),
            &[],
            format!("200 [] POST /%E4%BD%A0 127.0.0.1:{port} close 0 undefined 0 0"),
        ),
        (
            call("PUT", "/").body("hello").header("A", "b"),
            &[],
            format!("200 [] PUT / 127.0.0.1:{port} close 5 b 5 111"),
        ),
        (
            call("PATCH", "/").body(vec![7; 2 << 20]),
            &[],
            format!("200 [] PATCH / 127.0.0.1:{port} close 2097152 undefined 2097152 7"),
        ),
        (
            call("DELETE", "/").header("Host", "a:1"),
            &[],
            "200 [] DELETE / a:1 close undefined undefined 0 0".to_string(),
        ),
        (
            call("POST", "/").body("hi").header("Expect", "100-continue"),
            &[],
            format!("200 [] POST / 127.0.0.1:{port} close 2 undefined 2 105"),
        ),
        (call("HEAD", "/"), &["content-type"], "200 [text/plain] ".to_string()),
        (call("HEAD", "/chunks"), &["transfer-encoding"], "200 [-] ".to_string()),
        (call("GET", "/chunks"), &["transfer-encoding"], "200 [chunked] hello".to_string()),
        (
            call("GET", "/close"),
            &["content-length", "transfer-encoding"],
            "200 [- | -] until the end".to_string(),
        ),
        (call("GET", "/early"), &["link"], "200 [-] late".to_string()),
        (call("GET", "/processing"), &[], "200 [] late".to_string()),
        (call("GET", "/none"), &["content-length"], "204 [-] ".to_string()),
        (call("GET", "/trailers"), &["a"], "200 [-] hi".to_string()),
        (call("GET", "/lines"), &["name-0", "name-199"], "200 [0 | 199] 200".to_string()),
        (call("GET", "/upgrade").header("Upgrade", "echo"), &[], "426 [] no".to_string()),
    ] {
        let what = format!("{call:?}");
        let reply = send(call).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shown(&reply, headers), expected, "{what}");
    }
    let reply = send(call("GET", "/cookies")).expect("an answer");
    assert_eq!(reply.reason(), "Two of them");
    let cookies = reply.headers().filter(|(name, _)| *name == "Set-Cookie");
    assert!(cookies.map(|(_, value)| value).eq(["a=1", "b=2"]), "{reply:?}");
    let reply = send(call("GET", "/long")).expect("an answer");
    assert!(reply.body() == vec![b'a'; 3 << 20], "{reply:?}");
    assert_eq!(send(call("GET", "/cut")).expect_err("cut").kind(), ErrorKind::UnexpectedEof);
    program.kill();
}

#[test]
fn python() {
    let Some(python) = python_with("http.server") else { return };
    let folder = Folder::new("python");
    folder.write("你 好.txt", "hello\n");
    folder.write("long", vec![b'a'; 1 << 20]);
    fs::create_dir(folder.0.join("folder")).expect("a folder");
    let arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"];
    let mut program = Program::start(python, &[&arguments[..], &[folder.path()]].concat());
    let port = program.port();
    let call =
        |method: &str, path: &str| http::request(method, &format!("http://127.0.0.1:{port}{path}"));
    for (call, headers, expected) in [
        (call("GET", "/你 好.txt"), &["content-length"][..], "200 [6] hello\n"),
        (call("GET", "/folder/../%E4%BD%A0%20好.txt?q"), &[], "200 [] hello\n"),
        (call("HEAD", "/long"), &["content-length"], "200 [1048576] "),
        (call("GET", "/folder"), &["location", "content-length"], "301 [/folder/ | 0] "),
    ] {
        let what = format!("{call:?}");
        let reply = send(call).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shown(&reply, headers), expected, "{what}");
    }
    for (call, status, part) in [
        (call("GET", "/folder/"), 200, "Directory listing"),
        (call("GET", "/none"), 404, "File not found"),
        (call("POST", "/").body("hello"), 501, "Unsupported method"),
    ] {
        let reply = send(call).expect("an answer");
        assert_eq!(reply.status(), status, "{reply:?}");
        assert!(reply.text().contains(part), "{}", reply.text());
    }
    let reply = send(call("GET", "/long")).expect("an answer");
    assert!(reply.body() == vec![b'a'; 1 << 20], "{reply:?}");
    program.kill();
}

/// Starts nginx with this configuration of its server, and returns its port too. It does not
/// support port 0: it is given a free one, and another one if that was taken before it listened.
fn start_nginx(nginx: PathBuf, folder: &Folder, server: &str) -> (Program, u16) {
    let (path, mut attempts) = (folder.path(), 0);
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
        let port = listener.local_addr().expect("it listens").port();
        drop(listener);
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|kind| format!("{kind}_temp_path {path}/{kind};")).concat();
        let configuration = format!(
            "daemon off; master_process off; pid {path}/pid; error_log stderr; events {{}}
             http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {server} }} }}"
        );
        folder.write("nginx.conf", configuration);
        let file = format!("{path}/nginx.conf");
        let mut program = Program::spawn(command(&nginx).args(["-p", path, "-c", &file]));
        let mut runs = true;
        until("nginx listens, or has ended", || {
            runs = program.is_running();
            !runs || TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        if runs {
            return (program, port);
        }
        attempts += 1;
        assert!(attempts < 5, "nginx does not start: {}", program.wait().2);
    }
}

#[test]
fn nginx() {
    let Some(nginx) = peer("nginx") else { return };
    let folder = Folder::new("nginx");
    folder.write("long", vec![b'a'; 1 << 20]);
    folder.write("page", "<!--#echo var=\"request_method\" --> of <!--#echo var=\"uri\" -->\n");
    let server = format!(
        r#"root {}; client_max_body_size 100k;
           location = /page {{ ssi on; ssi_types *; }}
           location = /none {{ return 204; }}
           location = /moved {{ return 301 /page; }}
           location = /cut {{ return 444; }}
           location /echo {{ return 200 "$request_method $request_uri $http_host $http_connection $http_a $content_length\n"; }}"#,
        folder.path()
    );
    let (program, port) = start_nginx(nginx, &folder, &server);
    let call =
        |method: &str, path: &str| http::request(method, &format!("http://localhost:{port}{path}"));
    for (call, headers, expected) in [
        (
            call("GET", "/page"),
            &["transfer-encoding"][..],
            "200 [chunked] GET of /page\n".to_string(),
        ),
        (call("GET", "/none"), &["content-length"], "204 [-] ".to_string()),
        (
            call("HEAD", "/long"),
            &["content-length", "connection"],
            "200 [1048576 | close] ".to_string(),
        ),
        (
            call("GET", "/echo/a b?\"c\""),
            &[],
            format!("200 [] GET /echo/a%20b?%22c%22 localhost:{port} close  \n"),
        ),
        (
            call("POST", "/echo").body("hello").header("A", "b"),
            &[],
            format!("200 [] POST /echo localhost:{port} close b 5\n"),
        ),
        (call("PUT", "/echo"), &[], format!("200 [] PUT /echo localhost:{port} close  0\n")),
        (
            call("GET", "/long").header("Range", "bytes=3-5"),
            &["content-range"],
            "206 [bytes 3-5/1048576] aaa".to_string(),
        ),
    ] {
        let what = format!("{call:?}");
        let reply = send(call).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shown(&reply, headers), expected, "{what}");
    }
    for (call, status) in [
        (call("GET", "/moved"), 301),
        (call("GET", "/not/here"), 404),
        (call("POST", "/long").body("hello"), 405),
        (call("POST", "/page").body(vec![b'a'; 5 << 20]), 413),
        (call("GET", "/page").header("Host", "a b"), 400),
    ] {
        let what = format!("{call:?}");
        let reply = send(call).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(reply.status(), status, "{what}: {}", reply.text());
    }
    let reply = send(call("GET", "/long")).expect("an answer");
    assert!(reply.body() == vec![b'a'; 1 << 20], "{reply:?}");
    let entity_tag = reply.header("etag").expect("of a file");
    let again = send(call("GET", "/long").header("If-None-Match", entity_tag)).expect("an answer");
    assert_eq!((again.status(), again.body()), (304, &b""[..]));
    assert_eq!(send(call("GET", "/cut")).expect_err("cut").kind(), ErrorKind::UnexpectedEof);
    program.kill();
}

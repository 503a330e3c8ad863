//! STS: its grammar on the wire, and its errors.

use crate::common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::{DEADLINE, within};
use net::sts;
use net_notes as net;

struct Running {
    server: net::Server,
    thread: thread::JoinHandle<std::io::Result<()>>,
    calls: Arc<AtomicUsize>,
}

impl Running {
    fn new(handler: impl Fn(sts::Request, sts::Response) + Send + Sync + 'static) -> Running {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let server = sts::create_server(move |request, response| {
            count.fetch_add(1, Ordering::SeqCst);
            handler(request, response);
        });
        server.listen(("127.0.0.1", 0), |_| {}).expect("port 0 is free");
        let thread = server.spawn();
        Running { server, thread, calls }
    }

    fn at(&self) -> net::Address {
        self.server.address().expect("it listens")
    }

    /// Sends `request` in pieces, and reads to the server's end.
    fn talk(&self, request: &[u8], size: usize, end: bool) -> String {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.at().port().expect("TCP"))).expect("connects");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_nodelay(true).expect("TCP");
        request.chunks(size).for_each(|piece| stream.write_all(piece).expect("sends"));
        if end {
            stream.shutdown(std::net::Shutdown::Write).expect("connected");
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in time, and no reset");
        answer
    }

    fn close(self) {
        self.server.close().expect("it listens");
        let thread = self.thread;
        within("run() returns", move || thread.join().expect("no panic")).expect("no error");
    }
}

#[test]
fn what_is_sts() {
    let server = Running::new(|request, response| {
        response.header("Tone", request.header("tone").unwrap_or("none"));
        response.write(request.text().to_uppercase());
        response.end_with("!");
        response.end_with("too late");
    });
    for size in [1, 1000] {
        let request = b"STS/1.1 SAY\r\nContent-Length: 5\r\nTone: low\r\n\r\nhello";
        let expected = "STS/1.1 200 OK\r\nTone: low\r\nContent-Length: 6\r\n\r\nHELLO!";
        assert_eq!(server.talk(request, size, false), expected);
        assert_eq!(server.talk(request, size, true), expected);
    }
    let reply = sts::request(server.at(), "网络").expect("an answer");
    assert_eq!((reply.status(), reply.reason(), &*reply.text()), (200, "OK", "网络!"));
    assert_eq!(reply.header("TONE"), Some("none"));
    assert_eq!(reply.headers().count(), 2);
    let large = "a".repeat(1_000_000);
    let reply = sts::request(server.at(), &large).expect("an answer");
    assert_eq!(reply.body().len(), 1_000_001);
    server.close();
}

#[test]
fn what_is_no_sts_never_reaches_the_handler() {
    let server = Running::new(|_, response| response.end());
    for (request, status, why) in [
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "400 Not STS",
            "the start line is not one of STS/1.1",
        ),
        (
            "STS/1.0 SAY\r\nContent-Length: 0\r\n\r\n",
            "400 Not STS",
            "the start line is not one of STS/1.1",
        ),
        ("STS/1.1 SAY\r\n\r\n", "400 Not STS", "there is no Content-Length"),
        (
            "STS/1.1 SAY\r\nContent-Length: x\r\n\r\n",
            "400 Not STS",
            "the Content-Length is not a number",
        ),
        (
            "STS/1.1 SAY\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "400 Not STS",
            "there are two lengths, and they differ",
        ),
        (
            "STS/1.1 SAY\r\n Content-Length: 1\r\n\r\n",
            "400 Not STS",
            "a header line begins with a space",
        ),
        (
            "STS/1.1 SAY\r\nContent-Length: 1048577\r\n\r\n",
            "413 Too Large",
            "the body is too large",
        ),
        ("STS/1.1 SAY\rX", "400 Not STS", "a carriage return without a line feed"),
    ] {
        let body = format!("{why}\n");
        let expected = format!("STS/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert_eq!(server.talk(request.as_bytes(), 1, false), expected, "{request}");
        assert_eq!(server.talk(request.as_bytes(), 1000, true), expected, "{request}");
    }
    let cut = server.talk(b"STS/1.1 SAY\r\nContent-Length: 5\r\n\r\nhell", 1000, true);
    assert!(
        cut.starts_with("STS/1.1 400 ") && cut.ends_with("the request is cut short\n"),
        "{cut}"
    );
    assert_eq!(server.calls.load(Ordering::SeqCst), 0);
    server.close();
}

#[test]
fn later_on_another_thread_by_drop_and_by_mistake() {
    let server = Running::new(|request, response| match &*request.text() {
        "later" => drop(thread::spawn(move || response.status(299).end_with("later"))),
        "drop" => drop(response.write("dropped")),
        "mistake" => response.header("A", "b\r\nC: d").end_with("e"),
        _ => std::panic::resume_unwind(Box::new("planned")), // without the hook's message
    });
    for (body, status, text) in [
        ("later", 299, "later"),
        ("drop", 200, "dropped"),
        ("mistake", 500, "e"),
        ("panic", 500, ""),
    ] {
        let reply = sts::request(server.at(), body).unwrap_or_else(|e| panic!("{body}: {e}"));
        assert_eq!((reply.status(), &*reply.text()), (status, text), "{body}");
        assert_eq!(reply.header("c"), None);
    }
    server.close();
}

#[test]
fn what_a_server_may_answer() {
    for (answer, expected) in [
        (&b"STS/1.1 404 No\r\nContent-Length: 2\r\n\r\nhi"[..], Ok("hi")),
        (
            b"STS/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
            Err("the connection ended before the answer did"),
        ),
        (b"", Err("the connection ended before the answer did")),
        (b"STS/1.1 200 OK\r\n\r\n", Err("there is no Content-Length")),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Err("the start line is not one of STS/1.1"),
        ),
        (
            b"STS/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
            Err("the start line is not one of STS/1.1"),
        ),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
        let at = listener.local_addr().expect("it listens");
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("it comes");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            let mut request = [0; "STS/1.1 SAY\r\nContent-Length: 2\r\n\r\nhi".len()];
            stream.read_exact(&mut request).expect("the request");
            assert_eq!(request, *b"STS/1.1 SAY\r\nContent-Length: 2\r\n\r\nhi");
            stream.write_all(answer).expect("sent");
        });
        let found = sts::request(at, "hi").map(|reply| reply.text().into_owned());
        let found = found.as_ref().map(String::as_str).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_string));
        answering.join().expect("no panic");
    }
}

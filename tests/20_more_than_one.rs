//! Lesson 20: the balancer in front of copies that are killed, that hang, and that break off; and
//! HAProxy in its place.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

#[path = "../examples/20_more_than_one/chunks.rs"]
mod chunks;
mod common;
#[path = "../examples/20_more_than_one/reply.rs"]
mod reply;

use common::{DEADLINE, Program, command, example, header_output, let_pass, peer, until};
use net_notes::check::{Check, Subject};
use net_notes::http;
use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs, process};

const NAME: &str = "20_more_than_one";
const LESSON: &str = "lessons/20_more_than_one.md";
/// The number of requests that `ab` sends in the lesson while copies are killed.
const GETS: usize = 25_000;

fn free_port() -> u16 {
    // It keeps them from all others until the end.
    static CHECK: LazyLock<Check> = LazyLock::new(|| Check::new(Subject::new("")));
    CHECK.free_port().expect("a port is free")
}

/// Returns the first of three consecutive ports, as `storm` takes them. Each is checked, so that no
/// other test receives it.
fn free_row() -> u16 {
    loop {
        let first = free_port();
        if [free_port(), free_port()] == [first + 1, first + 2] {
            return first;
        }
    }
}

/// Starts the balancer in front of these ports, and returns its own port too.
fn balancer(copies: &[u16]) -> (Program, u16) {
    let ports: Vec<String> = [0].iter().chain(copies).map(u16::to_string).collect();
    let mut program =
        Program::start(example(NAME), &ports.iter().map(String::as_str).collect::<Vec<_>>());
    let port = program.port_after("listening: port ");
    (program, port)
}

trait PortAfter {
    fn port_after(&mut self, words: &str) -> u16;
}

impl PortAfter for Program {
    fn port_after(&mut self, words: &str) -> u16 {
        let line = self.line_with(words);
        line.rsplit(' ').next().and_then(|port| port.trim().parse().ok()).expect("a port")
    }
}

/// A copy that the test controls: it passes every check, and does with each request what the test
/// says.
struct Copy {
    port: u16,
    /// The requests, except those of the health check.
    seen: Arc<Mutex<Vec<String>>>,
    well: Arc<AtomicBool>,
}

impl Copy {
    fn start(serve: impl Fn(TcpStream, &str) + Send + Sync + 'static) -> Copy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
        let port = listener.local_addr().expect("bound").port();
        let (seen, well) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let (all, is_well, serve) = (seen.clone(), well.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, is_well, serve) = (all.clone(), is_well.clone(), serve.clone());
                thread::spawn(move || {
                    let Some(request) = read_request(&stream) else { return };
                    if request.starts_with("GET /health ") {
                        if is_well.load(Ordering::SeqCst) {
                            return say(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                        }
                        // Accepts, and is silent until the other side gives up.
                        return drop((&stream).read(&mut [0]));
                    }
                    all.lock().expect("no panic").push(request.clone());
                    serve(stream, &request);
                });
            }
        });
        Copy { port, seen, well }
    }

    /// Starts a copy that answers every request with this text, and closes.
    fn saying(answer: &'static str) -> Copy {
        Copy::start(move |stream, _| say(&stream, answer))
    }

    /// Starts a copy that reads each request, and closes without an answer, as a copy that is
    /// killed.
    fn dying() -> Copy {
        Copy::start(|_, _| {})
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }
}

fn say(mut stream: &TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

/// Reads a head and its counted body; `None` if they are incomplete.
fn read_request(mut stream: &TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn ask(method: &str, port: u16) -> http::Reply {
    let call = http::request(method, &format!("http://127.0.0.1:{port}/tea")).timeout(DEADLINE);
    call.send().unwrap_or_else(|error| panic!("{method}: {error}"))
}

/// Returns a connection on which this text was sent.
fn sent(port: u16, text: &str) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    say(&stream, text);
    stream
}

const GET: &str = "GET / HTTP/1.1\r\nHost: tea.example\r\n\r\n";

#[test]
fn it_prints_what_its_header_shows() {
    let copies = [Copy::saying(""), Copy::saying("")];
    let ports = [copies[0].port, copies[1].port, free_port()];
    let (program, port) = balancer(&ports);
    let mut said = program.kill().0;
    for (own, shown) in ports.iter().chain([&port]).zip([5001, 5002, 5003, 5000]) {
        said = said.replace(&own.to_string(), &shown.to_string());
    }
    assert_eq!(said, header_output(NAME));
}

#[test]
fn wrong_arguments_and_a_port_in_use_are_explained() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let port = taken.local_addr().expect("bound").port().to_string();
    for (args, said) in [
        (&["tea"][..], "after -- goes"),
        (&["copy", "tea"], "after -- goes"),
        (&["storm", "tea"], "after -- goes"),
        (&[&port, "1"], "Take another port"),
        (&["copy", &port], "Take another port"),
    ] {
        let (status, _, errors) = Program::start(example(NAME), args).wait();
        assert!(!status.success() && errors.contains(said), "{args:?}: {errors}");
    }
}

/// The successive requests of one client go to all copies in turn; one that has gone is left out,
/// and is used again when it is back.
#[test]
fn a_copy_that_is_killed_is_left_out_until_it_comes_back() {
    let first = free_row();
    let start = |n: u16| {
        let mut copy = Program::start(example(NAME), &["copy", &(first + n).to_string()]);
        assert_eq!(copy.port_after("listening: port "), first + n);
        copy
    };
    let mut copies: Vec<Program> = (0..3).map(start).collect();
    let (mut program, port) = balancer(&[first, first + 1, first + 2]);
    let who = |count: usize| -> HashSet<String> {
        let url = format!("http://127.0.0.1:{port}/who");
        (0..count).map(|_| http::get(&url).expect("an answer").text().into_owned()).collect()
    };
    let name = |n: u16| format!("copy {}\n", first + n);
    assert_eq!(who(3), HashSet::from([name(0), name(1), name(2)]));
    copies.remove(1).kill();
    let dead = program.line_with("gone");
    assert_eq!(dead, format!("copy {}: gone\n", first + 1));
    assert_eq!(who(6), HashSet::from([name(0), name(2)]));
    copies.push(start(1));
    program.line_with(&format!("copy {}: alive", first + 1));
    assert_eq!(who(3), HashSet::from([name(0), name(1), name(2)]));
}

#[test]
#[ignore = "takes seconds"]
fn a_copy_that_accepts_and_does_not_answer_is_dead() {
    let (hangs, well) = (Copy::saying(""), Copy::start(|stream, _| say(&stream, &ok("well"))));
    let (mut program, port) = balancer(&[hangs.port, well.port]);
    hangs.well.store(false, Ordering::SeqCst);
    program.line_with(&format!("copy {}: no answer in time", hangs.port));
    for _ in 0..6 {
        assert_eq!(ask("POST", port).text(), "well");
    }
    assert!(hangs.seen().is_empty());
    hangs.well.store(true, Ordering::SeqCst);
    program.line_with(&format!("copy {}: alive", hangs.port));
}

/// If all copies are considered dead, it is more likely that the check is wrong.
#[test]
#[ignore = "takes two seconds"]
fn when_no_check_succeeds_the_copies_are_asked_all_the_same() {
    let copy = Copy::start(|stream, _| say(&stream, &ok("served")));
    copy.well.store(false, Ordering::SeqCst);
    let (mut program, port) = balancer(&[copy.port, free_port()]);
    for _ in 0..4 {
        assert_eq!(ask("POST", port).text(), "served");
    }
    copy.well.store(true, Ordering::SeqCst);
    program.line_with(&format!("copy {}: alive", copy.port));
}

/// Headers about one connection are not passed on; all others are, and each side receives
/// information about the other.
#[test]
fn heads_are_passed_on_without_what_is_about_one_connection() {
    let answer = "HTTP/1.1 207 Odd\r\nConnection: X-Own\r\nX-Own: 1\r\nKeep-Alive: timeout=7\r\nSet-Cookie: a=1\r\n\
                  Set-Cookie: b=2\r\nVary: one\r\nVary: two\r\nTransfer-Encoding: chunked\r\nUpgrade: tea\r\n\r\n\
                  3\r\ntea\r\n0\r\nTrailer: x\r\n\r\n";
    let copy = Copy::saying(answer);
    let (_program, port) = balancer(&[copy.port]);
    let mut client = sent(
        port,
        "PUT /a/b?c=%20d HTTP/1.1\r\nHost: tea.example:80\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\
         Keep-Alive: 5\r\nUpgrade: x\r\nX-Forwarded-For: 192.0.2.1\r\nVia: 1.0 other\r\nX-Request-Id: forged\r\nCookie: c\r\n\
         Transfer-Encoding: chunked\r\nTrailer: T\r\n\r\n4\r\nmilk\r\n0\r\n\r\n",
    );
    let mut text = String::new();
    client.read_to_string(&mut text).expect("an answer, and the end");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, "tea");
    let mut lines: Vec<&str> = head.lines().collect();
    assert!(lines.remove(0).starts_with("HTTP/1.1 207 "));
    lines.retain(|line| !line.starts_with("Date: "));
    let expected = [
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "Vary: one, two",
        "Content-Length: 3",
        "Connection: close",
    ];
    assert_eq!(HashSet::<&str>::from_iter(lines), HashSet::from(expected));

    let seen = copy.seen().remove(0);
    let (head, body) = seen.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, "milk");
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "PUT /a/b?c=%20d HTTP/1.1");
    let id = lines.iter().position(|line| line.starts_with("X-Request-Id: ")).expect("a number");
    assert_ne!(lines.remove(id), "X-Request-Id: forged");
    let expected = [
        "Host: tea.example:80",
        "X-Forwarded-For: 192.0.2.1, 127.0.0.1",
        "Via: 1.0 other, 1.1 balancer",
        "Cookie: c",
        "Connection: close",
        "Content-Length: 4",
    ];
    assert_eq!(HashSet::<&str>::from_iter(lines), HashSet::from(expected));
}

/// RFC 9110 9.2.2: the requests that may be sent again, and those that must not, when a copy dies
/// during the request.
#[test]
fn only_what_may_be_done_twice_is_sent_twice() {
    for (method, again) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
        ("TEA", false),
    ] {
        let copies = [Copy::dying(), Copy::dying(), Copy::start(|stream, _| say(&stream, &ok("")))];
        let (_program, port) = balancer(&copies.each_ref().map(|copy| copy.port));
        let reply = ask(method, port);
        let seen: Vec<usize> = copies.iter().map(|copy| copy.seen().len()).collect();
        match again {
            true => assert_eq!((reply.status(), seen[0], seen[2]), (200, 1, 1), "{method}"),
            false => {
                assert_eq!((reply.status(), &seen[..]), (502, &[1, 0, 0][..]), "{method}");
                let text = "502: the copy has gone before it answered: perhaps it was done\n";
                assert_eq!(reply.text(), text);
            }
        }
        // It is the same request for all copies, and has the same number.
        let id = |text: &String| {
            let line = text.lines().find(|line| line.starts_with("X-Request-Id: "));
            line.expect("a number").to_string()
        };
        let ids: HashSet<_> = copies.iter().flat_map(Copy::seen).map(|text| id(&text)).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
}

/// Each copy receives it at most once: a request that kills every copy must not kill them for ever.
#[test]
fn a_request_is_tried_once_at_each_copy() {
    let copies = [Copy::dying(), Copy::dying(), Copy::dying()];
    let (_program, port) = balancer(&copies.each_ref().map(|copy| copy.port));
    let reply = ask("GET", port);
    assert_eq!(reply.text(), "502: the copy has gone before it answered\n");
    assert_eq!((reply.status(), copies.map(|copy| copy.seen().len())), (502, [1; 3]));
}

/// A request that was refused has never arrived: so it may be sent to another copy, for any method.
#[test]
fn a_refused_request_goes_elsewhere() {
    let copy = Copy::start(|stream, _| say(&stream, &ok("")));
    let (_program, port) = balancer(&[free_port(), copy.port, free_port()]);
    for _ in 0..3 {
        assert_eq!(ask("POST", port).status(), 200);
    }
    assert_eq!(copy.seen().len(), 3);
}

#[test]
fn without_a_copy_the_client_is_told_when_to_come_back() {
    let (_program, port) = balancer(&[free_port(), free_port()]);
    let reply = ask("POST", port);
    assert_eq!((reply.status(), reply.header("Retry-After")), (503, Some("1")));
    assert_eq!(reply.text(), "503: no copy is running\n");
}

#[test]
#[ignore = "takes six seconds"]
fn an_answer_that_does_not_come_is_not_awaited_for_ever() {
    let copy = Copy::start(|mut stream, _| drop(stream.read(&mut [0])));
    let (_program, port) = balancer(&[copy.port]);
    let reply = ask("POST", port);
    assert_eq!(reply.status(), 504);
    assert_eq!(reply.text(), "504: the copy has not answered in time: perhaps it was done\n");
    assert_eq!((ask("GET", port).status(), copy.seen().len()), (504, 2));
}

/// Data that is not HTTP, or has two lengths, is not an answer. Nothing of it was passed on, so a
/// GET is sent to another copy.
#[test]
fn a_broken_answer_is_none() {
    for answer in [
        "tea\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhalf\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        let broken = Copy::saying(answer);
        let well = Copy::start(|stream, _| say(&stream, &ok("well")));
        let (_program, port) = balancer(&[broken.port, well.port]);
        assert_eq!(ask("GET", port).text(), "well", "{answer:?}");
        assert_eq!(broken.seen().len(), 1);
    }
}

/// The client must not take the part that it has received for the whole.
#[test]
fn an_answer_that_breaks_off_is_cut() {
    for part in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ] {
        let copy = Copy::saying(part);
        let (_program, port) = balancer(&[copy.port]);
        let error = http::get(&format!("http://127.0.0.1:{port}/")).expect_err("cut");
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset));
        assert_eq!(copy.seen().len(), 1, "half of it was passed on: too late for another one");
    }
    let copy = Copy::saying("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    let (_program, port) = balancer(&[copy.port]);
    assert_eq!(ask("GET", port).text(), "until the end");
}

/// A partial answer is passed on at once, and nothing of it is kept: a copy can send no faster than
/// the client reads.
#[test]
fn an_answer_is_passed_on_while_it_arrives_and_no_faster_than_it_is_read() {
    const PIECE: usize = 64 << 10;
    const PIECES: usize = 1024; // 64 MiB
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let go = Arc::new(AtomicBool::new(false));
    let may = go.clone();
    let copy = Copy::start(move |mut stream, _| {
        say(&stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        until("the client has the first piece", || may.load(Ordering::SeqCst));
        let chunk = [format!("{PIECE:x}\r\n").as_bytes(), &[b'x'; PIECE], b"\r\n"].concat();
        for _ in 0..PIECES {
            if stream.write_all(&chunk).is_err() {
                return;
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
        say(&stream, "0\r\n\r\n");
    });
    let (_program, port) = balancer(&[copy.port]);
    let mut client = sent(port, GET);
    let mut begin = Vec::new();
    while !begin.ends_with(b"first\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).expect("the first piece, at once");
        begin.push(byte[0]);
    }
    go.store(true, Ordering::SeqCst);
    // Until the buffers of both connections are full.
    let mut last = (0, Instant::now());
    until("the copy is held up", || {
        let now = written.load(Ordering::SeqCst);
        if now != last.0 {
            last = (now, Instant::now());
        }
        now > 0 && last.1.elapsed() > Duration::from_millis(300)
    });
    assert!(last.0 < PIECES / 2, "{} of {PIECES} pieces are somewhere", last.0);
    let mut rest = Vec::new();
    let mut buffer = vec![0; PIECE];
    let mut bytes = 0;
    while !rest.ends_with(b"\r\n0\r\n\r\n") {
        let size = client.read(&mut buffer).expect("the rest");
        assert!(size > 0, "the end came too early");
        bytes += buffer[..size].iter().filter(|byte| **byte == b'x').count();
        rest.extend_from_slice(&buffer[..size]);
        rest.drain(..rest.len().saturating_sub(20));
    }
    assert_eq!(bytes, PIECE * PIECES);
}

/// A client that has left needs no answer: the copy is informed by the end of its connection.
#[test]
fn when_the_client_leaves_the_copy_is_left_too() {
    let ended = Arc::new(AtomicBool::new(false));
    let end = ended.clone();
    let copy = Copy::start(move |mut stream, _| {
        let began = Instant::now();
        let over = matches!(stream.read(&mut [0]), Ok(0) | Err(_));
        // Sooner than the balancer would have given up.
        end.store(over && began.elapsed() < Duration::from_millis(1500), Ordering::SeqCst);
    });
    let (_program, port) = balancer(&[copy.port]);
    let client = sent(port, GET);
    until("the copy has the request", || copy.seen().len() == 1);
    drop(client);
    until("the copy is left", || ended.load(Ordering::SeqCst));
    assert_eq!(copy.seen().len(), 1, "nobody waits: it is not sent again");
}

/// However the bytes of an answer are cut.
#[test]
fn cuts_do_not_matter() {
    for (answer, to_head, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, ""),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
             5;x=1\r\nhello\r\n00B\r\n, 0\r\n world\r\n0\r\nA: b\r\n\r\n",
            false,
            "hello, 0\r\n world",
        ),
    ] {
        for size in 1..=answer.len() {
            let (mut reply, mut out, mut whole) = (reply::Reply::new(to_head), Vec::new(), false);
            for piece in answer.as_bytes().chunks(size) {
                assert!(!whole, "{answer:?} ends before its end");
                whole = reply.feed(piece, &mut out).expect("an answer");
            }
            assert!(whole && reply.head.is_some() && !reply.is_whole_at_the_end());
            assert_eq!(String::from_utf8_lossy(&out), body);
        }
    }
}

/// The experiment of the lesson: copies are killed and restarted, while clients send requests.
struct Storm {
    copies: Program,
    first: u16,
}

impl Storm {
    fn start() -> Storm {
        let first = free_row();
        let mut copies = Program::start(example(NAME), &["storm", &first.to_string()]);
        copies.line_with("copies: ports ");
        copies.type_in("\n");
        copies.line_with("the storm has begun");
        Storm { copies, first }
    }

    fn ports(&self) -> [u16; 3] {
        [self.first, self.first + 1, self.first + 2]
    }

    /// Returns how often a copy was killed; and for each method that was used, how many requests
    /// were executed, and how many more than once.
    fn end(mut self) -> (usize, Vec<(String, usize, usize)>) {
        self.copies.close_stdin();
        let (status, said, errors) = self.copies.wait();
        assert!(status.success() && errors.is_empty(), "{said}{errors}");
        let numbers = |line: &str| -> Vec<usize> {
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
        };
        let (mut killed, mut methods) = (0, Vec::new());
        for line in said.lines() {
            match (line.split_once(": "), &numbers(line)[..]) {
                (Some((method, _)), [done, twice]) => methods.push((method.into(), *done, *twice)),
                (_, [times]) => killed = *times,
                _ => {}
            }
        }
        (killed, methods)
    }
}

/// A small storm, with clients of our own.
#[test]
#[ignore = "takes two seconds"]
fn in_a_storm_no_get_is_lost_and_no_post_is_done_twice() {
    const CLIENTS: usize = 8;
    let storm = Storm::start();
    let (_program, port) = balancer(&storm.ports());
    let url = format!("http://127.0.0.1:{port}/");
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let end = Instant::now() + Duration::from_secs(2);
    let (mut gets, mut posts) = (0, 0);
    thread::scope(|scope| {
        let ask = || {
            let (mut gets, mut posts) = (0, 0);
            while Instant::now() < end {
                let reply = http::get(&url).expect("every GET gets its answer");
                assert_eq!(reply.status(), 200, "{}", reply.text());
                gets += 1;
                let reply = http::request("POST", &url).body("a=1").send().expect("an answer");
                match reply.status() {
                    200 => answered.fetch_add(1, Ordering::SeqCst),
                    502 => refused.fetch_add(1, Ordering::SeqCst),
                    other => panic!("{other}: {}", reply.text()),
                };
                posts += 1;
                let_pass(Duration::from_millis(5));
            }
            (gets, posts)
        };
        for client in [(); CLIENTS].map(|()| scope.spawn(ask)) {
            let (more_gets, more_posts) = client.join().expect("no panic");
            gets += more_gets;
            posts += more_posts;
        }
    });
    let (killed, methods) = storm.end();
    assert!(killed >= 3, "{killed}");
    let [(get, got, _), (post, done, twice)] = &methods[..] else { panic!("{methods:?}") };
    assert_eq!((get.as_str(), *got, post.as_str(), *twice), ("GET", gets, "POST", 0));
    let (answered, refused) = (answered.into_inner(), refused.into_inner());
    assert!((answered..=posts).contains(done), "{done} done, {answered} answered of {posts}");
    assert_eq!(answered + refused, posts);
}

/// Returns the number that `ab` prints after these words.
fn says(said: &str, words: &str) -> Option<usize> {
    let line = said.lines().find_map(|line| line.strip_prefix(words))?;
    line.split_whitespace().next()?.parse().ok()
}

fn ab(port: u16, args: &[&str]) -> String {
    let mut command = command("ab");
    command.args(["-q", "-k", "-c", "32", "-s", "30"]).args(args);
    let output = command.arg(format!("http://127.0.0.1:{port}/")).output().expect("ab runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// 25,000 GETs and 5,000 POSTs while copies are killed: the lesson's experiment, and the proof that
/// none is executed twice.
fn ab_in_a_storm(start: impl FnOnce(&Storm) -> (Program, u16)) {
    let storm = Storm::start();
    let (_program, port) = start(&storm);
    let said = ab(port, &["-n", &GETS.to_string()]);
    assert_eq!(says(&said, "Complete requests:"), Some(GETS), "{said}");
    assert_eq!(says(&said, "Failed requests:"), Some(0), "{said}");
    assert_eq!(says(&said, "Non-2xx responses:"), None, "{said}");
    let form = env::temp_dir().join(format!("net-notes-20-form-{}-{port}", process::id()));
    fs::write(&form, "a=1").expect("writable");
    let said = ab(port, &["-n", "5000", "-p", form.to_str().expect("Unicode")]);
    fs::remove_file(form).expect("own file");
    let failed = says(&said, "Failed requests:").expect("a number");
    let (killed, methods) = storm.end();
    println!("{killed} times a copy was killed; {failed} POSTs failed; {methods:?}");
    let [(get, got, _), (post, done, twice)] = &methods[..] else { panic!("{methods:?}") };
    assert!(killed >= 2, "{killed}");
    assert_eq!((get.as_str(), *got, post.as_str(), *twice), ("GET", GETS, "POST", 0));
    assert!((5000 - failed..=5000).contains(done), "{done} done, and {failed} failed");
}

#[test]
#[ignore = "takes a quarter of a minute"]
fn of_25_000_requests_none_is_lost() {
    if peer("ab").is_none() {
        return;
    }
    common::within_for(4 * DEADLINE, "ab in a storm", || {
        ab_in_a_storm(|storm| balancer(&storm.ports()));
    });
}

#[test]
#[ignore = "takes a quarter of a minute"]
fn wrk_finds_none_lost_either() {
    let Some(wrk) = peer("wrk") else { return };
    let storm = Storm::start();
    let (_program, port) = balancer(&storm.ports());
    let url = format!("http://127.0.0.1:{port}/");
    let output = command(wrk).args(["-t2", "-c32", "-d5s", &url]).output().expect("wrk runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("requests in"), "{said}");
    assert!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
    assert!(storm.end().0 >= 3);
}

/// Starts HAProxy with the configuration of the lesson, with other ports.
fn haproxy(haproxy: &Path, ports: [u16; 3]) -> (Program, u16) {
    let text = fs::read_to_string(common::root().join(LESSON)).expect("the lesson");
    let block = text.split_once("```haproxy\n").and_then(|(_, rest)| rest.split_once("```"));
    let shown = block.expect("the configuration").0;
    let lines = shown.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    assert_eq!(lines.count(), 15, "as the lesson says");
    loop {
        let own = free_port();
        let mut config = shown.to_string();
        for (shown, port) in (5000..).zip([own].into_iter().chain(ports)) {
            config = config.replace(&format!("127.0.0.1:{shown}"), &format!("127.0.0.1:{port}"));
        }
        let file = env::temp_dir().join(format!("net-notes-20-{}-{own}.cfg", process::id()));
        fs::write(&file, config).expect("writable");
        let mut program = Program::start(haproxy, &["-W", "-f", file.to_str().expect("Unicode")]);
        let mut listens = false;
        until("HAProxy listens, or has found its port taken", || {
            listens = TcpStream::connect(("127.0.0.1", own)).is_ok();
            listens || !program.is_running()
        });
        fs::remove_file(file).expect("own file");
        if listens {
            return (program, own);
        }
        let (_, said) = program.kill();
        assert!(said.contains("cannot bind"), "{said}");
    }
}

/// Returns HAProxy from the path where Debian installs it, which only the administrator's shell
/// searches.
fn find_haproxy() -> Option<PathBuf> {
    let usual = PathBuf::from("/usr/sbin/haproxy");
    if usual.is_file() { Some(usual) } else { peer("haproxy") }
}

/// The same rules as ours.
#[test]
fn haproxy_sends_twice_only_what_may_be_done_twice() {
    let Some(path) = find_haproxy() else { return };
    // HAProxy keeps the connection of a copy that does not say that it closes (lesson 12), and may lose the next POST on it.
    let well = || Copy::saying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    for (method, status) in [("GET", 200), ("POST", 502)] {
        let copies = [Copy::dying(), well(), well()];
        let (_program, port) = haproxy(&path, copies.each_ref().map(|copy| copy.port));
        let seen = || copies.iter().map(|copy| copy.seen().len()).sum::<usize>();
        until("the copy that dies gets a request", || {
            let (dead, all) = (copies[0].seen().len(), seen());
            let answer = ask(method, port).status();
            let met = copies[0].seen().len() > dead;
            assert_eq!(answer, if met { status } else { 200 }, "{method}");
            assert_eq!(seen() - all, if met && method == "GET" { 2 } else { 1 }, "{method}");
            met
        });
    }
    let copies = [well(), well()];
    let (_program, port) = haproxy(&path, [free_port(), copies[0].port, copies[1].port]);
    for _ in 0..4 {
        assert_eq!(ask("POST", port).status(), 200);
    }
}

#[test]
#[ignore = "takes a quarter of a minute"]
fn of_25_000_requests_haproxy_loses_none_either() {
    let Some(path) = find_haproxy() else { return };
    if peer("ab").is_none() {
        return;
    }
    common::within_for(4 * DEADLINE, "ab in a storm", move || {
        ab_in_a_storm(|storm| haproxy(&path, storm.ports()));
    });
}

//! Order, threads, panics, slow clients, and clients that go away.

use super::running;
use crate::common;

use std::io::Write;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{DEADLINE, let_pass, until, within};
use net::event;
use net::http::{Options, Response};
use net_notes as net;
use running::Running;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Running::new(|request, response| response.end_with(request.path()));
    let mut client = server.client();
    let all: String = (0..1000).map(|n| get(&format!("/{n}"))).collect();
    let stream = client.stream().try_clone().expect("a descriptor");
    let sending = thread::spawn(move || (&stream).write_all(all.as_bytes()));
    for n in 0..1000 {
        assert_eq!(client.answer().text(), format!("/{n}"));
    }
    sending.join().expect("no panic").expect("sent");
    drop(client);
    server.close();
}

#[test]
fn pipelined_requests_wait_for_an_answer_that_comes_from_another_thread() {
    let server = Running::new(|request, response| {
        let path = request.path().to_string();
        if path.ends_with('5') {
            thread::spawn(move || {
                response.write(&path);
                thread::yield_now();
                response.end_with("!");
            });
        } else {
            response.end_with(path);
        }
    });
    let mut client = server.client();
    client.send((0..50).map(|n| get(&format!("/{n}"))).collect::<String>());
    for n in 0..50 {
        let mark = if n % 10 == 5 { "!" } else { "" };
        assert_eq!(client.answer().text(), format!("/{n}{mark}"));
    }
    drop(client);
    server.close();
}

#[test]
fn the_next_request_is_handled_when_the_answer_before_it_has_ended() {
    let (give, responses) = channel::<(String, Response)>();
    let give = Mutex::new(give);
    let server = Running::new(move |request, response| {
        let path = request.path().to_string();
        give.lock().expect("no panic").send((path, response)).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/first") + &get("/second")).end(); // and a client that ends receives both
    let (path, response) = responses.recv_timeout(DEADLINE).expect("called");
    assert_eq!((path.as_str(), server.calls()), ("/first", 1));
    response.end_with("1");
    response.end_with("too late");
    assert!(!response.write("too late"));
    response.status(500).header("too", "late");
    assert_eq!(client.answer().text(), "1");
    let (path, second) = responses.recv_timeout(DEADLINE).expect("called");
    assert_eq!(path, "/second");
    drop(response); // does not affect the second one
    second.header("Its", "own"); // nothing was written, so nothing was sent
    drop(second);
    let answer = client.answer();
    assert!(answer.body.is_empty() && answer.has("its: own"), "{answer:?}");
    client.at_end();
    drop(client);
    server.close();
}

#[test]
fn the_silence_of_a_handler_is_no_timeout() {
    let idle = Duration::from_millis(50);
    let (give, responses) = channel::<Response>();
    let give = Mutex::new(give);
    let options = Options::default().idle_timeout(idle).request_timeout(idle);
    let server = Running::with(options, move |_, response| {
        give.lock().expect("no panic").send(response).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/"));
    let response = responses.recv_timeout(DEADLINE).expect("called");
    let start = Instant::now();
    until("five times the idle time is over", || start.elapsed() > 5 * idle);
    response.end_with("at last");
    assert_eq!(client.answer().text(), "at last");
    client.at_end();
    server.close();
}

#[test]
fn a_handler_that_panics_is_one_failed_request() {
    /// Panics without printing: the hook that prints is one for the whole process.
    fn fail() {
        panic::resume_unwind(Box::new("planned"))
    }
    let kept = Mutex::new(Vec::new());
    let server = Running::new(move |request, response| match request.path() {
        "/now" => fail(),
        "/written" => {
            response.header("A", "b").write("part");
            fail()
        }
        "/sent" => {
            response.write([b'a'; 20_000]);
            fail()
        }
        "/ended" => {
            response.end_with("fine");
            fail()
        }
        "/kept" => {
            kept.lock().expect("no panic").push(response);
            fail()
        }
        "/thread" => {
            let _ = thread::spawn(move || {
                response.write("part");
                fail()
            });
        }
        _ => response.end_with("fine"),
    });
    for path in ["/now", "/written", "/kept"] {
        let mut client = server.client();
        let answer = client.send(get(path) + &get("/")).answer();
        assert_eq!((answer.status, answer.has("a: b")), (500, false), "{path}");
        assert!(answer.has("connection: close"), "{path}");
        client.at_end();
    }
    let mut client = server.client();
    assert_eq!(client.send(get("/ended")).answer().text(), "fine");
    client.at_end();
    // An answer that has begun is cut off, so that the client does not take it for the whole.
    for path in ["/sent", "/thread"] {
        let mut client = server.client();
        client.send(get(path));
        let mut all = Vec::new();
        let _ = std::io::Read::read_to_end(&mut client.stream(), &mut all);
        assert!(!all.ends_with(b"0\r\n\r\n"), "{path}");
    }
    assert_eq!(server.client().send(get("/")).answer().text(), "fine");
    server.close();
}

/// A program may hold any of its locks when it calls, and standard error has a lock, too.
#[test]
fn a_mistake_is_told_without_a_lock() {
    let (give, responses) = channel::<Response>();
    let give = Mutex::new(give);
    let server = Running::new(move |_, response| {
        give.lock().expect("no panic").send(response).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/"));
    let response = Arc::new(responses.recv_timeout(DEADLINE).expect("called"));
    within("nobody waits for the other", move || {
        let stderr = std::io::stderr().lock();
        let (same, (ready, begun)) = (response.clone(), channel());
        let mistaken = thread::spawn(move || {
            ready.send(()).expect("the other waits");
            same.header("A", "\n").status(0); // reported when standard error is free
        });
        begun.recv().expect("it begins");
        for _ in 0..100 {
            response.status(404);
            let_pass(Duration::from_millis(1));
        }
        drop(stderr);
        mistaken.join().expect("no panic");
    });
    assert_eq!(client.answer().status, 500);
    drop(client);
    server.close();
}

#[test]
fn slow_clients_hold_nobody_up() {
    let options = Options::default().request_timeout(Duration::from_secs(2));
    let server = Running::with(options, |_, response| response.end_with("fast"));
    let mut slow: Vec<_> = (0..200).map(|_| server.client()).collect();
    for client in &mut slow {
        client.send("GET / HTTP/1.1\r\nHost: a\r\nSlow");
    }
    until("all are connected", || server.server.connections() == 200);
    let start = Instant::now();
    let mut client = server.client();
    for _ in 0..10 {
        assert_eq!(client.send(get("/")).answer().text(), "fast");
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    for client in &mut slow {
        assert_eq!(client.answer().status, 408);
    }
    assert_eq!(server.calls(), 10);
    drop((slow, client));
    server.close();
}

#[test]
fn a_client_that_goes_away_is_no_news() {
    let (give, responses) = channel::<Response>();
    let give = Mutex::new(give);
    let server = Running::new(move |_, response| {
        give.lock().expect("no panic").send(response).expect("the test waits");
    });
    // In the middle of a head, and of a body; a client that only ends is answered.
    for part in ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell"] {
        server.client().send(part);
        let mut client = server.client();
        let answer = client.send(part).end().answer();
        assert!(answer.status == 400 && answer.text().contains("cut short"), "{answer:?}");
        client.at_end();
    }
    assert_eq!(server.calls(), 0);
    until("they are gone", || server.server.connections() == 0);
    // While its answer is produced: the handler learns it from write, or not at all.
    server.client().send(get("/") + &get("/"));
    let response = responses.recv_timeout(DEADLINE).expect("called");
    until("write tells", || !response.write([b'a'; 1000]));
    response.end();
    drop(response);
    until("it is gone", || server.server.connections() == 0);
    server.close();
}

/// Returns the server's own end of the next connection.
fn accepted(server: &Running) -> Receiver<net::EventSocket> {
    let (tell, sockets) = channel();
    let tell = Mutex::new(tell);
    server.server.on(event::Connection, move |_, socket| {
        let _ = tell.lock().expect("no panic").send(socket.clone());
    });
    sockets
}

#[test]
fn write_tells_of_a_client_that_does_not_read_and_it_is_given_up() {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let options = Options::default().idle_timeout(Duration::from_millis(300));
    let server = Running::with(options, move |_, response| {
        let mut written = 0;
        while response.write([b'a'; 10_000]) && written < 50_000_000 {
            written += 10_000;
        }
        tell.lock().expect("no panic").send(written).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/"));
    let written = told.recv_timeout(DEADLINE).expect("write said false");
    assert!(written < 50_000_000, "{written} bytes were queued before write said so");
    until("the client that reads nothing is given up", || server.server.connections() == 0);
    drop(client);
    server.close();
}

/// It makes no difference if the handler continues to write or the client continues to send.
#[test]
fn a_client_that_does_not_read_is_given_up_whatever_goes_on_meanwhile() {
    let options = Options::default().idle_timeout(Duration::from_millis(300));
    let enough = Arc::new(AtomicBool::new(false));
    let stop = enough.clone();
    let server = Running::with(options, move |request, response| match request.path() {
        // A handler that ignores the result of write.
        "/endless" => {
            while !stop.load(Ordering::SeqCst) {
                if !response.write([b'a'; 10_000]) {
                    let_pass(Duration::from_millis(1));
                }
            }
        }
        _ => response.end_with(vec![b'a'; 50_000_000]),
    });
    let sockets = accepted(&server);

    let mut client = server.client();
    client.send(get("/endless"));
    let socket = sockets.recv_timeout(DEADLINE).expect("accepted");
    until("it is given up while the handler writes", || socket.is_destroyed());
    enough.store(true, Ordering::SeqCst);
    drop(client);

    for connection in ["keep-alive", "close"] {
        let mut client = server.client();
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\r\n"));
        let socket = sockets.recv_timeout(DEADLINE).expect("accepted");
        let mut looks = 0;
        until("it is given up while it sends", || {
            looks += 1;
            if looks % 20 == 0 {
                let _ = client.stream().write_all(b"a");
            }
            socket.is_destroyed()
        });
    }
    server.close();
}

#[test]
fn a_client_that_reads_slowly_gets_all() {
    // The kernel takes more only when a third of its buffer is free: some 50 ms at this pace.
    let idle = Duration::from_secs(1);
    let server = Running::with(Options::default().idle_timeout(idle), |_, response| {
        // More than a second of writes that all return `false`, which is ignored.
        for _ in 0..1000 {
            response.write([b'a'; 50_000]);
            let_pass(Duration::from_millis(1));
        }
    });
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n").answer_to_head();
    let (mut left, start) = (50_000_000, Instant::now());
    while left > 0 {
        if start.elapsed() < 2 * idle {
            let_pass(Duration::from_millis(2));
        }
        left -= client.body(left.min(50_000)).len();
    }
    client.at_end();
    server.close();
}

#[test]
fn pipelined_requests_of_a_client_that_does_not_read_wait() {
    let server = Running::new(|_, response| response.end_with(vec![b'a'; 1_000_000]));
    let mut client = server.client();
    client.send(get("/").repeat(500));
    until("some were handled", || server.calls() > 0);
    // 500 MB would be queued without back-pressure; the kernel's buffers hold some ten.
    let mut before = 0;
    until("no more are handled", || {
        let_pass(Duration::from_millis(50));
        std::mem::replace(&mut before, server.calls()) == server.calls()
    });
    assert!(server.calls() < 50, "{}", server.calls());
    for _ in 0..20 {
        assert_eq!(client.answer().body.len(), 1_000_000);
    }
    drop(client);
    until("it is gone", || server.server.connections() == 0);
    server.close();
}

#[test]
fn an_answer_survives_what_the_client_still_sends() {
    let server = Running::new(|_, response| response.end());
    for _ in 0..20 {
        let mut client = server.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
        let mut stream = client.stream().try_clone().expect("a descriptor");
        let sending =
            thread::spawn(move || (0..50).try_for_each(|_| stream.write_all(&[b'a'; 10_000])));
        assert_eq!(client.answer().status, 413);
        sending.join().expect("no panic").expect("the server reads on");
        client.at_end();
    }
    assert_eq!(server.calls(), 0);
    server.close();
}

#[test]
fn many_at_once_get_their_own_answers() {
    let server = Arc::new(Running::new(|request, response| {
        response.header("Path", request.path());
        response.end_with(request.body());
    }));
    let clients: Vec<_> = (0..20)
        .map(|number| {
            let server = server.clone();
            thread::spawn(move || {
                let mut client = server.client();
                for n in 0..50 {
                    let body = format!("{number} {n}").repeat(n);
                    let length = body.len();
                    let head = format!(
                        "POST /{number}/{n} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
                    );
                    let answer = client.send(head + &body).answer();
                    assert!(answer.has(&format!("path: /{number}/{n}")) && answer.text() == body);
                }
            })
        })
        .collect();
    within("all have their answers", move || {
        clients.into_iter().for_each(|client| client.join().expect("no panic"));
    });
}

//! `http` in deployment: it stops, it closes in stages, it streams, it notices clients that leave,
//! it hands over the socket.

use super::running;
use crate::common;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{AS_IT_IS, DEADLINE, alone_for, let_pass, own_status, skipped, until, within};
use net::event;
use net::http::{Options, Request, Response};
use net_notes as net;
use running::Running;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// Runs a server whose handler passes its responses to the test, and returns.
fn parked(options: Options) -> (Running, Receiver<(Request, Response)>) {
    let (give, given) = channel();
    let give = Mutex::new(give);
    let server = Running::with(options, move |request, response| {
        let _ = give.lock().expect("no panic").send((request, response));
    });
    (server, given)
}

// It stops.

#[test]
fn close_ends_idle_connections_at_once() {
    let server = Running::new(|_, response| response.end_with("x"));
    let mut clients: Vec<_> = (0..100).map(|_| server.client()).collect();
    for client in &mut clients[..99] {
        // The last client has never sent a request.
        assert_eq!(client.send(get("/")).answer().text(), "x");
    }
    until("all are there", || server.server.connections() == 100);
    let began = Instant::now();
    server.close(); // and waits for run()
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}: an idle connection may stay for 10 s");
    for client in &mut clients {
        client.at_end();
    }
}

#[test]
fn close_answers_what_has_begun_and_says_that_it_is_the_last() {
    let (server, given) = parked(Options::default());
    let (tell, received) = channel();
    server.server.on(event::Connection, move |_, socket| {
        let tell = tell.clone();
        // Called after the server's own listener, which was added before.
        socket.on(event::Data, move |_, data| _ = tell.send(data.to_vec()));
    });
    let mut handled = server.client();
    handled.send(get("/handled") + &get("/behind"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    let mut receiving = server.client();
    receiving.send("GET /receiving HTT");
    let mut asks_again = server.client();
    asks_again.send(get("/kept"));
    let (_, first) = given.recv_timeout(DEADLINE).expect("called");
    first.flush_headers(); // the head is sent, and announces "keep-alive"
    let arrives = || received.recv_timeout(DEADLINE).expect("it arrives");
    while !arrives().starts_with(b"GET /receiving") {}
    server.server.close().expect("it listens");
    receiving.send("P/1.1\r\nHost: a\r\n\r\n");
    let (request, last) = given.recv_timeout(DEADLINE).expect("called");
    assert_eq!(request.path(), "/receiving");
    for (response, client) in [(response, &mut handled), (last, &mut receiving)] {
        response.end_with("x");
        let answer = client.answer();
        assert!(answer.has("connection: close") && answer.text() == "x", "{answer:?}");
        client.at_end(); // and the request after it is not handled
    }
    first.end_with("x");
    assert_eq!(asks_again.answer().text(), "x");
    asks_again.at_end();
    until("all are gone", || server.server.connections() == 0);
}

#[test]
fn a_closed_server_is_not_kept_alive_by_a_client_that_asks_again_and_again() {
    let server = Running::new(|_, response| response.end_with("x"));
    let (stop, port) = (Arc::new(AtomicUsize::new(0)), server.port());
    let stopped = stop.clone();
    let asking = thread::spawn(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connects");
        let mut buffer = [0; 1000];
        while stopped.load(Ordering::SeqCst) == 0 {
            let asked = stream.write_all(get("/").as_bytes());
            if asked.is_err() || !matches!(stream.read(&mut buffer), Ok(1..)) {
                return; // closed
            }
        }
    });
    until("it has asked", || server.calls() > 10);
    server.close();
    within("the client notices", move || asking.join().expect("no panic"));
    stop.store(1, Ordering::SeqCst);
}

#[test]
fn close_all_connections_ends_the_rest() {
    let (server, given) = parked(Options::default());
    let mut client = server.client();
    client.send(get("/"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    server.server.close_all_connections();
    until("it is gone", || response.is_closed());
    drop(response);
    server.close();
}

// It closes in stages.

#[test]
fn a_byte_too_many_does_not_destroy_the_answer() {
    let server = Running::new(|_, response| response.end_with(vec![b'a'; 1_000_000]));
    for head in ["POST / HTTP/1.0", "POST / HTTP/1.1\r\nHost: a\r\nConnection: close"] {
        for _ in 0..10 {
            let mut client = server.client();
            client.send(format!("{head}\r\nContent-Length: 5\r\n\r\nhello"));
            client.send("\r\n"); // RFC 9112 2.2 mentions clients that do this
            assert_eq!(client.answer().body.len(), 1_000_000);
            client.at_end();
        }
    }
    server.close();
}

/// Before its first byte, in the middle of it, and after its end, when it is too late.
#[test]
fn a_destroyed_response_is_never_taken_for_a_whole_one() {
    let server = Running::new(|request, response| {
        match request.path() {
            "/middle" => {
                response.write("half");
                response.flush_headers();
            }
            "/end" => response.end_with("whole"),
            _ => _ = response.write("gathered, and never sent"),
        }
        response.destroy();
        response.end_with("too late");
    });
    let mut unsent = server.client();
    assert_eq!(unsent.send(get("/unsent")).rest(), b"");
    let mut middle = server.client();
    let rest = middle.send(get("/middle")).rest();
    assert!(rest.ends_with(b"4\r\nhalf\r\n"), "{}", rest.escape_ascii());
    assert_eq!(server.client().send(get("/end")).answer().text(), "whole");
    server.close();
}

#[test]
fn a_slow_upload_still_reads_its_refusal() {
    let server = Running::new(|_, response| response.end());
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
    let began = Instant::now();
    // Longer than the server waits for a silent client.
    while began.elapsed() < Duration::from_millis(2600) {
        client.stream().write_all(&[b'a'; 10_000]).expect("the server reads on");
        let_pass(Duration::from_millis(10));
    }
    assert_eq!(client.answer().status, 413);
    client.at_end();
    drop(client);
    server.close();
}

#[test]
fn a_client_that_never_closes_is_not_waited_for() {
    let server = Running::new(|_, response| response.end());
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n").answer();
    client.at_end(); // the server's side has ended, the client's has not
    let began = Instant::now();
    until("the server has closed", || server.server.connections() == 0);
    assert!(began.elapsed() < DEADLINE / 2);
    server.close();
}

// It streams.

#[test]
fn a_large_body_to_many_slow_readers_needs_little_memory() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    const READERS: usize = 50;
    const SIZE: u64 = 50 << 20;
    let name = "a_large_body_to_many_slow_readers_needs_little_memory";
    if !alone_for(2 * DEADLINE, module_path!(), name, AS_IT_IS) {
        return;
    }
    let server = Running::new(|_, response| {
        let mut file = io::repeat(b'x').take(SIZE);
        if io::copy(&mut file, &mut &response).is_ok() {
            response.end();
        }
    });
    let before = own_status("VmRSS") / 1024;
    let port = server.port();
    let (tell, told) = channel();
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let tell = tell.clone();
            thread::spawn(move || {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connects");
                stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sends");
                let mut buffer = vec![0; 100_000];
                let mut total = 0;
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    total += length as u64;
                    if total < 3_000_000 {
                        let_pass(Duration::from_millis(20)); // slow
                    } else if number > 0 {
                        break; // enough; and closes in the middle
                    }
                }
                tell.send((number, total)).expect("the test waits");
            })
        })
        .collect();
    let mut most = 0;
    until("all are done", || {
        most = most.max(own_status("VmRSS") / 1024);
        readers.iter().all(|reader| reader.is_finished())
    });
    assert!(most - before <= 40, "{most} MiB, {before} before");
    let whole = told.try_iter().find(|(number, _)| *number == 0).expect("the patient one");
    assert!(whole.1 > SIZE, "{whole:?}");
    server.close();
}

#[test]
fn backpressure_without_blocking() {
    let (server, given) = parked(Options::default());
    let mut client = server.client();
    client.send(get("/"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    assert!(!response.writable_need_drain());
    let response = Arc::new(response);
    let mut rounds = 0;
    let (again, done) = (response.clone(), channel());
    let pump = move || {
        while rounds < 1000 {
            rounds += 1;
            if !again.write([b'x'; 50_000]) {
                assert!(again.writable_need_drain());
                return;
            }
        }
        again.end();
        let _ = done.0.send(());
    };
    let pump = Arc::new(Mutex::new(pump));
    let drained = pump.clone();
    response.on_drain(move || drained.lock().expect("no panic")());
    pump.lock().expect("no panic")();
    assert!(response.writable_need_drain(), "50 MB do not fit");
    assert_eq!(client.answer().body.len(), 50_000_000);
    done.1.recv_timeout(DEADLINE).expect("to the end");
    drop((client, response, pump));
    server.close();
}

#[test]
fn a_handler_that_blocks_in_a_write_does_not_escape_the_idle_time() {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let idle = Duration::from_millis(300);
    let server = Running::with(Options::default().idle_timeout(idle), move |_, response| {
        let began = Instant::now();
        let result = (&response).write_all(&vec![b'a'; 50_000_000]);
        tell.lock().expect("no panic").send((result, began.elapsed())).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/"));
    let (result, took) = told.recv_timeout(DEADLINE).expect("the write has ended");
    assert_eq!(net::code(&result.expect_err("given up")), "ERR_STREAM_DESTROYED");
    assert!(took >= idle && took < Duration::from_secs(10), "{took:?}");
    until("it is gone", || server.server.connections() == 0);
    server.close();
}

#[test]
fn the_head_goes_out_when_it_is_asked_to() {
    let (server, given) = parked(Options::default());
    let ways: [fn(&Response); 3] = [
        |response| response.flush_headers(),
        |response| assert!(response.write("")),
        |mut response| response.flush().expect("the client is there"),
    ];
    for way in ways {
        let mut client = server.client();
        client.send(get("/"));
        let (_, response) = given.recv_timeout(DEADLINE).expect("called");
        response.status(202).header("A", "b");
        way(&response);
        response.status(500); // too late, and reported
        let head = client.answer_to_head();
        assert!(head.status == 202 && head.has("a: b"), "{head:?}");
        response.end_with("late");
    }
    // While the handler runs.
    let server_2 = Running::new(|_, response| {
        response.write("gathered");
        response.flush_headers();
        assert!(response.write(" and more"));
        response.end();
    });
    let answer = server_2.client().send(get("/")).answer();
    assert!(answer.has("transfer-encoding: chunked"), "{answer:?}");
    assert_eq!(answer.text(), "gathered and more");
    server.close();
    server_2.close();
}

#[test]
fn a_blocking_write_says_why_it_fails() {
    let (server, given) = parked(Options::default());
    let mut client = server.client();
    client.send(get("/"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    let mut writer = &response;
    write!(writer, "{} and {}", 1, 2).expect("sent");
    response.end();
    assert_eq!(client.answer().text(), "1 and 2");
    let error = writer.write_all(b"late").expect_err("it has ended");
    assert_eq!(net::code(&error), "ERR_STREAM_WRITE_AFTER_END");
    client.send(get("/"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    client.send("unread");
    drop(client);
    let error = within("it fails", move || {
        loop {
            if let Err(error) = (&response).write_all(&[b'x'; 10_000]) {
                return error;
            }
        }
    });
    let code = net::code(&error).to_string();
    assert!(["ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED"].contains(&&*code), "{error}");
    server.close();
}

// It notices.

#[test]
fn who_has_gone_is_noticed_while_the_response_is_open() {
    let (server, given) = parked(Options::default());
    type Leave = fn(running::Client);
    let ways: [(&str, &str, Leave); 4] = [
        ("an end", "", |client| drop(client)),
        ("half an end", "", |mut client| std::mem::forget(client.end().stream().try_clone())),
        ("an end behind another request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", |client| {
            drop(client)
        }),
        ("a reset", "", |client| {
            // With bytes unread.
            let mut one = [0];
            client.stream().peek(&mut one).expect("the head is there");
            drop(client);
        }),
    ];
    for (how, more, leave) in ways {
        let mut client = server.client();
        client.send(get("/") + more);
        let (_, response) = given.recv_timeout(DEADLINE).expect("called");
        response.flush_headers();
        let (tell, told) = channel();
        response.on_close(move || tell.send(Instant::now()).expect("the test waits"));
        assert!(!response.is_closed() && told.try_recv().is_err(), "{how}");
        let left = Instant::now();
        leave(client);
        let noticed = told.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{how}: not noticed"));
        assert!(noticed - left < Duration::from_secs(2), "{how}: after {:?}", noticed - left);
        assert!(response.is_closed(), "{how}");
        let (tell, told) = channel();
        response.on_close(move || tell.send(()).expect("the test waits"));
        told.try_recv().expect("at once, as it is so already");
        drop(response);
        given.recv_timeout(Duration::from_millis(1)).ok();
    }
    until("nobody is left", || {
        given.try_iter().for_each(drop);
        server.server.connections() == 0
    });
    server.close();
}

#[test]
fn half_of_two_hundred_subscribers_leave_and_the_count_is_right() {
    const ALL: usize = 200;
    let open: Arc<Mutex<Vec<Response>>> = Arc::default();
    let count = Arc::new(AtomicUsize::new(0));
    let (kept, counted) = (open.clone(), count.clone());
    let server = Running::new(move |_, response| {
        response.header("Content-Type", "text/event-stream").flush_headers();
        counted.fetch_add(1, Ordering::SeqCst);
        let gone = counted.clone();
        response.on_close(move || _ = gone.fetch_sub(1, Ordering::SeqCst));
        kept.lock().expect("no panic").push(response);
    });
    let mut clients: Vec<_> = (0..ALL).map(|_| server.client()).collect();
    for client in &mut clients {
        assert_eq!(client.send(get("/")).answer_to_head().status, 200);
    }
    until("all are counted", || count.load(Ordering::SeqCst) == ALL);
    let began = Instant::now();
    clients.truncate(ALL / 2);
    until("the count is right", || count.load(Ordering::SeqCst) == ALL / 2);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    open.lock().expect("no panic").retain(|response| !response.is_closed());
    assert_eq!(open.lock().expect("no panic").len(), ALL / 2);
    until("their connections are gone", || server.server.connections() == ALL / 2);
    open.lock().expect("no panic").clear();
    drop(clients);
    server.close();
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_handler_that_runs_long_can_look_whether_its_client_is_there() {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = Running::new(move |_, response| {
        let tell = tell.lock().expect("no panic");
        response.flush_headers();
        tell.send(response.is_closed()).expect("the test waits");
        until("the client is gone", || response.is_closed());
        tell.send(true).expect("the test waits");
    });
    let mut client = server.client();
    client.send(get("/"));
    assert!(!told.recv_timeout(DEADLINE).expect("called"), "it is there");
    client.answer_to_head();
    drop(client);
    assert!(told.recv_timeout(DEADLINE).expect("noticed"));
    server.close();
}

#[test]
fn on_close_comes_when_all_is_sent_and_never_inside_a_call() {
    let (server, given) = parked(Options::default());
    let mut client = server.client();
    client.send(get("/"));
    let (_, response) = given.recv_timeout(DEADLINE).expect("called");
    let (tell, told) = channel();
    let early = tell.clone();
    response.on_close(move || early.send("early").expect("the test waits"));
    let lock = Arc::new(Mutex::new(()));
    let (wanted, held) = (lock.clone(), lock.lock().expect("no panic"));
    response.on_close(move || drop(wanted.lock().expect("no panic")));
    response.end_with(vec![b'x'; 20_000_000]); // more than the kernel holds
    assert!(!response.is_closed(), "it is on its way");
    response.on_close(move || tell.send("late").expect("the test waits"));
    drop(held);
    assert_eq!(client.answer().body.len(), 20_000_000);
    let mut all: Vec<_> = (0..2).map(|_| told.recv_timeout(DEADLINE).expect("called")).collect();
    all.sort_unstable();
    assert_eq!(all, ["early", "late"]);
    assert!(response.is_closed());
    drop((client, response));
    server.close();
}

// It hands over the socket.

const UPGRADE: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: other, Shout\r\n\r\n";

fn shout(socket: &net::EventSocket, first: &[u8]) {
    socket.write(first.to_ascii_uppercase());
    socket.on(event::Data, |socket, data| _ = socket.write(data.to_ascii_uppercase()));
    socket.on(event::End, |socket, ()| socket.end());
}

#[test]
fn an_upgrade_loses_no_byte_wherever_it_is_called() {
    let at_once = Running::new(|_, response| {
        response.header("A", "b").upgrade("shout", shout);
    });
    let (later, given) = parked(Options::default());
    let thread = thread::spawn(move || {
        for (_, response) in given {
            response.header("A", "b").upgrade("shout", shout);
        }
    });
    for server in [&at_once, &later] {
        for cut in [0, 1, 5] {
            let mut client = server.client();
            client.send([UPGRADE, &"hello"[..cut]].concat());
            client.send(&"hello"[cut..]);
            let head = client.answer_to_head();
            assert_eq!(head.status, 101);
            for line in ["a: b", "upgrade: shout", "connection: upgrade"] {
                assert!(head.head.to_lowercase().contains(line), "{head:?}");
            }
            assert!(!head.head.contains("content-length") && !head.head.contains("keep-alive:"));
            assert_eq!(client.body(5), b"HELLO");
            // Now it is a socket like any other: not idle for HTTP, and `close` does not end it.
            client.send("more");
            assert_eq!(client.body(4), b"MORE");
            client.end();
            client.at_end();
        }
    }
    let mut client = at_once.client();
    client.send(UPGRADE).answer_to_head();
    at_once.server.close().expect("it listens");
    client.send("still");
    assert_eq!(client.body(5), b"STILL");
    client.end();
    client.at_end();
    until("it is gone", || at_once.server.connections() == 0);
    later.close();
    drop(thread);
}

#[test]
fn nobody_is_upgraded_who_did_not_ask() {
    let server = Running::new(|_, response| {
        response.upgrade("shout", |_, _| unreachable!("not offered"));
    });
    for head in [
        get("/"),
        UPGRADE.replace("Shout", "whisper"),
        UPGRADE.replace("keep-alive, Upgrade", "keep-alive"),
        UPGRADE.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let mut client = server.client();
        let answer = client.send(&head).answer();
        assert!(answer.status == 426 && answer.has("upgrade: shout"), "{head} {answer:?}");
    }
    server.close();
}

// It is strict.

#[test]
fn a_refused_head_has_no_body() {
    let server = Running::new(|_, response| response.end());
    let long = format!("HEAD /{}", "a".repeat(9000));
    for (refused, status) in [
        ("HEAD / HTTP/1.1\r\n\r\n", 400),                   // no Host
        ("HEAD / HTTP/1.1\r\nHost: a\r\nA b\r\n\r\n", 400), // in the middle of its head
        ("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("HEAD /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("HEAD / HTTP/9.9\r\nHost: a\r\n\r\n", 505),
        // In the middle of its first line.
        ("HEAD /\r HTTP/1.1\r\n", 400),
        (&long, 414),
    ] {
        let mut client = server.client();
        let all = String::from_utf8(client.send(refused).end().rest()).expect("text");
        let begin = format!("HTTP/1.1 {status} ");
        assert!(all.starts_with(&begin) && all.ends_with("\r\n\r\n"), "{refused:?}: {all:?}");
        assert!(all.contains("\r\nContent-Length: ") && all.contains("Connection: close"), "{all}");
    }
    server.close();
}

#[test]
fn a_panic_after_the_head_is_out_cuts_the_connection() {
    let server = Running::new(|request, response| {
        match request.path() {
            "/flushed" => response.flush_headers(),
            _ => _ = response.write("gathered"),
        }
        panic::resume_unwind(Box::new("planned"));
    });
    let mut client = server.client();
    let answer = client.send(get("/gathered")).answer();
    assert_eq!(answer.status, 500);
    client.at_end();
    let mut client = server.client();
    client.send(get("/flushed"));
    let mut all = Vec::new();
    let _ = client.stream().read_to_end(&mut all);
    let all = String::from_utf8_lossy(&all);
    assert!(!all.contains(" 500 ") && !all.ends_with("\r\n0\r\n\r\n"), "{all}");
    server.close();
}

// It stays within its limits.

/// The table "Memory" of the module's page.
#[test]
fn a_connection_holds_no_more_than_the_page_says() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    const CONNECTIONS: usize = 40;
    if !alone_for(
        2 * DEADLINE,
        module_path!(),
        "a_connection_holds_no_more_than_the_page_says",
        AS_IT_IS,
    ) {
        return;
    }
    let page = std::fs::read_to_string(common::root().join("src/http.rs")).expect("its source");
    let row = |begin: &str| -> usize {
        let row = page.lines().find(|line| line.starts_with(&format!("//! | {begin}")));
        let kib = row.expect("a row").rsplit('|').nth(1).expect("a number");
        kib.split('+').map(|part| part.trim().parse::<usize>().expect("a number")).sum()
    };
    let socket = row("its socket");
    // An open response, and a client that sends requests and does not read.
    let limit = socket + row("or further requests") + row("and the answer");
    let server = Running::new(|_, response| {
        let _ = io::copy(&mut io::repeat(b'x'), &mut &response);
    });
    let before = own_status("VmRSS");
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| server.client()).collect();
    for client in &clients {
        let mut stream = client.stream();
        stream.write_all(get("/").as_bytes()).expect("sends");
        stream.set_write_timeout(Some(Duration::from_millis(20))).expect("not zero");
        while stream.write_all(&[b'G'; 100_000]).is_ok() {}
    }
    let each = own_status("VmRSS").saturating_sub(before) / CONNECTIONS;
    assert!(each <= limit, "{each} KiB, {limit} on the page");
    drop(clients);
    server.server.close_all_connections();
    server.close();

    let request = row("a request that is arriving");
    let filler = format!("A: {}\r\n", "a".repeat(15_000));
    let body = vec![b'x'; (1 << 20) - 1]; // the last byte is missing
    let counted = format!("Content-Length: {}\r\n\r\n", 1 << 20);
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", 1 << 20);
    for (framing, limit) in [(counted, request), (chunked, request + row("in chunks"))] {
        let (server, given) = parked(Options::default());
        let before = own_status("VmRSS");
        let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| server.client()).collect();
        for client in &mut clients {
            client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{filler}{framing}")).send(&body);
        }
        let mut last = (0, Instant::now());
        until("all has arrived", || {
            let now = own_status("VmRSS");
            if now > last.0 {
                last = (now, Instant::now());
            }
            last.1.elapsed() > Duration::from_millis(200)
        });
        let each = last.0.saturating_sub(before) / CONNECTIONS;
        assert!(
            each > 1000 && each <= socket + limit,
            "{each} KiB, {} on the page",
            socket + limit
        );
        drop(clients);
        server.server.close_all_connections();
        server.close();
        drop(given);
    }
}

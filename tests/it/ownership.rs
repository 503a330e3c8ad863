//! What the user gives to the library – listeners, timers, callbacks, and what they own – is called
//! and dropped where that does no harm: never in a call of a caller who may hold a lock, never on
//! the thread that keeps the time; each once, even if another one panics; and nothing is kept.

use crate::common;
use crate::http::running::Running;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use common::alone;
use common::{DEADLINE, until, within, within_for};
use net::http::{Request, Response};
use net::{EventSocket, Server, event, sts, websocket};
use net_notes as net;

type Lock = Arc<Mutex<()>>;

/// A value of the user that takes a lock of the user when it is dropped, as the membership of a
/// list does.
struct Member(Lock, Arc<AtomicUsize>);

impl Member {
    fn new(lock: &Lock, alive: &Arc<AtomicUsize>) -> Member {
        alive.fetch_add(1, Ordering::SeqCst);
        Member(lock.clone(), alive.clone())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        drop(self.0.lock().unwrap());
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A server whose accepted sockets are passed to the test, and their clients.
fn sockets(count: usize) -> (Server, thread::JoinHandle<()>, Vec<EventSocket>, Vec<TcpStream>) {
    let (give, given) = channel();
    let server = net::create_server(move |socket| {
        socket.on(event::Error, |_, _| {});
        socket.resume();
        give.send(socket.clone()).unwrap();
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let running = server.spawn();
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..count {
        all.1.push(TcpStream::connect(("127.0.0.1", port)).unwrap());
        all.0.push(given.recv_timeout(DEADLINE).unwrap());
    }
    (server, thread::spawn(move || running.join().unwrap().unwrap()), all.0, all.1)
}

fn parked() -> (Running, Receiver<(Request, Response)>) {
    let (give, given) = channel();
    let give = Mutex::new(give);
    let server = Running::new(move |request, response| {
        let _ = give.lock().unwrap().send((request, response));
    });
    (server, given)
}

fn asked(server: &Running) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    client
}

#[test]
fn no_call_drops_a_callback_of_the_user() {
    let (lock, alive) = (Lock::default(), Arc::default());
    let (server, running, sockets, clients) = sockets(2);
    for socket in &sockets {
        let [member, other] = [(); 2].map(|()| Member::new(&lock, &alive));
        socket.every(Duration::from_secs(3600), move |_| _ = &member);
        socket.on(event::Timeout, move |_, ()| _ = &other);
    }
    // One is destroyed, and the client of the other one resets the connection.
    let [destroyed, broken] = &sockets[..] else { unreachable!() };
    let held = lock.lock().unwrap();
    within("destroy returns", {
        let socket = destroyed.clone();
        move || socket.destroy()
    });
    broken.write("unread"); // so that the end of its client is a reset
    drop(clients);
    within("a write that fails returns", {
        let socket = broken.clone();
        move || until("it has failed", || !socket.write("x") && socket.is_destroyed())
    });
    drop(held);
    until("all were dropped afterwards", || alive.load(Ordering::SeqCst) == 0);
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap());
}

#[test]
fn no_call_drops_a_callback_of_a_response() {
    let (lock, alive) = (Lock::default(), Arc::default());
    let (server, given) = parked();
    for _ in 0..2 {
        let mut client = asked(&server);
        let (_, response) = given.recv_timeout(DEADLINE).unwrap();
        let member = Member::new(&lock, &alive);
        response.on_drain(move || _ = &member);
        let held = lock.lock().unwrap();
        let response = Arc::new(response);
        within("end, and a call on another thread, return", {
            let response = response.clone();
            move || {
                response.end_with("whole");
                response.write("late");
            }
        });
        drop(held);
        let mut answer = [0; 12];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        until("it was dropped afterwards", || alive.load(Ordering::SeqCst) == 0);
    }
    server.close();
}

#[test]
fn a_drop_that_takes_long_delays_the_time_of_nobody() {
    struct Slow(Receiver<()>);
    impl Drop for Slow {
        fn drop(&mut self) {
            let _ = self.0.recv_timeout(DEADLINE);
        }
    }
    let (server, running, sockets, clients) = sockets(2);
    let (release, wait) = channel();
    let slow = Mutex::new(Slow(wait));
    sockets[0].every(Duration::from_secs(3600), move |_| _ = &slow);
    sockets[0].close_within(Duration::from_millis(20)); // its client does not end: the time decides
    until("the time of the first one is over", || sockets[0].is_destroyed());
    let (tell, told) = channel();
    sockets[1].after(Duration::from_millis(20), move |_| tell.send(()).unwrap());
    let fired = told.recv_timeout(DEADLINE / 2);
    release.send(()).unwrap();
    fired.expect("the timer of the other one fires meanwhile");
    drop(clients);
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap());
}

#[test]
fn a_response_whose_callback_owns_it_is_let_go() {
    let (lock, alive) = (Lock::default(), Arc::<AtomicUsize>::default());
    let (server, given) = parked();
    for is_before in [true, false] {
        let client = asked(&server);
        let (_, response) = given.recv_timeout(DEADLINE).unwrap();
        let response = Arc::new(response);
        response.flush_headers();
        let add = || {
            let (member, own) = (Member::new(&lock, &alive), response.clone());
            response.on_drain(move || _ = (&member, own.write("more")));
        };
        if is_before {
            add();
        }
        drop(client);
        until("the client is gone", || response.is_closed());
        until("its connection is closed", || server.server.connections() == 0);
        if !is_before {
            add(); // no Close will follow
        }
        drop(response);
        until("nothing is kept", || alive.load(Ordering::SeqCst) == 0);
    }
    server.close();
}

/// A handler that looks whether its client is there sees a reset, and does not hide it from the
/// connection: that is not the end of a client that may still read.
#[test]
fn a_reset_that_a_handler_sees_closes_the_connection() {
    let (give, given) = channel();
    let give = Mutex::new(give);
    let server = Running::new(move |_, response| {
        response.flush_headers();
        until("the client is gone", || response.is_closed());
        give.lock().unwrap().send(response).unwrap();
    });
    for _ in 0..10 {
        let client = asked(&server);
        until("its answer has begun", || client.peek(&mut [0]).is_ok_and(|bytes| bytes > 0));
        drop(client); // with bytes unread: a reset
        let response = given.recv_timeout(DEADLINE).unwrap();
        until("the connection is closed", || server.server.connections() == 0);
        drop(response);
    }
    server.close();
}

#[test]
fn a_source_keeps_nothing_of_the_targets_it_has_outlived() {
    let alive = Arc::new(());
    let (server, running, sockets, clients) = sockets(1);
    let source = &sockets[0];
    for _ in 0..20 {
        let target = EventSocket::new(1);
        let own = alive.clone();
        target.on(event::Drain, move |_, ()| _ = &own);
        source.pipe(&target);
        target.destroy();
        target.run().unwrap();
    }
    assert_eq!(Arc::strong_count(&alive), 1);
    // A target whose Close is being emitted takes nothing more.
    let (tell, told) = channel();
    let (target, piped) = (EventSocket::new(1), source.clone());
    target.on(event::Close, move |target, _| {
        piped.resume();
        piped.pipe(target);
        tell.send(piped.is_paused()).unwrap();
    });
    target.destroy();
    target.run().unwrap();
    assert!(told.recv_timeout(DEADLINE).unwrap(), "the data has no destination");
    drop(clients);
    source.resume();
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap());
}

#[test]
fn all_are_called_though_one_panics() {
    let (tell, told) = channel();
    let calls = move |name: &'static str| {
        let tell = tell.clone();
        move || {
            tell.send(name).unwrap();
            panic!("part of the test: {name}");
        }
    };
    let twice = |name: &str| {
        for _ in 0..2 {
            assert_eq!(told.recv_timeout(DEADLINE).unwrap(), name);
        }
    };
    // The end of a response, …
    let (server, given) = parked();
    let client = asked(&server);
    let (_, response) = given.recv_timeout(DEADLINE).unwrap();
    for _ in 0..2 {
        response.on_close(calls("response"));
    }
    drop(client);
    twice("response");
    drop(response);
    server.close();
    // … the end of a WebSocket, …
    let close = calls.clone();
    let server = Running::new(move |request, response| {
        let close = close.clone();
        websocket::upgrade(&request, response, move |socket| {
            for _ in 0..2 {
                let call = close("websocket");
                socket.on_close(move |_, _| call());
            }
        });
    });
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    twice("websocket");
    server.close();
    // … and a connection.
    let server = net::create_server(|_| {});
    for _ in 0..2 {
        let call = calls("connection");
        server.on(event::Connection, move |_, _| call());
    }
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let running = server.spawn();
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    twice("connection");
    drop(client);
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap()).unwrap();
}

#[test]
fn a_socket_that_is_run_in_a_listener_gets_the_drain_of_a_write_before() {
    let (tell, told) = channel();
    let sink = net::create_server(|socket| socket.resume());
    sink.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let at = sink.address().unwrap();
    let sinking = sink.spawn();
    let server = net::create_server(move |_| {
        let client = EventSocket::new(at.clone());
        client.on(event::Drain, |client, ()| client.end());
        assert!(!client.write(vec![b'x'; 100_000]));
        tell.send(client.run().is_ok()).unwrap();
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let running = server.spawn();
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert!(told.recv_timeout(DEADLINE).expect("run() returns"));
    drop(client);
    for (server, running) in [(server, running), (sink, sinking)] {
        server.close().unwrap();
        within("run() returns", move || running.join().unwrap()).unwrap();
    }
}

#[test]
fn clients_that_are_refused_cost_no_thread_each() {
    const CLIENTS: usize = 50;
    let server = net::create_server(|_| {});
    server.set_max_connections(Some(0));
    let (release, wait) = channel::<()>();
    let (wait, seen) = (Mutex::new(wait), Arc::<Mutex<Vec<thread::ThreadId>>>::default());
    let threads = seen.clone();
    server.on(event::Drop, move |_, _| {
        threads.lock().unwrap().push(thread::current().id());
        let _ = wait.lock().unwrap().recv_timeout(DEADLINE);
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let running = server.spawn();
    // One more: when it is refused, the Drops of those before it are due.
    for _ in 0..CLIENTS + 1 {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "refused at once");
    }
    drop(release);
    until("each has its Drop", || seen.lock().unwrap().len() == CLIENTS + 1);
    let mut threads = seen.lock().unwrap()[..CLIENTS].to_vec();
    threads.dedup();
    assert_eq!(threads.len(), 1);
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap()).unwrap();
}

#[test]
fn nobody_is_upgraded_who_has_left() {
    let (server, given) = parked();
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let offer = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";
    client.write_all(offer.as_bytes()).unwrap();
    let (_, response) = given.recv_timeout(DEADLINE).unwrap();
    let (tell, told) = channel();
    response.on_close(move || tell.send(()).unwrap());
    client.shutdown(Shutdown::Write).unwrap();
    told.recv_timeout(DEADLINE).expect("its End was emitted");
    response.upgrade("shout", |_, _| unreachable!("its End was emitted before"));
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    assert_eq!(answer, b"", "a 101 would promise what nobody does");
    until("the connection is closed", || server.server.connections() == 0);
    server.close();
}

#[test]
fn a_mistake_before_an_upgrade_is_a_500() {
    let server = Running::new(|_, response| {
        response.header("no line\r\n", "x");
        response.upgrade("shout", |_, _| unreachable!("the answer is a 500"));
    });
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let offer = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";
    client.write_all(offer.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    server.close();
}

#[test]
fn the_end_of_a_response_is_told_when_the_kernel_has_taken_it() {
    let (server, given) = parked();
    let mut client = asked(&server);
    let (_, response) = given.recv_timeout(DEADLINE).unwrap();
    let (tell, told) = channel();
    response.on_close(move || tell.send(Instant::now()).unwrap());
    response.end_with(vec![b'x'; 50_000_000]); // more than the kernel holds
    let (mut buffer, mut read) = (vec![0; 1 << 20], 0);
    while read < 25_000_000 {
        assert!(told.try_recv().is_err() && !response.is_closed(), "{read} bytes are read");
        read += client.read(&mut buffer).unwrap();
    }
    let reader = thread::spawn(move || while client.read(&mut buffer).unwrap_or(0) > 0 {});
    told.recv_timeout(DEADLINE).expect("told");
    assert!(response.is_closed());
    drop(response);
    server.close();
    reader.join().unwrap();
}

#[test]
#[cfg(not(windows))] // there a reset takes what was not read yet
fn an_answer_of_sts_counts_though_a_reset_follows_it() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 20]).unwrap();
        stream.write_all(b"STS/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").unwrap();
        // Closing with unread bytes resets the connection.
    });
    let reply =
        within("an answer", move || sts::request(("127.0.0.1", port), vec![b'x'; 1_000_000]));
    assert_eq!(reply.expect("it has arrived").status(), 413);
    server.join().unwrap();
}

#[test]
#[ignore = "takes eleven seconds"]
fn a_client_of_sts_that_does_not_read_is_let_go() {
    let server = sts::create_server(|_, response| response.end_with(vec![b'x'; 50_000_000]));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let running = server.spawn();
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"STS/1.1 SAY\r\nContent-Length: 0\r\n\r\n").unwrap();
    until("it is served", || server.connections() == 1);
    server.close().unwrap();
    within_for(2 * DEADLINE, "run() returns", move || running.join().unwrap()).unwrap();
}

/// Text cut in a character is joined with what follows it, and with nothing else.
#[test]
fn half_a_character_is_kept_for_its_other_half_only() {
    let (server, running, sockets, mut clients) = sockets(1);
    let socket = &sockets[0];
    let (tell, told) = channel();
    let mut send = |bytes: &[u8]| {
        let read = socket.bytes_read();
        clients[0].write_all(bytes).unwrap();
        until("it is read", || socket.bytes_read() == read + bytes.len() as u64);
    };
    let listen = || {
        let tell = tell.clone();
        socket.on(event::Text, move |_, text| tell.send(text.to_string()).unwrap())
    };
    let first = listen();
    send("a界".as_bytes().split_last().unwrap().1);
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), "a");
    socket.off(first);
    send("nobody hears this".as_bytes());
    listen();
    send("界b".as_bytes());
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), "界b");
    drop(clients);
    server.close().unwrap();
    within("run() returns", move || running.join().unwrap());
}

/// Creating a Unix domain socket creates its file, and what follows may fail.
#[cfg(unix)]
#[test]
fn a_listen_that_fails_leaves_no_file() {
    if !alone(module_path!(), "a_listen_that_fails_leaves_no_file", "ulimit -n 64; exec \"$@\"") {
        return;
    }
    let path = std::env::temp_dir().join(format!("net-notes-left-{}.sock", std::process::id()));
    let server = net::create_server(|_| {});
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    let mut failures = 0;
    for _ in 0..3 {
        files.pop(); // one more descriptor
        match server.listen(path.as_path(), |_| {}) {
            Err(error) => assert_eq!(net::code(&error), "EMFILE"),
            Ok(()) => break,
        }
        assert!(!path.exists(), "after failure {failures}");
        failures += 1;
    }
    // Elsewhere nothing needs a second descriptor.
    let needs_two = cfg!(all(target_os = "linux", not(net_notes_polled)));
    assert!(failures > 0 || !needs_two, "there were too many descriptors");
    drop(files);
    if !server.is_listening() {
        server.listen(path.as_path(), |_| {}).unwrap();
    }
    server.close().unwrap();
    assert!(!path.exists());
}

//! The end of a socket and of a server, which no user code can prevent: bounded closing, user code
//! that panics, servers that listen again, connects that were given up.

use crate::common;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{AS_IT_IS, DEADLINE, alone, own_descriptors, own_status, skipped, until, within};
use net::{EventSocket, Server, event};
use net_notes as net;

fn plain_client(server: &Server) -> TcpStream {
    let port = server.address().unwrap().port().unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

type Running = thread::JoinHandle<io::Result<()>>;

fn running(server: &Server) -> Running {
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    server.spawn()
}

/// Records the names of a socket's events.
fn record(socket: &EventSocket) -> Arc<Mutex<Vec<String>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    macro_rules! note {
        ($($event:ident)*) => {$({
            let log = log.clone();
            socket.on(event::$event, move |_, _| log.lock().unwrap().push(stringify!($event).to_string()));
        })*};
    }
    note!(Data Text Drain Finish End Close);
    let seen = log.clone();
    socket.on(event::Error, move |_, error| {
        seen.lock().unwrap().push(format!("Error {}", net::code(error)));
    });
    log
}

#[test]
fn close_within_lets_the_peer_read_everything_and_costs_no_thread_after() {
    let short = Duration::from_millis(100);
    let (give, given) = channel();
    let turn = AtomicUsize::new(0);
    let server = net::create_server(move |socket| {
        let log = record(socket);
        socket.write(vec![b'x'; 1 << 20]);
        let first = turn.fetch_add(1, Ordering::SeqCst) == 0;
        let begun = Instant::now();
        socket.close_within(if first { DEADLINE } else { short });
        give.send((socket.clone(), log, begun)).unwrap();
    });
    let run = running(&server);

    // A peer that sends much data, then reads, then ends: it receives everything, and no reset.
    let mut peer = plain_client(&server);
    let mut sending = peer.try_clone().unwrap();
    let sender = thread::spawn(move || sending.write_all(&vec![b'?'; 4 << 20]));
    let mut all = Vec::new();
    peer.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 1 << 20);
    sender.join().unwrap().unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let (socket, log, begun) = given.recv_timeout(DEADLINE).unwrap();
    until("closed at the peer's end", || log.lock().unwrap().contains(&"Close".to_string()));
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(socket.bytes_read(), 4 << 20);
    assert_eq!(*log.lock().unwrap(), ["Finish", "End", "Close"], "no Data");

    // A peer that never ends, and one that sends a byte now and then.
    for drips in [false, true] {
        let peer = plain_client(&server);
        let (socket, log, begun) = given.recv_timeout(DEADLINE).unwrap();
        let mut dripping = peer.try_clone().unwrap();
        until("the time is over", || {
            if drips {
                let _ = dripping.write_all(b"x");
            }
            log.lock().unwrap().contains(&"Close".to_string())
        });
        assert!(begun.elapsed() >= short);
        assert!(socket.is_destroyed() && !log.lock().unwrap().contains(&"Data".to_string()));
    }
    until("no socket is left", || server.connections() == 0);
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
}

#[test]
fn close_within_overrules_a_pause_and_drops_what_is_held() {
    let (give, given) = channel();
    let server = net::create_server(move |socket| {
        socket.pause();
        let log = record(socket);
        give.send((socket.clone(), log)).unwrap();
    });
    let run = running(&server);
    let mut peer = plain_client(&server);
    peer.write_all(b"held").unwrap();
    let (socket, log) = given.recv_timeout(DEADLINE).unwrap();
    until("it is held", || socket.bytes_read() == 4);
    socket.close_within(DEADLINE);
    socket.close_within(Duration::MAX); // the earlier end counts, and this does not panic
    socket.pause();
    peer.write_all(&vec![1; 1 << 20]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["Finish", "End", "Close"]);
    assert_eq!(socket.bytes_read(), 4 + (1 << 20));

    // Before the connection is established.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = EventSocket::new(listener.local_addr().unwrap());
    let log = record(&client);
    client.write("goodbye");
    client.close_within(Duration::from_millis(50));
    within("run() returns", {
        let client = client.clone();
        move || client.run()
    })
    .unwrap();
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "goodbye");
    assert_eq!(*log.lock().unwrap(), ["Finish", "Close"]);
}

#[test]
fn destroy_soon_closes_when_the_fin_is_out() {
    let (give, given) = channel();
    let server = net::create_server(move |socket| {
        let log = record(socket);
        socket.write(vec![b'x'; 6 << 20]);
        socket.destroy_soon();
        give.send((socket.clone(), log)).unwrap();
    });
    let run = running(&server);
    let mut peer = plain_client(&server);
    let mut all = Vec::new();
    peer.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 6 << 20, "the queue was sent first");
    let (socket, log) = given.recv_timeout(DEADLINE).unwrap();
    // The peer does not end; the socket closes all the same.
    until("closed", || log.lock().unwrap().contains(&"Close".to_string()));
    assert_eq!(*log.lock().unwrap(), ["Finish", "Close"]);
    socket.destroy_soon();
    // If the FIN is sent already, at once.
    let other = net::create_server(move |socket| {
        socket.resume();
        socket.on(event::Finish, |socket, ()| socket.destroy_soon());
        socket.end();
    });
    let other_run = running(&other);
    let mut second = plain_client(&other);
    assert_eq!(second.read(&mut [0]).unwrap(), 0);
    until("closed", || other.connections() == 0);
    for (server, run) in [(server, run), (other, other_run)] {
        server.close().unwrap();
        within("run() returns", || run.join().unwrap()).unwrap();
    }
}

#[test]
fn close_all_connections_ends_run_whatever_the_clients_do() {
    let server = net::create_server(|socket| {
        socket.write(vec![0; 8 << 20]); // stuck: the peer does not read
    });
    let run = running(&server);
    let clients: Vec<_> = (0..20).map(|_| plain_client(&server)).collect();
    until("all are served", || server.connections() == 20);
    server.close().unwrap();
    let began = Instant::now();
    server.close_all_connections();
    within("run() returns", || run.join().unwrap()).unwrap();
    assert!(began.elapsed() < DEADLINE / 2);
    assert_eq!(server.connections(), 0);
    drop(clients);
    server.close_all_connections(); // there are none
}

#[test]
fn a_server_listens_again_before_run_has_returned() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let log = log.clone();
        move || log.lock().unwrap().push(what)
    };
    // No connection is open: Close is emitted at once, as in Node.
    let server = net::create_server(|socket| socket.end_with("hello"));
    let (listening, closed, second) = (note("listening"), note("close"), note("second"));
    server.on(event::Listening, move |_, ()| listening());
    server.on(event::Close, move |_, ()| closed());
    server
        .listen(("127.0.0.1", 0), move |server| {
            server.close().unwrap();
            let second = second.clone();
            server.listen(("127.0.0.1", 0), move |_| second()).unwrap();
        })
        .unwrap();
    let run = server.spawn();
    until("the second one listens", || log.lock().unwrap().len() == 4);
    let mut text = String::new();
    plain_client(&server).read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["listening", "close", "listening", "second", "close"]);

    // With an old socket open: served at once, and one Close in all.
    log.lock().unwrap().clear();
    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| _ = socket.write(data));
    });
    let (listening, closed) = (note("listening"), note("close"));
    server.on(event::Listening, move |_, ()| listening());
    server.on(event::Close, move |_, ()| closed());
    let run = running(&server);
    let mut old = plain_client(&server);
    until("served", || server.connections() == 1);
    server.close().unwrap();
    let began = Instant::now();
    until("run() has nothing to do", || began.elapsed() > Duration::from_millis(50));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let mut new = plain_client(&server);
    for peer in [&mut new, &mut old] {
        peer.write_all(b"x").unwrap();
        peer.read_exact(&mut [0]).expect("it is served");
    }
    drop(new);
    until("the new one is gone", || server.connections() == 1);
    drop(old); // the last socket of the earlier period: no Close, as the server listens
    until("the old one is gone", || server.connections() == 0);
    plain_client(&server).write_all(b"x").expect("it still listens");
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["listening", "listening", "close"]);
}

#[test]
fn a_server_that_closes_and_listens_in_a_hurry_loses_nobody() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    let server = net::create_server(move |socket| {
        count.fetch_add(1, Ordering::SeqCst);
        socket.end_with("x");
    });
    let run = running(&server);
    for n in 1..=100 {
        let mut peer = plain_client(&server);
        assert_eq!(peer.read(&mut [0]).unwrap(), 1, "client {n}");
        server.close().unwrap();
        server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    }
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
    assert_eq!(served.load(Ordering::SeqCst), 100);
}

/// An error, every method of which panics.
#[derive(Debug)]
struct Hostile;

impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("this panic is part of the test")
    }
}

impl std::error::Error for Hostile {}

impl Drop for Hostile {
    fn drop(&mut self) {
        panic!("this panic is part of the test")
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("this panic is part of the test")
    }
}

fn panics(call: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err()
}

#[test]
fn code_of_the_user_that_panics_where_nobody_looks_stops_nothing() {
    // In an error: with and without a listener, with a write that receives it, and after Close.
    let (give, given) = channel();
    let turn = AtomicUsize::new(0);
    let server = net::create_server(move |socket| {
        let closed = give.clone();
        socket.on(event::Close, move |_, _| closed.send(()).unwrap());
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        if turn == 1 {
            socket.on(event::Error, |_, _| {});
        }
        if turn == 2 {
            socket.write_then(vec![0; 30 << 20], |result| drop(result.unwrap_err().to_string()));
        }
        socket.destroy_with(io::Error::other(Hostile));
        socket.destroy_with(io::Error::other(Hostile)); // swallowed, and dropped
    });
    let run = running(&server);
    for _ in 0..4 {
        let _peer = plain_client(&server);
        given.recv_timeout(DEADLINE).expect("Close comes");
    }
    until("none is left", || server.connections() == 0);

    // In values that listeners, callbacks and timers own: two in one socket, removed ones, and late
    // ones.
    let client = EventSocket::new(server.address().unwrap());
    let bombs = [Bomb, Bomb, Bomb, Bomb, Bomb];
    for bomb in bombs {
        client.on(event::Data, move |_, _| _ = &bomb);
    }
    let (bomb, removed) = (Bomb, client.on(event::End, |_, ()| {}));
    assert!(client.off(removed));
    let id = client.on(event::End, move |_, ()| _ = &bomb);
    assert!(panics(|| _ = client.off(id)), "in the caller's own call, so the caller's");
    assert!(!client.off(id));
    let (first, second) = (Bomb, Bomb);
    let timer = client.after(Duration::from_secs(3600), move |_| drop(first));
    client.after(Duration::from_secs(3600), move |_| drop(second));
    assert!(panics(|| _ = client.cancel(timer)));
    let closed = Arc::new(AtomicUsize::new(0));
    let count = closed.clone();
    client.on(event::Close, move |_, _| _ = count.fetch_add(1, Ordering::SeqCst));
    let socket = client.clone();
    let panic = within("run() ends", move || socket.spawn().join()).expect_err("not swallowed");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"this panic is part of the test"));
    assert_eq!(closed.load(Ordering::SeqCst), 1);
    let late = Bomb;
    assert!(panics(|| _ = client.on(event::Close, move |_, _| _ = &late)));
    let never_run = EventSocket::new(1);
    for bomb in [Bomb, Bomb] {
        never_run.write_then("x", move |_| drop(bomb));
    }
    for bomb in [Bomb, Bomb] {
        never_run.on(event::Data, move |_, _| _ = &bomb);
    }
    never_run.destroy_with(io::Error::other(Hostile));
    drop(never_run);

    // A payload whose drop panics with a payload that panics.
    struct Chain;
    impl Drop for Chain {
        fn drop(&mut self) {
            std::panic::panic_any(Bomb);
        }
    }
    let (give, given) = channel();
    let other = net::create_server(move |socket| {
        let closed = give.clone();
        socket.on(event::Close, move |_, _| closed.send(()).unwrap());
        std::panic::panic_any(Chain);
    });
    let other_run = running(&other);
    let _peer = plain_client(&other);
    given.recv_timeout(DEADLINE).expect("Close comes");
    // In values that a server's listeners own.
    let (bomb, another) = (Bomb, Bomb);
    let ids = [
        other.on(event::Close, move |_, ()| _ = &bomb),
        other.on(event::Close, move |_, ()| _ = &another),
    ];
    ids.into_iter().for_each(|id| assert!(panics(|| _ = other.off(id))));
    for bomb in [Bomb, Bomb] {
        other.on(event::Close, move |_, ()| _ = &bomb);
    }
    other.close().unwrap();
    within("run() returns", || other_run.join().unwrap()).unwrap();
    drop(other); // and its listeners: two bombs, and no abort
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
}

#[test]
fn whoever_holds_standard_error_stops_no_server() {
    let server = net::create_server(|socket| {
        socket.destroy_with(io::Error::other(
            "no listener hears of this, so it is a line on standard error",
        ));
    });
    let run = running(&server);
    let held = io::stderr().lock();
    let mut peer = plain_client(&server);
    assert_eq!(peer.read(&mut [0]).unwrap_or(0), 0);
    server.close().unwrap();
    within("run() returns while it is held", || run.join().unwrap()).unwrap();
    drop(held);
}

#[test]
fn calls_that_say_the_same_use_no_memory() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if !alone(module_path!(), "calls_that_say_the_same_use_no_memory", AS_IT_IS) {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = EventSocket::new(listener.local_addr().unwrap());
    let (inside, is_inside) = channel();
    let (release, wait) = channel::<()>();
    client.on(event::Data, move |_, _| {
        inside.send(()).unwrap();
        let _ = wait.recv_timeout(DEADLINE);
    });
    let run = client.spawn();
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"x").unwrap();
    is_inside.recv_timeout(DEADLINE).unwrap();
    peer.write_all(b"held").unwrap();
    let before = own_status("VmRSS");
    for _ in 0..100_000 {
        client.resume();
        client.pause();
        client.set_timeout(Some(Duration::from_nanos(1)));
        client.end();
    }
    client.resume();
    let grown = own_status("VmRSS").saturating_sub(before);
    assert!(grown < 2 * 1024, "{grown} KiB more");
    drop(release);
    drop(peer);
    within("run() returns", || run.join().unwrap()).unwrap();

    // Panics: the first one is kept for run(), and the others are dropped.
    let server = net::create_server(|_| {});
    let count = Arc::new(AtomicUsize::new(0));
    let panics = count.clone();
    std::panic::set_hook(Box::new(|_| {}));
    server.on(event::Connection, |_, socket| socket.end());
    server.on(event::Drop, move |_, _| {
        panics.fetch_add(1, Ordering::SeqCst);
        std::panic::panic_any(vec![1u8; 1 << 20]);
    });
    server.set_max_connections(Some(0));
    let run = running(&server);
    let before = own_status("VmRSS");
    for n in 1..=50 {
        drop(plain_client(&server));
        until("dropped", || count.load(Ordering::SeqCst) == n);
    }
    let grown = own_status("VmRSS").saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more after 50 panics of a MiB each");
    server.close().unwrap();
    assert!(within("run() ends", || run.join()).is_err());
}

/// Connecting to a full backlog takes two minutes, and std cannot interrupt it.
#[test]
fn a_connect_that_was_given_up_lets_go_of_its_thread_and_descriptor() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if !alone(
        module_path!(),
        "a_connect_that_was_given_up_lets_go_of_its_thread_and_descriptor",
        AS_IT_IS,
    ) {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let mut backlog = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&at, Duration::from_millis(300)) {
        backlog.push(stream);
    }
    let before = (own_descriptors(), own_status("Threads"));
    let clients: Vec<_> = (0..20).map(|_| EventSocket::new(at)).collect();
    let runs: Vec<_> = clients.iter().map(EventSocket::spawn).collect();
    until("all of them connect", || own_descriptors() == before.0 + 20);
    clients.iter().for_each(EventSocket::destroy);
    let began = Instant::now();
    for run in runs {
        within("run() returns at once", || run.join().unwrap()).unwrap();
    }
    until("nothing is left", || (own_descriptors(), own_status("Threads")) == before);
    assert!(began.elapsed() < Duration::from_secs(6), "after {:?}", began.elapsed());
}

#[test]
fn a_listener_of_drop_that_is_slow_does_not_hold_up_accepting() {
    let server = net::create_server(|socket| socket.resume());
    server.set_max_connections(Some(1));
    let (release, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let (tell, told) = channel();
    server.on(event::Drop, move |_, _| {
        tell.send(()).unwrap();
        let _ = wait.lock().unwrap().recv_timeout(DEADLINE);
    });
    let run = running(&server);
    let first = plain_client(&server);
    until("served", || server.connections() == 1);
    let mut dropped = plain_client(&server);
    assert_eq!(dropped.read(&mut [0]).unwrap_or(0), 0);
    told.recv_timeout(DEADLINE).unwrap();
    drop(first);
    until("gone", || server.connections() == 0);
    let next = plain_client(&server);
    until("served while the listener is still busy", || server.connections() == 1);
    drop(next);
    server.close().unwrap();
    assert!(!run.is_finished(), "run() waits for the listener");
    drop(release);
    within("run() returns", || run.join().unwrap()).unwrap();
}

#[test]
fn what_was_written_before_the_connection_is_sent_even_if_connect_destroys() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = net::connect(listener.local_addr().unwrap(), |client| client.destroy());
    client.write("one");
    client.write("two");
    within("run() returns", move || client.run()).unwrap();
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "onetwo");
}

#[test]
fn how_much_is_written_and_where_after_destroy_and_after_close() {
    // Never connected, and connected: the same.
    let unconnected = EventSocket::new(1);
    unconnected.write([0; 1000]);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let connected = EventSocket::new(listener.local_addr().unwrap());
    let run = connected.spawn();
    let _peer = listener.accept().unwrap();
    until("connected", || connected.local_addr().is_some());
    while connected.write([0; 64 * 1024]) {}
    for socket in [&unconnected, &connected] {
        let before = socket.writable_length();
        assert!(before > 0);
        let closed = Arc::new(AtomicUsize::new(usize::MAX));
        let seen = closed.clone();
        socket.on(event::Close, move |socket, _| {
            seen.store(socket.writable_length(), Ordering::SeqCst);
        });
        socket.destroy();
        assert!(socket.local_addr().is_none() && !socket.writable_need_drain());
        if socket == &unconnected {
            assert_eq!(socket.writable_length(), before);
            within("run() returns", {
                let socket = socket.clone();
                move || socket.run()
            })
            .unwrap();
        }
        until("closed", || closed.load(Ordering::SeqCst) == 0);
        assert_eq!(socket.writable_length(), 0);
    }
    within("run() returns", || run.join().unwrap()).unwrap();
}

#[test]
#[cfg(unix)]
fn a_server_that_is_dropped_leaves_no_file_behind() {
    let path = std::env::temp_dir().join(format!("net-notes-dropped-{}.sock", std::process::id()));
    let server = net::create_server(|_| {});
    server.listen(&path, |_| {}).unwrap();
    assert!(path.exists());
    drop(server);
    assert!(!path.exists());
}

#[test]
fn places_that_cannot_be_are_refused_in_words() {
    let server = net::create_server(|_| {});
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        use std::path::Path;
        let run = |socket: EventSocket| within("run() returns", move || socket.run());
        let empty = Path::new("");
        let error = server.listen(empty, |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "listen EINVAL: the path must not be empty,");
        let error = run(EventSocket::new(empty)).unwrap_err();
        assert_eq!(error.to_string(), "connect EINVAL: the path must not be empty,");
        let zero = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/a\0b\nc"));
        for error in
            [server.listen(zero, |_| {}).unwrap_err(), run(EventSocket::new(zero)).unwrap_err()]
        {
            assert_eq!(net::code(&error), "EINVAL");
            let text = error.to_string();
            assert!(text.ends_with(r"/tmp/a\0b\nc") && !text.contains(['\0', '\n']), "{text:?}");
        }
    }
    // An empty host is this machine, as in Node.
    server.listen(("", 0), |_| {}).unwrap();
    assert!(server.address().unwrap().ip().unwrap().is_loopback());
    let port = server.address().unwrap().port().unwrap();
    let run = server.spawn();
    let client = net::connect(("", port), |client| client.end());
    client.resume();
    within("run() returns", move || client.run()).unwrap();
    server.close().unwrap();
    within("run() returns", || run.join().unwrap()).unwrap();
}

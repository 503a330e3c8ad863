//! The promises of the crate documentation: threads, locks, panics, closing, and the edge cases of
//! `run`.

use crate::common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{DEADLINE, RESET_BY_CLOSE, skipped, until, wine_lacks, within};
use net::{ConnectOptions, Endpoint, EventSocket, ReadyState, Server, ServerOptions, event};
use net_notes as net;

/// A server on port 0 that runs, and is closed at the end of the test.
struct Running {
    server: Server,
    thread: Option<thread::JoinHandle<std::io::Result<()>>>,
}

impl Running {
    fn new(server: Server) -> Running {
        server.listen(("127.0.0.1", 0), |_| {}).expect("port 0 is free");
        let thread = Some(server.spawn());
        Running { server, thread }
    }

    fn at(&self) -> net::Address {
        self.server.address().expect("it listens")
    }

    fn client(&self) -> EventSocket {
        EventSocket::new(self.at())
    }

    /// Connects a peer that uses nothing of this crate.
    fn plain_client(&self) -> TcpStream {
        let stream =
            TcpStream::connect(("127.0.0.1", self.at().port().expect("tcp"))).expect("connects");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream
    }

    fn close(mut self) -> std::io::Result<()> {
        self.server.close().expect("it listens");
        let thread = self.thread.take().expect("only here");
        within("the server's run() returns", move || thread.join().expect("no panic"))
    }
}

/// Records the names of a socket's events, in order.
fn record(socket: &EventSocket) -> Arc<Mutex<Vec<String>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    macro_rules! note {
        ($($event:ident)*) => {$({
            let log = log.clone();
            socket.on(event::$event, move |_, ()| log.lock().unwrap().push(stringify!($event).to_string()));
        })*};
    }
    note!(Connect Ready Drain Finish Timeout End);
    let (error, close) = (log.clone(), log.clone());
    socket.on(event::Error, move |_, e| {
        error.lock().unwrap().push(format!("Error {}", net::code(e)))
    });
    socket.on(event::Close, move |_, bad| close.lock().unwrap().push(format!("Close {bad}")));
    log
}

fn run(socket: &EventSocket) -> std::io::Result<()> {
    let socket = socket.clone();
    within("run() returns", move || socket.run())
}

/// The name of a write, and "ok" or the code of its error.
type Told = (&'static str, String);

/// Returns a function that writes and asserts that the callback does not run inside the call, and
/// the results of the callbacks.
fn callbacks() -> (impl Fn(&EventSocket, &'static str, Vec<u8>) -> bool, Receiver<Told>) {
    let (tell, told) = channel();
    let write = move |socket: &EventSocket, name, data: Vec<u8>| {
        let tell = tell.clone();
        let inside = Arc::new(AtomicBool::new(true));
        let seen = inside.clone();
        let caller = thread::current().id();
        let accepted = socket.write_then(data, move |result| {
            let nested = seen.load(Ordering::SeqCst) && thread::current().id() == caller;
            assert!(!nested, "the callback of {name} runs inside the call");
            let code = result.map_or_else(|e| net::code(&e).to_string(), |()| "ok".to_string());
            tell.send((name, code)).expect("the test listens");
        });
        inside.store(false, Ordering::SeqCst);
        accepted
    };
    (write, told)
}

fn pairs(told: &Receiver<Told>) -> Vec<String> {
    told.try_iter().map(|(name, code)| format!("{name} {code}")).collect()
}

#[test]
fn listeners_of_one_socket_never_overlap() {
    let busy = Arc::new(AtomicUsize::new(0));
    let events = Arc::new(AtomicUsize::new(0));
    let running = Running::new(net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    }));
    let client = running.client();
    let alone = |busy: Arc<AtomicUsize>, events: Arc<AtomicUsize>| {
        move || {
            assert_eq!(busy.fetch_add(1, Ordering::SeqCst), 0, "two listeners at once");
            let began = Instant::now();
            // Long enough to overlap with others.
            while began.elapsed() < Duration::from_micros(50) {}
            events.fetch_add(1, Ordering::SeqCst);
            busy.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let check = alone(busy.clone(), events.clone());
    client.on(event::Data, move |_, _| check());
    let check = alone(busy.clone(), events.clone());
    client.on(event::Drain, move |_, ()| check());
    // Write callbacks count as listeners, and are caused by calls on other threads.
    let thread = client.spawn();
    // Each waits for its callback, so that the helper thread emits it while the echo wakes the
    // reading thread.
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (client, busy, events) = (client.clone(), busy.clone(), events.clone());
            thread::spawn(move || {
                for _ in 0..500 {
                    let check = alone(busy.clone(), events.clone());
                    let (tell, told) = channel();
                    client.write_then([7; 1000], move |_| {
                        check();
                        let _ = tell.send(());
                    });
                    told.recv_timeout(DEADLINE).expect("called back");
                }
            })
        })
        .collect();
    within("the writers are done", || {
        writers.into_iter().for_each(|writer| writer.join().unwrap())
    });
    until("everything came back", || {
        client.bytes_read() == 1_000_000 && events.load(Ordering::SeqCst) >= 1001
    });
    client.end();
    within("run() returns", || thread.join().unwrap()).unwrap();
    running.close().unwrap();
}

#[test]
fn what_a_listener_causes_comes_after_it_has_returned() {
    let running = Running::new(net::create_server(|socket| socket.resume()));
    let log = Arc::new(Mutex::new(Vec::new()));
    let client = running.client();
    let note = |what: &'static str| {
        let log = log.clone();
        move || log.lock().unwrap().push(what)
    };
    let (begin, over, wrote, finish, close) =
        (note("connect"), note("returned"), note("wrote"), note("finish"), note("close"));
    client.on(event::Connect, move |client, ()| {
        begin();
        let wrote = wrote.clone();
        client.write_then("x", move |_| wrote());
        client.end();
        over();
    });
    client.on(event::Finish, move |_, ()| finish());
    client.on(event::Close, move |_, _| close());
    client.resume();
    run(&client).unwrap();
    assert_eq!(*log.lock().unwrap(), ["connect", "returned", "wrote", "finish", "close"]);
    running.close().unwrap();
}

#[test]
fn a_listener_may_hold_the_callers_lock_and_call_other_sockets() {
    // Every method that could wait is called under a lock that all listeners need.
    let room: Arc<Mutex<Vec<EventSocket>>> = Arc::default();
    let (shared, counter) = (room.clone(), Arc::new(AtomicUsize::new(0)));
    let closed = counter.clone();
    let running = Running::new(net::create_server(move |socket| {
        shared.lock().unwrap().push(socket.clone());
        let room = shared.clone();
        socket.on(event::Data, move |socket, data| {
            let room = room.lock().unwrap();
            for other in room.iter().filter(|other| *other != socket) {
                other.write_then(data, |_| {});
                other.pause();
                other.resume();
            }
        });
        let (room, closed) = (shared.clone(), closed.clone());
        socket.on(event::Close, move |_, _| {
            let room = room.lock().unwrap();
            closed.fetch_add(1, Ordering::SeqCst);
            room.iter().for_each(EventSocket::destroy);
        });
    }));
    let mut peers: Vec<_> = (0..20).map(|_| running.plain_client()).collect();
    until("all have been accepted", || room.lock().unwrap().len() == 20);
    for peer in &mut peers {
        peer.write_all(b"hello").unwrap();
    }
    for peer in &mut peers {
        let mut heard = [0; 19 * 5];
        peer.read_exact(&mut heard).expect("everybody else's hello");
    }
    let server = running.server.clone();
    {
        let _held = room.lock().unwrap();
        server.close().unwrap(); // with the same lock held
        let first = &_held[0];
        first.destroy();
    }
    until("one has pulled all the others down", || counter.load(Ordering::SeqCst) == 20);
    within("run() returns", move || running.thread.unwrap().join().unwrap()).unwrap();
}

#[test]
fn a_slow_listener_delays_its_own_socket_only() {
    let (release, wait) = channel::<()>();
    let wait = Mutex::new(Some(wait));
    let running = Running::new(net::create_server(move |socket| {
        let wait = wait.lock().unwrap().take();
        socket.on(event::Data, move |socket, data| {
            if let Some(wait) = &wait {
                let _ = wait.recv_timeout(DEADLINE); // the first connection is stuck
            }
            socket.write(data);
        });
    }));
    let mut stuck = running.plain_client();
    stuck.write_all(b"a").unwrap();
    until("the first is accepted", || running.server.connections() == 1);
    let mut other = running.plain_client();
    other.write_all(b"b").unwrap();
    let mut byte = [0];
    other.read_exact(&mut byte).expect("the other one is served");
    release.send(()).unwrap();
    stuck.read_exact(&mut byte).expect("and the first one too, now");
    drop((stuck, other));
    running.close().unwrap();
}

#[test]
fn write_does_not_block_and_drain_comes_when_the_peer_reads() {
    let running = Running::new(Server::new(ServerOptions::default().pause_on_connect(true)));
    let (give, taken) = channel();
    running.server.on(event::Connection, move |_, socket| {
        socket.on(event::Data, |_, _| {});
        give.send(socket.clone()).unwrap();
    });
    let client = running.client();
    let log = record(&client);
    client.on(event::Drain, |client, ()| {
        assert_eq!(client.writable_length(), 0);
        client.end();
    });
    let thread = client.spawn();
    let peer = taken.recv_timeout(DEADLINE).unwrap();
    until("connected", || client.ready_state() == ReadyState::Open);
    let block = vec![1; 64 << 20];
    let began = Instant::now();
    assert!(!client.write(&block));
    // Most of that time is the copy. A blocking write would take for ever, as the peer does not
    // read.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(client.writable_length() > 32 << 20);
    assert_eq!(client.bytes_written(), 64 << 20);
    peer.resume();
    within("run() returns", || thread.join().unwrap()).unwrap();
    assert_eq!(peer.bytes_read(), 64 << 20);
    assert_eq!(*log.lock().unwrap(), ["Connect", "Ready", "Drain", "Finish", "End", "Close false"]);
    running.close().unwrap();
}

#[test]
fn a_panic_destroys_its_socket_and_nothing_else() {
    let running = Running::new(net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            assert_ne!(data, b"panic", "this panic is part of the test");
            socket.write(data);
        });
    }));
    let mut good = running.plain_client();
    let mut bad = running.plain_client();
    bad.write_all(b"panic").unwrap();
    assert_eq!(bad.read(&mut [0; 10]).expect("an end, not silence"), 0);
    good.write_all(b"still there").unwrap();
    let mut answer = [0; 11];
    good.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"still there");
    let mut late = running.plain_client();
    late.write_all(b"x").unwrap();
    late.read_exact(&mut answer[..1]).expect("the server accepts as before");
    drop((good, late));
    running.close().unwrap();
}

#[test]
fn a_panic_in_a_connection_listener_leaves_the_server_running() {
    let first = AtomicBool::new(true);
    let running = Running::new(net::create_server(move |socket| {
        assert!(!first.swap(false, Ordering::SeqCst), "this panic is part of the test");
        socket.end_with("welcome");
    }));
    assert_eq!(running.plain_client().read(&mut [0; 10]).expect("an end"), 0);
    let mut text = String::new();
    running.plain_client().read_to_string(&mut text).unwrap();
    assert_eq!(text, "welcome");
    running.close().unwrap();
}

#[test]
fn run_goes_on_with_a_panic_after_close() {
    let running = Running::new(net::create_server(|socket| {
        socket.write("boo");
    }));
    let client = running.client();
    let log = record(&client);
    client.on(event::Data, |_, _| panic!("this panic is part of the test"));
    let thread = client.spawn();
    let panic = within("run() ends", || thread.join()).expect_err("the panic is passed on");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"this panic is part of the test"));
    assert_eq!(*log.lock().unwrap(), ["Connect", "Ready", "Close true"]);
    assert!(client.is_destroyed());
    running.close().unwrap();
}

#[test]
fn the_server_goes_on_with_a_panic_of_its_own_listener() {
    let server = net::create_server(|_| {});
    let closed = Arc::new(AtomicBool::new(false));
    let seen = closed.clone();
    server.on(event::Close, move |_, ()| seen.store(true, Ordering::SeqCst));
    server.listen(("127.0.0.1", 0), |_| panic!("this panic is part of the test")).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let thread = server.spawn();
    assert!(within("run() ends", || thread.join()).is_err());
    assert!(closed.load(Ordering::SeqCst) && !server.is_listening());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
}

#[test]
fn destroy_wakes_a_blocked_read() {
    let running = Running::new(net::create_server(|socket| socket.resume()));
    let client = running.client();
    client.resume();
    let log = record(&client);
    let thread = client.spawn();
    until("connected", || client.ready_state() == ReadyState::Open);
    client.destroy();
    client.destroy_with(std::io::Error::other("the second error is swallowed"));
    within("run() returns", || thread.join().unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["Connect", "Ready", "Close false"]);
    assert_eq!(client.local_addr(), None);
    assert_eq!(client.remote_addr(), Some(running.at()));
    running.close().unwrap();
}

/// Returns a port whose SYNs are dropped: it listens, and its backlog is full.
fn silent_port() -> (TcpListener, Vec<TcpStream>, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&at, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 5000, "this system's backlog has no end");
    }
    (listener, waiting, at.port())
}

#[test]
fn connecting_can_be_given_up() {
    if !cfg!(target_os = "linux") {
        return skipped("other systems answer a full backlog in their own ways");
    }
    let (_listener, _waiting, port) = silent_port();
    let client = EventSocket::new(("127.0.0.1", port));
    let log = record(&client);
    let (write, told) = callbacks();
    write(&client, "queued", b"x".to_vec());
    let idle = Arc::new(AtomicBool::new(false));
    let seen = idle.clone();
    client.set_timeout(Some(Duration::from_millis(20)));
    client.on(event::Timeout, move |_, ()| seen.store(true, Ordering::SeqCst));
    let thread = client.spawn();
    until("the idle time counts while connecting", || idle.load(Ordering::SeqCst));
    client.destroy();
    within("destroy() is heard", || thread.join().unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["Timeout", "Close false"]);
    assert_eq!(pairs(&told), ["queued ERR_SOCKET_CLOSED_BEFORE_CONNECTION"]);

    let to = ConnectOptions::from(("127.0.0.1", port)).connect_timeout(Duration::from_millis(50));
    let error = run(&EventSocket::new(to)).unwrap_err();
    assert_eq!(net::code(&error), "ETIMEDOUT");
    assert_eq!(error.to_string(), format!("connect ETIMEDOUT 127.0.0.1:{port}"));
}

#[test]
fn every_write_callback_is_called_once() {
    let running = Running::new(Server::new(ServerOptions::default().pause_on_connect(true)));
    let peers = Arc::new(Mutex::new(Vec::new())); // they read nothing, and so the connections stay
    let keep = peers.clone();
    running
        .server
        .on(event::Connection, move |_, socket| keep.lock().unwrap().push(socket.clone()));
    // Sent.
    let client = running.client();
    let (write, told) = callbacks();
    assert!(write(&client, "early", b"a".to_vec()));
    client.on(event::Ready, {
        let (write, told_ready) = callbacks();
        move |client, ()| {
            assert!(write(client, "in time", b"b".to_vec()));
            assert!(write(client, "empty", vec![]));
            client.end();
            assert!(!write(client, "late", b"c".to_vec()));
            client.destroy();
            assert!(pairs(&told_ready).is_empty(), "none inside the call");
        }
    });
    let error = run(&client).expect_err("a write after end");
    assert_eq!(net::code(&error), "ERR_STREAM_WRITE_AFTER_END");
    assert_eq!(pairs(&told), ["early ok"]);

    // Given up: the peer does not read, and then the socket is destroyed.
    let client = running.client();
    let (write, told) = callbacks();
    let thread = client.spawn();
    until("connected", || client.ready_state() == ReadyState::Open);
    write(&client, "stuck", vec![0; 32 << 20]);
    write(&client, "behind", vec![0; 10]);
    let mut last = (usize::MAX, Instant::now());
    until("the kernel takes no more, so the helper is stuck in write(2)", || {
        if client.writable_length() != last.0 {
            last = (client.writable_length(), Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(50)
    });
    client.destroy();
    write(&client, "after", vec![0; 10]);
    within("run() returns", || thread.join().unwrap()).unwrap();
    let mut codes = Vec::new();
    until("three callbacks", || {
        codes.extend(pairs(&told));
        codes.len() == 3
    });
    codes.sort();
    assert_eq!(
        codes,
        ["after ERR_STREAM_DESTROYED", "behind ERR_STREAM_DESTROYED", "stuck ERR_STREAM_DESTROYED"]
    );

    // After Close the socket has no thread, and the callback is still called.
    assert!(!write(&client, "much later", vec![1]));
    until("called", || pairs(&told) == ["much later ERR_STREAM_DESTROYED"]);
    until("both were accepted", || peers.lock().unwrap().len() == 2);
    peers.lock().unwrap().iter().for_each(EventSocket::destroy);
    running.close().unwrap();
}

#[test]
fn a_reset_is_an_error_and_not_an_end() {
    if wine_lacks(RESET_BY_CLOSE) {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = net::connect(listener.local_addr().unwrap(), |client| {
        client.write("these bytes stay unread");
    });
    client.resume();
    let log = record(&client);
    let thread = client.spawn();
    let (peer, _) = listener.accept().unwrap();
    let mut first = [0];
    (&peer).read_exact(&mut first).unwrap();
    drop(peer); // with bytes unread: a reset
    within("run() returns", || thread.join().unwrap()).expect("the error was listened to");
    assert_eq!(*log.lock().unwrap(), ["Connect", "Ready", "Error ECONNRESET", "Close true"]);
}

/// As in Node, whose loop reads before it writes; also if a listener is still busy.
#[test]
#[cfg(unix)] // Windows drops what has arrived when the reset arrives
fn what_came_before_a_reset_is_emitted_though_a_write_has_failed() {
    let quick = [300_000, 10_000_000].repeat(20).into_iter().map(|size| (size, Duration::ZERO));
    for (size, busy) in quick.chain([(10_000_000, Duration::from_millis(300))]) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = EventSocket::new(listener.local_addr().unwrap());
        client.write(vec![b'a'; size]);
        let log = record(&client);
        let data = log.clone();
        client.on(event::Text, move |_, text| data.lock().unwrap().push(text.to_string()));
        client.on(event::Connect, move |_, ()| common::let_pass(busy));
        let thread = client.spawn();
        let (peer, _) = listener.accept().unwrap();
        (&peer).read_exact(&mut [0]).unwrap();
        (&peer).write_all(b"enough").unwrap();
        drop(peer); // with bytes unread: a reset
        within("run() returns", || thread.join().unwrap()).expect("the error was listened to");
        let mut log = log.lock().unwrap().clone();
        log.retain(|event| event != "Drain"); // if everything was sent before
        assert_eq!(
            log,
            ["Connect", "Ready", "enough", "Error ECONNRESET", "Close true"],
            "{size}, {busy:?}"
        );
    }
}

#[test]
fn timeout_fires_once_in_an_idle_time_whoever_sets_it() {
    let running = Running::new(net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    }));
    let client = running.client();
    client.resume();
    let fired = Arc::new(AtomicUsize::new(0));
    let count = fired.clone();
    client.on(event::Timeout, move |_, ()| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let thread = client.spawn();
    until("connected", || client.ready_state() == ReadyState::Open);
    // The reading thread is blocked without a limit now; another thread sets one.
    client.set_timeout(Some(Duration::from_millis(20)));
    until("fired", || fired.load(Ordering::SeqCst) == 1);
    let began = Instant::now();
    until("three idle times are over", || began.elapsed() > Duration::from_millis(80));
    assert_eq!(fired.load(Ordering::SeqCst), 1, "once, not once in a period");
    client.write("again");
    until("something has happened, so it fires again", || fired.load(Ordering::SeqCst) == 2);
    client.set_timeout(None);
    client.write("and again");
    let began = Instant::now();
    until("three idle times are over", || began.elapsed() > Duration::from_millis(80));
    assert_eq!(fired.load(Ordering::SeqCst), 2, "switched off");
    client.end();
    within("run() returns", || thread.join().unwrap()).unwrap();
    running.close().unwrap();
}

#[test]
fn what_a_listener_owns_is_let_go() {
    /// Calls the socket when it is dropped, as a user's guard might.
    struct Guard(EventSocket, Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.writable_length();
            self.0.resume();
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let client = EventSocket::new(("127.0.0.1", 1));
    let guard = || Guard(client.clone(), dropped.clone());
    let (taken_off, once, stays, late) = (guard(), guard(), guard(), guard());
    let id = client.on(event::Data, move |_, _| {
        let _owned = &taken_off;
    });
    client.once(event::Error, move |_, _| {
        let _owned = &once;
    });
    client.on(event::Close, move |_, _| {
        let _owned = &stays;
    });
    assert!(client.off(id) && !client.off(id));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    run(&client).expect("the error was listened to");
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
    client.on(event::Close, move |_, _| {
        let _owned = &late;
    });
    assert_eq!(dropped.load(Ordering::SeqCst), 4, "too late to be called, so not kept");
}

#[test]
fn a_socket_runs_once() {
    let running = Running::new(net::create_server(|socket| {
        assert_eq!(net::code(&socket.run().unwrap_err()), "ERR_INVALID_STATE");
        let spawned = socket.spawn().join().unwrap();
        assert_eq!(net::code(&spawned.unwrap_err()), "ERR_INVALID_STATE");
        socket.end_with("asserted");
    }));
    let client = running.client();
    let text = Arc::new(Mutex::new(String::new()));
    let heard = text.clone();
    client.on(event::Text, move |_, text| heard.lock().unwrap().push_str(text));
    let thread = client.spawn();
    assert_eq!(net::code(&client.run().unwrap_err()), "ERR_INVALID_STATE");
    within("run() returns", || thread.join().unwrap()).unwrap();
    assert_eq!(net::code(&client.run().unwrap_err()), "ERR_INVALID_STATE");
    assert_eq!(*text.lock().unwrap(), "asserted");

    let client = running.client();
    let log = record(&client);
    client.destroy();
    run(&client).unwrap();
    assert_eq!(*log.lock().unwrap(), ["Close false"]);
    running.close().unwrap();
}

#[test]
fn a_server_runs_once_at_a_time() {
    let server = net::create_server(|_| {});
    assert_eq!(net::code(&server.run().unwrap_err()), "ERR_SERVER_NOT_RUNNING");
    assert_eq!(net::code(&server.close().unwrap_err()), "ERR_SERVER_NOT_RUNNING");

    let log = Arc::new(Mutex::new(Vec::new()));
    let (listening, closed) = (log.clone(), log.clone());
    server.on(event::Listening, move |_, ()| listening.lock().unwrap().push("listening"));
    server.on(event::Close, move |_, ()| closed.lock().unwrap().push("close"));
    let called = log.clone();
    server.listen(("127.0.0.1", 0), move |_| called.lock().unwrap().push("never")).unwrap();
    assert_eq!(net::code(&server.listen(0, |_| {}).unwrap_err()), "ERR_SERVER_ALREADY_LISTEN");
    server.close().unwrap();
    assert!(log.lock().unwrap().is_empty());
    let closed_before = server.clone();
    within("run() returns", move || closed_before.run()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["close"]);

    log.lock().unwrap().clear();
    server.listen(("127.0.0.1", 0), |_| panic!("never called")).unwrap();
    server.close().unwrap();
    server.listen(("127.0.0.1", 0), |server| server.close().unwrap()).unwrap();
    let closed_twice = server.clone();
    within("run() returns", move || closed_twice.run()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["close", "listening", "close"]);

    for _ in 0..3 {
        log.lock().unwrap().clear();
        server.listen(("127.0.0.1", 0), |_| {}).unwrap();
        let thread = server.spawn();
        assert_eq!(net::code(&server.run().unwrap_err()), "ERR_INVALID_STATE");
        assert!(server.spawn().join().unwrap().is_err());
        until("it listens", || !log.lock().unwrap().is_empty());
        server.close().unwrap();
        within("run() returns", || thread.join().unwrap()).unwrap();
        assert_eq!(*log.lock().unwrap(), ["listening", "close"]);
    }
}

#[test]
fn close_wakes_accept_and_refuses_late_clients() {
    let mut places: Vec<Endpoint> = vec![("127.0.0.1", 0).into(), ("0.0.0.0", 0).into(), 0.into()];
    if TcpListener::bind(("::1", 0)).is_ok() {
        places.extend([("::1", 0).into(), ("::", 0).into()]);
    } else {
        eprintln!("skipped: no IPv6");
    }
    #[cfg(unix)]
    let folder = std::env::temp_dir().join(format!("net-notes-{}", std::process::id()));
    #[cfg(unix)]
    {
        std::fs::create_dir_all(&folder).unwrap();
        places.push(folder.join("close.sock").into());
    }
    for place in places {
        for served_before in [false, true] {
            let connections = Arc::new(AtomicUsize::new(0));
            let count = connections.clone();
            let server = net::create_server(move |socket| {
                count.fetch_add(1, Ordering::SeqCst);
                socket.end();
            });
            server.listen(place.clone(), |_| {}).unwrap();
            let at = server.address().unwrap();
            // An address that stands for all of them is reached at this one.
            let at: Endpoint = match (&at, at.ip()) {
                (_, Some(ip)) if ip.is_unspecified() && ip.is_ipv4() => {
                    ("127.0.0.1", at.port().unwrap()).into()
                }
                (_, Some(ip)) if ip.is_unspecified() => ("::1", at.port().unwrap()).into(),
                _ => at.into(),
            };
            let thread = server.spawn();
            if served_before {
                let client = EventSocket::new(at.clone());
                client.resume();
                run(&client).unwrap();
            }
            server.close().unwrap();
            let late = run(&EventSocket::new(at.clone())).expect_err("nobody listens any more");
            assert!(["ECONNREFUSED", "ECONNRESET", "ENOENT"].contains(&net::code(&late)), "{late}");
            within("run() returns", || thread.join().unwrap()).unwrap();
            assert_eq!(connections.load(Ordering::SeqCst), usize::from(served_before), "{at}");
            // The address is free again, at once.
            #[cfg(unix)]
            if let Endpoint::Unix(path) = &at {
                assert!(!path.exists(), "the file is removed");
            }
        }
    }
    #[cfg(unix)]
    std::fs::remove_dir(&folder).unwrap();
}

/// An error without a listener is a line on standard error, whose lock the program may hold.
#[test]
fn a_program_that_holds_standard_error_stops_no_server() {
    let held = std::io::stderr().lock();
    let running = Running::new(net::create_server(|socket| {
        socket.destroy_with(std::io::Error::other("of a test"));
    }));
    let mut peer = running.plain_client();
    let _ = peer.read(&mut [0]); // the end, or a reset
    running.close().unwrap();
    drop(held);
}

#[test]
fn close_waits_for_open_sockets_and_leaves_them_alone() {
    let running = Running::new(net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    }));
    let mut peer = running.plain_client();
    until("accepted", || running.server.connections() == 1);
    let at = ("127.0.0.1", running.at().port().unwrap());
    running.server.close().unwrap();
    let late = TcpStream::connect(at).expect_err("refused as soon as close() has returned");
    assert_eq!(net::code(&late), "ECONNREFUSED");
    assert!(running.server.close().is_err());
    peer.write_all(b"still served").unwrap();
    let mut answer = [0; 12];
    peer.read_exact(&mut answer).unwrap();
    let thread = running.thread.unwrap();
    assert!(!thread.is_finished());
    drop(peer);
    within("run() returns", || thread.join().unwrap()).unwrap();
    assert_eq!(running.server.connections(), 0);
}

#[test]
fn a_port_that_is_taken_and_a_name_that_does_not_resolve() {
    let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let server = net::create_server(|_| {});
    let error = server.listen(port, |_| {}).unwrap_err();
    assert_eq!(net::code(&error), "EADDRINUSE");
    assert_eq!(
        error.to_string(),
        format!("listen EADDRINUSE: address already in use localhost:{port}")
    );
    assert!(!server.is_listening() && server.address().is_none());

    // Longer than a label of a name may be (RFC 1035 2.3.4): no name server is asked.
    let nowhere = "a".repeat(64);
    let client = EventSocket::new((&nowhere, 80));
    let log = record(&client);
    let lookup = log.clone();
    client.on(event::Lookup, move |_, found| {
        let code =
            found.result.as_ref().map_or_else(|e| net::code(e).to_string(), |ip| ip.to_string());
        lookup.lock().unwrap().push(format!("Lookup {} {code}", found.host.len()));
    });
    run(&client).expect("the error was listened to");
    assert_eq!(*log.lock().unwrap(), ["Lookup 64 ENOTFOUND", "Error ENOTFOUND", "Close true"]);
    let error = server.listen((&nowhere, 80), |_| {}).unwrap_err();
    assert_eq!(net::code(&error), "ENOTFOUND");
}

/// On macOS, AirPlay listens on `::1`, which many systems resolve `localhost` to first.
#[test]
fn a_client_of_localhost_finds_the_server_of_localhost_and_nobody_elses() {
    let server = net::create_server(|socket| socket.end_with("ours"));
    server.listen(0, |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap();
    let Ok(_other) = TcpListener::bind(("::1", port)) else {
        return skipped("no IPv6, or the port is taken there");
    };
    let thread = server.spawn();
    let client = EventSocket::new(port);
    let (tell, told) = channel();
    client.on(event::Text, move |_, text| tell.send(text.to_string()).unwrap());
    client.set_timeout(Some(DEADLINE / 2));
    client.on(event::Timeout, |client, ()| client.destroy());
    run(&client).unwrap();
    assert_eq!(told.try_recv().as_deref(), Ok("ours"));
    server.close().unwrap();
    within("run() returns", || thread.join().unwrap()).unwrap();
}

#[test]
#[cfg(unix)]
fn a_stale_unix_socket_is_reported_and_not_removed() {
    let folder = std::env::temp_dir().join(format!("net-notes-stale-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap()); // std leaves the file behind
    let server = net::create_server(|_| {});
    assert_eq!(net::code(&server.listen(&path, |_| {}).unwrap_err()), "EADDRINUSE");
    assert!(path.exists());
    assert_eq!(net::code(&run(&EventSocket::new(&path)).unwrap_err()), "ECONNREFUSED");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(net::code(&run(&EventSocket::new(&path)).unwrap_err()), "ENOENT");
    assert_eq!(
        net::code(&server.listen(folder.join("no/such.sock"), |_| {}).unwrap_err()),
        "EACCES"
    );

    // Another program's file at our path is not removed.
    server.listen(&path, |_| {}).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    server.close().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// No client can connect to it any longer, so it cannot be woken by a connection.
#[test]
#[cfg(unix)]
fn a_server_whose_file_was_removed_can_be_closed() {
    let path = std::env::temp_dir().join(format!("net-notes-removed-{}", std::process::id()));
    let server = net::create_server(|_| {});
    server.listen(&path, |_| {}).unwrap();
    let thread = server.spawn();
    let client = net::connect(&path, |client| client.end());
    client.resume();
    run(&client).unwrap(); // so it accepts
    std::fs::remove_file(&path).unwrap();
    server.close().unwrap();
    within("run() returns", || thread.join().unwrap()).unwrap();
}

/// Node truncates the path and listens at another place, without an error.
#[test]
#[cfg(unix)]
fn a_unix_path_that_is_too_long_is_refused_in_words() {
    let path = std::env::temp_dir().join("x".repeat(120));
    let listening = net::create_server(|_| {}).listen(&path, |_| {}).unwrap_err();
    let connecting = run(&EventSocket::new(&path)).unwrap_err();
    for (call, error) in [("listen", listening), ("connect", connecting)] {
        assert_eq!(net::code(&error), "EINVAL");
        let words = format!("{call} EINVAL: path must be shorter than SUN_LEN, {}", path.display());
        assert_eq!(error.to_string(), words);
    }
    assert!(!path.exists());
}

#[test]
fn a_recorder_draws_what_happened() {
    let recorder = net::trace::Recorder::new();
    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    });
    recorder.watch_server("server", &server);
    let running = Running::new(server);
    let client = net::connect(running.at(), |client| client.end_with("hello\n\r"));
    client.resume();
    recorder.watch("client", &client);
    run(&client).unwrap();
    running.close().unwrap();
    let diagram = recorder.to_string();
    // Only a cause and its effect have an order: the server may accept before or after the client
    // has written.
    let order = [
        "client",
        "connect",
        r#"│── "hello\n\r" 7 B ─"#,
        "│ reads 7 B",
        "│◀─",
        r#"─ "hello\n\r" 7 B ──│"#,
        "│ reads 7 B",
    ];
    assert!(diagram.contains("│ accepts") && diagram.matches("│ closes").count() == 2, "{diagram}");
    let mut rest = &diagram[..];
    for part in order {
        let at =
            rest.find(part).unwrap_or_else(|| panic!("no {part:?} (in this order) in\n{diagram}"));
        rest = &rest[at..];
    }
    assert!(diagram.lines().all(|line| line.chars().count() <= 80), "{diagram}");
    assert_eq!(diagram.matches("FIN").count(), 4, "two sent, two read:\n{diagram}");
}

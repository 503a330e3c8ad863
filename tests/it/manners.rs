//! Node's details, and the effects of user code on the library: found by comparing with Node at
//! random, and by attacks on the core.

use crate::common;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use common::{DEADLINE, until, within};
use net::{ConnectOptions, EventSocket, ReadyState, event};
use net_notes as net;

/// Returns a socket whose peer is plain std, and does only what the test does.
fn connected(
    socket: impl Fn(&net::Address) -> EventSocket,
) -> (EventSocket, TcpStream, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let socket = socket(&net::Address::Tcp(listener.local_addr().unwrap()));
    let running = socket.spawn();
    let (peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    until("connected", || socket.ready_state() == ReadyState::Open);
    (socket, peer, running)
}

fn plain(at: &net::Address) -> EventSocket {
    EventSocket::new(at.clone())
}

/// Reports the names of some events, in order.
fn tell(socket: &EventSocket) -> Receiver<String> {
    let (tell, told) = channel::<String>();
    let note = |what: &'static str, tell: &Sender<String>| {
        let tell = tell.clone();
        move || drop(tell.send(what.to_string()))
    };
    let (end, finish, timeout) =
        (note("end", &tell), note("finish", &tell), note("timeout", &tell));
    socket.on(event::End, move |_, ()| end());
    socket.on(event::Finish, move |_, ()| finish());
    socket.on(event::Timeout, move |_, ()| timeout());
    socket.on(event::Close, move |_, bad| drop(tell.send(format!("close {bad}"))));
    told
}

fn next(told: &Receiver<String>) -> String {
    told.recv_timeout(DEADLINE).expect("an event")
}

fn joined(running: JoinHandle<io::Result<()>>) -> io::Result<()> {
    within("run() returns", move || running.join().expect("no panic"))
}

#[test]
fn a_write_from_another_thread_starts_the_idle_time_anew() {
    let (socket, _peer, running) = connected(plain);
    socket.resume();
    let told = tell(&socket);
    socket.set_timeout(Some(Duration::from_millis(20)));
    assert_eq!(next(&told), "timeout");
    socket.write("the peer answers nothing");
    assert_eq!(next(&told), "timeout");
    socket.destroy();
    joined(running).unwrap();
}

#[test]
fn a_timeout_of_zero_is_none() {
    let (socket, peer, running) = connected(|at| {
        let socket = EventSocket::new(ConnectOptions::from(at.clone()).timeout(Duration::ZERO));
        socket.resume();
        socket
    });
    let told = tell(&socket);
    (&peer).write_all(b"activity").unwrap();
    until("it came", || socket.bytes_read() == 8);
    drop(peer);
    joined(running).unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["end", "finish", "close false"]);
}

#[test]
fn a_pause_after_reading_has_begun_holds_data_and_not_a_lone_end() {
    let (socket, peer, running) = connected(plain);
    let told = tell(&socket);
    socket.pause();
    drop(peer);
    assert_eq!(next(&told), "end");
    joined(running).unwrap();
    assert!(socket.is_paused());
}

#[test]
fn what_is_held_was_read_so_destroy_ends_and_does_not_reset() {
    let (socket, mut peer, running) = connected(plain);
    socket.pause();
    for (count, byte) in (1..).zip([b"a", b"b", b"c"]) {
        peer.write_all(byte).unwrap();
        until("read, though it is held", || socket.bytes_read() == count);
    }
    socket.destroy();
    joined(running).unwrap();
    assert_eq!(peer.read(&mut [0; 10]).expect("an end and no reset"), 0);
}

#[test]
fn a_held_socket_reads_16_kib_ahead_and_then_slows_the_peer_down() {
    let (socket, mut peer, running) = connected(plain);
    socket.pause();
    for part in 1..=4 {
        peer.write_all(&[part; 5000]).unwrap();
        until("read ahead", || socket.bytes_read() == 5000 * u64::from(part));
    }
    peer.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let block = vec![0; 1 << 20];
    let mut sent = 0;
    while let Ok(n) = peer.write(&block) {
        sent += n as u64;
        assert!(sent < 1 << 30, "nobody slows us down");
    }
    assert_eq!(socket.bytes_read(), 20_000);
    let received = Arc::new(AtomicUsize::new(0));
    let count = received.clone();
    socket.on(event::Data, move |_, data| {
        assert!(data.len() <= 64 * 1024);
        count.fetch_add(data.len(), Ordering::SeqCst);
    });
    socket.resume();
    drop(peer);
    joined(running).unwrap();
    assert!(received.load(Ordering::SeqCst) >= 20_000);
    assert_eq!(received.load(Ordering::SeqCst) as u64, socket.bytes_read());
}

#[test]
fn one_write_of_20_000_bytes_is_one_chunk_where_it_can_be() {
    // The small first buffer must not be noticed.
    for length in [2047, 2048, 2049, 20_000] {
        let (give, chunks) = channel();
        let give = Mutex::new(give);
        let (_socket, mut peer, running) = connected(move |at| {
            let socket = plain(at);
            let give = give.lock().unwrap().clone();
            socket.on(event::Data, move |_, data| give.send(data.to_vec()).unwrap());
            socket
        });
        let data: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        peer.write_all(&data).unwrap();
        assert!(chunks.recv_timeout(DEADLINE).expect("a chunk") == data, "{length} bytes");
        drop(peer);
        joined(running).unwrap();
    }
}

#[test]
fn finish_comes_before_the_end_that_it_causes() {
    for _ in 0..50 {
        let server = net::create_server(|socket| socket.resume());
        server.listen(("127.0.0.1", 0), |_| {}).unwrap();
        let running = server.spawn();
        let socket = plain(&server.address().unwrap());
        socket.resume();
        let told = tell(&socket);
        let client = socket.spawn();
        until("connected", || socket.ready_state() == ReadyState::Open);
        socket.end(); // while the reading thread is blocked
        joined(client).unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["finish", "end", "close false"]);
        server.close().unwrap();
        joined(running).unwrap();
    }
}

#[test]
fn a_socket_destroyed_before_run_never_connects() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let socket = net::connect(listener.local_addr().unwrap(), |_| panic!("connected"));
    socket.destroy();
    joined(socket.spawn()).unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn nothing_is_emitted_after_destroy_in_a_write_callback() {
    // The callback runs on the helper; meanwhile data arrives, and the runner waits to emit it.
    let (socket, mut peer, running) = connected(|at| {
        let socket = plain(at);
        socket.on(event::Data, |_, _| panic!("data after destroy"));
        socket
    });
    let (entered, inside) = channel();
    let (go, wait) = channel::<()>();
    let handle = socket.clone();
    socket.write_then("x", move |_| {
        entered.send(()).unwrap();
        wait.recv_timeout(DEADLINE).unwrap();
        handle.destroy();
    });
    inside.recv_timeout(DEADLINE).unwrap();
    peer.write_all(b"late").unwrap();
    until("the runner has read it", || socket.bytes_read() == 4);
    go.send(()).unwrap();
    joined(running).unwrap();
}

#[test]
fn callbacks_of_empty_writes_keep_their_place() {
    let (socket, mut peer, running) = connected(plain);
    let (tell, told) = channel();
    for n in 0..600 {
        let tell = tell.clone();
        socket.write_then(vec![0; if n % 2 == 0 { 30_011 } else { 0 }], move |result| {
            result.expect("sent");
            tell.send(n).unwrap();
        });
    }
    socket.end();
    let mut received = 0;
    let mut part = vec![0; 10_000]; // in small parts, so that the kernel takes small parts
    loop {
        match peer.read(&mut part).unwrap() {
            0 => break,
            n => received += n,
        }
    }
    drop(peer);
    joined(running).unwrap();
    assert_eq!(received, 300 * 30_011);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), (0..600).collect::<Vec<_>>());
}

/// Panics when it is dropped, unless the thread is panicking already.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        if !std::thread::panicking() {
            panic!("this panic is part of the test");
        }
    }
}

#[test]
fn a_panic_in_the_drop_of_a_captured_value_stops_nothing() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = dropped.clone();
    let server = net::create_server(move |socket| {
        let bomb = Bomb(count.clone());
        socket.on(event::Close, move |_, _| {
            let _owned = &bomb;
        });
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let running = server.spawn();
    let at = server.address().unwrap().port().unwrap();
    drop(TcpStream::connect(("127.0.0.1", at)).unwrap());
    // No thread reads on that socket, but its End arrives.
    until("it is closed", || dropped.load(Ordering::SeqCst) == 1 && server.connections() == 0);
    server.close().unwrap();
    joined(running).unwrap();

    let (socket, peer, running) = connected(|at| {
        let socket = plain(at);
        let bomb = Bomb(Arc::default());
        let own = Arc::new(Mutex::new(None));
        let id = own.clone();
        *own.lock().unwrap() = Some(socket.on(event::Data, move |socket, _| {
            let _owned = &bomb;
            socket.off(id.lock().unwrap().unwrap()); // dropped when this listener has returned
        }));
        socket
    });
    let told = tell(&socket);
    (&peer).write_all(b"x").unwrap();
    assert_eq!(next(&told), "close true");
    within("run() ends", move || running.join()).expect_err("with the panic");
}

#[test]
fn errors_and_panics_that_call_the_socket_back_do_not_lock_up() {
    /// An error that uses the socket in its text and in its destructor.
    struct Curious(EventSocket);
    impl fmt::Display for Curious {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:?}", self.0.ready_state())
        }
    }
    impl fmt::Debug for Curious {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Display::fmt(self, f)
        }
    }
    impl std::error::Error for Curious {}
    impl Drop for Curious {
        fn drop(&mut self) {
            self.0.resume();
        }
    }
    let (socket, _peer, running) = connected(plain);
    let (give, code) = channel();
    socket.write(vec![0; 64 << 20]); // enough to be queued still
    socket.write_then("given up", move |result| give.send(result).unwrap());
    socket.destroy_with(io::Error::other(Curious(socket.clone())));
    socket.destroy_with(io::Error::other(Curious(socket.clone())));
    let error = joined(running).expect_err("nobody listened to it");
    assert!(
        error.get_ref().is_some_and(|inner| inner.is::<Curious>()),
        "the error itself, and no copy"
    );
    assert!(code.recv_timeout(DEADLINE).unwrap().is_err());

    // The same for the payload of a panic.
    let server = net::create_server(|socket| std::panic::panic_any(Curious(socket.clone())));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let running = server.spawn();
    let port = server.address().unwrap().port().unwrap();
    let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(peer.read(&mut [0; 10]).unwrap(), 0);
    server.close().unwrap();
    joined(running).unwrap();
}

#[test]
fn all_listeners_of_close_are_called_though_one_panics() {
    let (socket, peer, running) = connected(plain);
    socket.on(event::Close, |_, _| panic!("this panic is part of the test"));
    let told = tell(&socket);
    drop(peer);
    assert_eq!(next(&told), "end");
    assert_eq!(next(&told), "finish");
    assert_eq!(next(&told), "close false");
    within("run() ends", move || running.join()).expect_err("with the panic");
}

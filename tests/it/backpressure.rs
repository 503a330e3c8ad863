//! Back-pressure across sockets: the promise of Drain, pipes into several targets, and writes that
//! block.

use crate::common;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{DEADLINE, until, within, within_for};
use net::{ConnectOptions, EventSocket, event};
use net_notes as net;

/// Opens a listener of plain std, whose peers use nothing of this crate.
fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Returns a connected socket that runs, and its peer.
fn connected(options: impl FnOnce(ConnectOptions) -> ConnectOptions) -> (EventSocket, TcpStream) {
    let (listener, port) = listener();
    let socket = EventSocket::new(options(("127.0.0.1", port).into()));
    socket.on(event::Error, |_, _| {});
    drop(socket.spawn());
    let peer = accept(&listener);
    until("connected", || socket.ready_state() == net::ReadyState::Open);
    (socket, peer)
}

/// Calls the write that blocks; by its trait, as the other `write` has precedence.
fn put(mut socket: &EventSocket, data: &[u8]) -> io::Result<usize> {
    Write::write(&mut socket, data)
}

/// Fills the kernel's buffers, so that all that is written next is queued.
fn fill(socket: &EventSocket) {
    let mut last = (0, Instant::now());
    until("the kernel takes no more", || {
        let queued = socket.writable_length();
        if queued == 0 {
            while socket.write([7; 64 * 1024]) {} // the kernel was only slow
        }
        if queued != last.0 {
            last = (queued, Instant::now());
        }
        queued > 0 && last.1.elapsed() > Duration::from_millis(80)
    });
}

/// Sends `rounds` times `size` bytes from one socket to another by Node's idiom, which relies on
/// the promise that Drain is emitted after the pause.
fn relay_rounds(rounds: usize, size: usize) {
    for round in 0..rounds {
        let (source, target) = (listener(), listener());
        let from = EventSocket::new(("127.0.0.1", source.1));
        let to = EventSocket::new(ConnectOptions::from(("127.0.0.1", target.1)).high_water_mark(1));
        let (writer, resumed) = (to.clone(), from.clone());
        from.on(event::Data, move |from, data| {
            if !writer.write(data) {
                from.pause();
            }
        });
        to.on(event::Drain, move |_, ()| resumed.resume());
        let end = to.clone();
        from.on(event::End, move |_, ()| end.end());
        to.resume();
        let runs = [from.spawn(), to.spawn()];
        let mut sender = accept(&source.0);
        let mut receiver = accept(&target.0);
        let sending = thread::spawn(move || {
            sender.write_all(&vec![1; size]).unwrap();
            sender.shutdown(Shutdown::Write).unwrap();
            sender
        });
        let mut received = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match receiver.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => received += length,
                Err(error) => panic!("round {round} stopped after {received} bytes: {error}"),
            }
        }
        assert_eq!(received, size, "round {round}");
        drop(receiver);
        drop(sending.join().unwrap());
        for run in runs {
            within("run() returns", || run.join().unwrap()).unwrap();
        }
    }
}

#[test]
fn nodes_idiom_for_a_relay_never_hangs() {
    relay_rounds(60, 3 << 20);
}

#[test]
#[ignore = "minutes: cargo test --release --test it backpressure:: -- --ignored"]
fn nodes_idiom_for_a_relay_never_hangs_in_2000_rounds() {
    relay_rounds(2000, 4 << 20);
}

/// The rule itself, for a listener of another socket, a callback, a timer, and a server's listener.
#[test]
fn drain_comes_after_the_listener_in_which_write_said_false() {
    let (full, mut peer) = connected(|options| options);
    let inside = Arc::new(AtomicBool::new(false));
    let drains = Arc::new(AtomicUsize::new(0));
    let (seen, count) = (inside.clone(), drains.clone());
    full.on(event::Drain, move |_, ()| {
        assert!(!seen.load(Ordering::SeqCst), "Drain inside of the listener");
        count.fetch_add(1, Ordering::SeqCst);
    });
    // In each listener: write until `false`, let the peer empty the queue, and wait a while before
    // returning.
    let (ask, asked) = channel::<u64>();
    let body = {
        let (full, inside, drains) = (full.clone(), inside.clone(), drains.clone());
        move || {
            inside.store(true, Ordering::SeqCst);
            let before = drains.load(Ordering::SeqCst);
            while full.write([7; 64 * 1024]) {}
            assert!(full.writable_need_drain());
            let _ = ask.send(full.bytes_written());
            until("the queue is empty", || full.writable_length() == 0);
            let began = Instant::now();
            until("Drain could have come", || began.elapsed() > Duration::from_millis(30));
            assert!(full.writable_need_drain(), "it has not begun");
            assert_eq!(drains.load(Ordering::SeqCst), before);
            inside.store(false, Ordering::SeqCst);
        }
    };
    let reading = thread::spawn(move || {
        let (mut total, mut rounds) = (0, 0);
        for written in asked {
            io::copy(&mut (&mut peer).take(written - total), &mut io::sink()).unwrap();
            (total, rounds) = (written, rounds + 1);
        }
        rounds
    });
    let (other, mut other_peer) = connected(|options| options);
    let (tell, told) = channel();
    let run = |told: &std::sync::mpsc::Receiver<()>, what: &str| {
        told.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{what} was not called"));
        let expected = drains.load(Ordering::SeqCst).max(1);
        until(what, || drains.load(Ordering::SeqCst) >= expected && !full.writable_need_drain());
    };
    let (call, done) = (body.clone(), tell.clone());
    other.on(event::Data, move |_, _| {
        call();
        done.send(()).unwrap();
    });
    other_peer.write_all(b"x").unwrap();
    run(&told, "a listener of another socket");

    let (call, done) = (body.clone(), tell.clone());
    other.write_then("x", move |_| {
        call();
        done.send(()).unwrap();
    });
    run(&told, "a callback of another socket");

    let (call, done) = (body.clone(), tell.clone());
    other.after(Duration::from_millis(1), move |_| {
        call();
        done.send(()).unwrap();
    });
    run(&told, "a timer of another socket");

    let (call, done) = (body.clone(), tell.clone());
    full.after(Duration::from_millis(1), move |_| {
        call();
        done.send(()).unwrap();
    });
    run(&told, "a timer of the socket itself");

    let server = net::create_server(|_| {});
    let (call, done) = (Mutex::new(Some(body)), Mutex::new(Some(tell)));
    server.on(event::Listening, move |server, ()| {
        call.lock().unwrap().take().unwrap()();
        server.close().unwrap();
        done.lock().unwrap().take().unwrap().send(()).unwrap();
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    within("the server returns", move || server.run()).unwrap();
    run(&told, "a listener of a server");
    full.destroy();
    other.destroy();
    assert_eq!(within("the peer is done", || reading.join().unwrap()), 5);
}

#[test]
fn outside_of_listeners_one_can_ask_whether_drain_is_still_to_come() {
    // A thread outside any listener forwards data at any time, and pauses the source while the
    // target is full.
    for _ in 0..40 {
        let (to, mut peer) = connected(|options| options.high_water_mark(1));
        let (from, _from_peer) = connected(|options| options);
        let resumed = from.clone();
        to.on(event::Drain, move |_, ()| resumed.resume());
        let reading = thread::spawn(move || {
            let mut total = 0;
            let mut buffer = vec![0; 1 << 20];
            while let Ok(length @ 1..) = peer.read(&mut buffer) {
                total += length;
            }
            total
        });
        for _ in 0..20 {
            if !to.write([1; 300_000]) {
                from.pause();
                if !to.writable_need_drain() {
                    from.resume();
                }
            }
            until("the source flows again", || !from.is_paused());
        }
        to.end();
        assert_eq!(within("all arrives", || reading.join().unwrap()), 20 * 300_000);
        from.destroy();
    }
}

#[test]
fn no_drain_is_needed_of_a_socket_that_a_write_has_found_gone() {
    let (listener, port) = listener();
    let socket = EventSocket::new(ConnectOptions::from(("127.0.0.1", port)).high_water_mark(1));
    socket.pause(); // so nothing is read, and the reset is reported to a write
    let running = socket.spawn();
    drop(accept(&listener));
    until("connected", || socket.ready_state() == net::ReadyState::Open);
    until("a write fails", || !socket.write([1; 64 * 1024]) && socket.is_destroyed());
    assert!(!socket.writable_need_drain(), "it would never come");
    within("run() returns", || running.join().unwrap()).unwrap_err();
}

#[test]
fn the_slowest_of_two_pipes_sets_the_pace() {
    const SIZE: usize = 32 << 20;
    let (source_listener, port) = listener();
    let (slow, slow_peer) = connected(|options| options);
    let (fast, mut fast_peer) = connected(|options| options);
    let source = EventSocket::new(("127.0.0.1", port));
    source.pipe(&slow);
    source.pipe(&fast);
    drop(source.spawn());
    let mut sender = accept(&source_listener);
    let sending = thread::spawn(move || {
        let _ = sender.write_all(&vec![1; SIZE]);
    });
    // The fast one drains repeatedly; the slow one's peer reads nothing.
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let reading = thread::spawn(move || {
        let mut buffer = vec![0; 10_000];
        while let Ok(length @ 1..) = fast_peer.read(&mut buffer) {
            count.fetch_add(length, Ordering::SeqCst);
        }
    });
    // Kernels take more and more at first: it is over when the source is held without a gap.
    let (mut largest, mut held_since) = (0, Instant::now());
    until("the slow target, and it alone, holds the source", || {
        largest = largest.max(slow.writable_length());
        if !source.is_paused() || fast.writable_need_drain() {
            held_since = Instant::now();
        }
        held_since.elapsed() > Duration::from_millis(250)
    });
    assert!(largest <= 256 * 1024, "{largest} bytes are queued for the slow target");

    // A pause by the user stays in effect: no Drain of a pipe ends it.
    source.pause();
    let mut slow_peer = slow_peer;
    let before = read.load(Ordering::SeqCst);
    let mut drained = vec![0; before];
    slow_peer.read_exact(&mut drained).unwrap();
    until("the slow target is empty", || {
        slow.writable_length() == 0 && !slow.writable_need_drain()
    });
    let began = Instant::now();
    until("a while has passed", || began.elapsed() > Duration::from_millis(50));
    assert!(source.is_paused() && read.load(Ordering::SeqCst) == before);
    source.resume();
    // When one target closes, the other one continues.
    slow.destroy();
    until("the rest arrives at the fast target", || read.load(Ordering::SeqCst) == SIZE);
    source.destroy();
    fast.destroy();
    sending.join().unwrap();
    reading.join().unwrap();
}

#[test]
fn a_pipe_into_what_is_full_or_closed_already() {
    // Full: the source waits, although no write of the pipe returned `false`.
    let (to, mut peer) = connected(|options| options);
    fill(&to);
    let (from, mut from_peer) = connected(|options| options);
    from.pipe(&to);
    assert!(from.is_paused());
    let queued = to.writable_length();
    from_peer.write_all(b"the end").unwrap();
    until("read ahead", || from.bytes_read() == 7);
    assert_eq!(to.writable_length(), queued);
    from_peer.shutdown(Shutdown::Write).unwrap();
    let mut all = Vec::new();
    peer.read_to_end(&mut all).unwrap();
    assert!(all.ends_with(b"\x07the end"));
    drop(peer);

    // Closed: the source is paused, and its owner may resume it.
    until("closed", || to.is_destroyed());
    let (from, mut from_peer) = connected(|options| options);
    until("over", || {
        let (tell, told) = channel::<()>();
        to.on(event::Close, move |_, _| drop(tell.clone()));
        told.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected)
    });
    from.pipe(&to);
    assert!(from.is_paused());
    from_peer.write_all(b"x").unwrap();
    drop(from_peer);
    from.resume();
    until("the source ends", || from.is_destroyed());
}

#[test]
fn to_copy_much_holds_up_no_other_call() {
    let (socket, _peer) = connected(|options| options);
    fill(&socket); // from now on everything is queued
    let data = vec![1; 100 << 20];
    // The best of several tries: a busy machine delays any call.
    let tries = (0..4).map(|_| {
        let (asking, stop) = (socket.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let (start, started) = channel();
        let asker = thread::spawn(move || {
            let mut longest = Duration::ZERO;
            start.send(()).unwrap();
            while !stopped.load(Ordering::SeqCst) {
                let began = Instant::now();
                asking.bytes_read();
                longest = longest.max(began.elapsed());
            }
            longest
        });
        started.recv().unwrap();
        let began = Instant::now();
        assert!(!socket.write(&data));
        let copied = began.elapsed();
        stop.store(true, Ordering::SeqCst);
        asker.join().unwrap().as_secs_f64() / copied.as_secs_f64()
    });
    let best = tries.fold(f64::INFINITY, f64::min);
    // A call that waits for a copy waits for as long as the copy takes.
    assert!(best < 0.5, "bytes_read() took {best:.2} of the time of the copy");
    socket.destroy();
}

#[test]
fn a_blocking_writer_sends_all_in_little_memory_and_reports_what_ends_it() {
    // Any amount of data, to a peer that starts reading late.
    let (socket, mut peer) = connected(|options| options);
    let mut file = io::repeat(5).take(40 << 20);
    let writing = socket.clone();
    let largest = Arc::new(AtomicUsize::new(0));
    let (seen, watched, done) = (largest.clone(), socket.clone(), Arc::new(AtomicBool::new(false)));
    let over = done.clone();
    let watcher = thread::spawn(move || {
        while !over.load(Ordering::SeqCst) {
            seen.fetch_max(watched.writable_length(), Ordering::SeqCst);
        }
    });
    let copying = thread::spawn(move || {
        let copied = io::copy(&mut file, &mut &writing)?;
        (&writing).flush()?;
        assert_eq!(writing.writable_length(), 0, "flush waits for the kernel");
        writing.end();
        Ok::<_, io::Error>(copied)
    });
    until("it waits", || socket.writable_length() > 0);
    let mut received = 0;
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = peer.read(&mut buffer) {
        received += length as u64;
    }
    assert_eq!(within("the copy ends", || copying.join().unwrap()).unwrap(), 40 << 20);
    done.store(true, Ordering::SeqCst);
    watcher.join().unwrap();
    assert_eq!(received, 40 << 20);
    let largest = largest.load(Ordering::SeqCst);
    assert!(largest <= 128 * 1024, "{largest} bytes were queued");
    assert_eq!(net::code(&put(&socket, b"late").unwrap_err()), "ERR_STREAM_WRITE_AFTER_END");

    // The idle time passes without progress.
    let (socket, _peer) = connected(|options| options);
    fill(&socket);
    socket.set_timeout(Some(Duration::from_millis(30)));
    let error = within("it gives up", {
        let socket = socket.clone();
        move || (&socket).write_all(&[1; 100_000]).unwrap_err()
    });
    assert_eq!((error.kind(), net::code(&error)), (io::ErrorKind::TimedOut, "ETIMEDOUT"));
    assert!(!socket.is_destroyed(), "the decision is the caller's");
    // Destroyed by another thread, with and without a reason.
    for reason in [None, Some("out of tea")] {
        let (socket, _peer) = connected(|options| options);
        fill(&socket);
        let writing = socket.clone();
        let waiting = thread::spawn(move || (&writing).write_all(&[1; 100_000]).unwrap_err());
        match reason {
            None => socket.destroy(),
            Some(reason) => socket.destroy_with(io::Error::other(reason)),
        }
        let error = within("it is told", || waiting.join().unwrap());
        match reason {
            None => assert_eq!(net::code(&error), "ERR_STREAM_DESTROYED"),
            Some(reason) => assert_eq!(error.to_string(), reason),
        }
        assert_eq!(put(&socket, b"x").unwrap_err().to_string(), error.to_string());
        assert!((&socket).flush().is_err());
    }
    // The peer has reset the connection.
    let (socket, mut peer) = connected(|options| options);
    fill(&socket);
    let mut one = [0];
    peer.read_exact(&mut one).unwrap();
    drop(peer); // with bytes unread
    let error = within_for(DEADLINE, "it is told", {
        let socket = socket.clone();
        move || (&socket).write_all(&vec![1; 8 << 20]).unwrap_err()
    });
    assert!(["ECONNRESET", "EPIPE"].contains(&net::code(&error)), "{error}");
    assert!(put(&socket, b"x").is_err());
    // No thread runs it: the write does not wait for ever.
    let mut idle = &EventSocket::new(1);
    idle.write_all(&[0; 20_000]).unwrap();
    let error = put(idle, b"more").unwrap_err();
    assert_eq!(net::code(&error), "ERR_INVALID_STATE");
    assert_eq!(net::code(&idle.flush().unwrap_err()), "ERR_INVALID_STATE");
}

#[test]
fn a_blocking_writer_works_inside_every_listener() {
    let (socket, mut peer) = connected(|options| options);
    let piece = 3 << 20;
    let write = move |socket: &EventSocket| (&mut &*socket).write_all(&vec![1; piece]).unwrap();
    socket.once(event::Data, move |socket, _| {
        write(socket);
        socket.write_then("x", {
            let socket = socket.clone();
            move |_| write(&socket)
        });
        socket.after(Duration::from_millis(1), move |socket| {
            write(socket);
            while socket.write([1; 64 * 1024]) {}
        });
    });
    socket.once(event::Drain, move |socket, ()| {
        write(socket);
        socket.end();
    });
    peer.write_all(b"go").unwrap();
    let mut all = Vec::new();
    peer.read_to_end(&mut all).unwrap();
    assert!(all.len() > 4 * piece, "{}", all.len());
}

#[test]
fn a_blocking_writer_does_not_wait_for_what_its_own_listener_holds_up() {
    let (listener, port) = listener();
    let socket = EventSocket::new(("localhost", port));
    socket.write([0; 20_000]); // fills the queue, until there is a connection
    let (tell, told) = channel();
    socket.once(event::Lookup, move |socket, _| {
        let tell_codes = move |socket: &EventSocket| {
            let errors = [put(socket, b"x").unwrap_err(), (&mut &*socket).flush().unwrap_err()];
            let _ = tell.send(errors.map(|error| net::code(&error).to_string()));
        };
        tell_codes(socket);
        // Also in the listener of another socket that this thread connects in between.
        let (outer, tell_codes) = (socket.clone(), tell_codes.clone());
        let inner = EventSocket::new(("localhost", port));
        inner.once(event::Lookup, move |inner, _| {
            tell_codes(&outer);
            inner.destroy();
        });
        inner.run().unwrap();
    });
    let running = socket.spawn();
    for _ in 0..2 {
        assert_eq!(told.recv_timeout(DEADLINE).expect("it returns"), ["ERR_INVALID_STATE"; 2]);
    }
    // Another thread may wait.
    put(&socket, b"y").unwrap();
    socket.end();
    let mut all = Vec::new();
    let mut peer = accept(&listener);
    peer.read_to_end(&mut all).unwrap();
    drop(peer);
    assert_eq!((all.len(), all.last()), (20_001, Some(&b'y')));
    within("run() returns", || running.join().unwrap()).unwrap();
}

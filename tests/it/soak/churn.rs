//! Connections that open and close, in every way to close, as fast as the machine can: the numbers
//! of threads and descriptors, and the memory, stay the same.

#[cfg(unix)]
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use std::{io, panic, thread};

use super::common::{
    MANY_DESCRIPTORS, alone_for, own_descriptors, own_status, pattern, skipped, until, within,
};
use super::{duration, one_at_a_time};
use net::{Address, EventSocket, Server, event};
use net_notes as net;

const CLIENTS: u64 = 4;
const SAMPLES: u32 = 100;

/// The KiB by which the peak of the second half may exceed the peak of the first half: the
/// allocator's variation.
const GROWTH_MAX_KIB: usize = 4 << 10;

#[test]
#[ignore = "a minute: see the head of tests/it/soak.rs"]
fn churn_leaves_memory_flat() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    let duration = duration(Duration::from_secs(60));
    let _alone = one_at_a_time();
    if !alone_for(
        duration + Duration::from_secs(60),
        module_path!(),
        "churn_leaves_memory_flat",
        MANY_DESCRIPTORS,
    ) {
        return;
    }
    let (threads, files) = (own_status("Threads"), own_descriptors());
    let servers = [
        echo_server(("127.0.0.1", 0)),
        #[cfg(unix)]
        echo_server(env::temp_dir().join(format!("net-notes-churn-{}", std::process::id()))),
    ];
    let running: Vec<_> = servers.iter().map(Server::spawn).collect();
    let places: Vec<Address> = servers.iter().map(|server| server.address().unwrap()).collect();
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (tell, failures) = channel::<()>();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let (places, stop, count, tell) =
                (places.clone(), stop.clone(), count.clone(), tell.clone());
            thread::spawn(move || client(n, &places, &stop, &count, tell))
        })
        .collect();
    drop(tell);

    let mut memory = Vec::new();
    let began = Instant::now();
    for sample in 1..=SAMPLES {
        let due = began + duration * sample / SAMPLES;
        // Returns before the time is over if a client fails.
        match failures.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => break,
        }
        memory.push(own_status("VmRSS"));
        if sample % 10 == 0 {
            let connections = count.load(Ordering::Relaxed);
            let (now, threads) = (own_status("VmRSS"), own_status("Threads"));
            eprintln!("{sample:>3} %  {connections} connections  {now} KiB  {threads} threads");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        within("a client stops", move || client.join())
            .unwrap_or_else(|why| panic::resume_unwind(why));
    }
    until("the last sockets are gone", || servers.iter().all(|server| server.connections() == 0));
    for (server, running) in servers.iter().zip(running) {
        server.close().unwrap();
        within("run() returns", || running.join().unwrap()).unwrap();
    }
    assert_eq!(own_descriptors(), files);
    until("the threads have ended", || own_status("Threads") <= threads);

    // In the first tenth buffers and pools reach their size.
    let highest = |range: std::ops::Range<usize>| memory[range].iter().max().copied().unwrap();
    let (tenth, half) = (memory.len() / 10, memory.len() / 2);
    let (first, second) = (highest(tenth..half), highest(half..memory.len()));
    let connections = count.load(Ordering::Relaxed);
    println!(
        "{connections} connections in {duration:?}; {first} KiB at most in the first half, then {second}"
    );
    assert!(second <= first + GROWTH_MAX_KIB, "memory grows: {memory:?}");
}

/// Runs an echo server. Its listeners own handles of their socket, as a student's do: those are
/// cycles, which Close must break.
fn echo_server(at: impl Into<net::Endpoint>) -> Server {
    let server = net::create_server(|socket| {
        let own = socket.clone();
        socket.on(event::Close, move |_, _| assert!(own.is_destroyed()));
        socket.on(event::Error, |_, _| {}); // a client that destroys causes a reset
        socket.set_timeout(Some(Duration::from_secs(60)));
        socket.pipe(socket);
    });
    server.listen(at, |_| {}).unwrap();
    server
}

/// Opens one connection after another; dropping `_tell` reports that it has stopped.
fn client(n: u64, places: &[Address], stop: &AtomicBool, count: &AtomicU64, _tell: Sender<()>) {
    let small = Arc::new(pattern(n, 100));
    let big = Arc::new(pattern(n, 300 << 10)); // more than the kernel takes at once
    for turn in n.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let data = if turn % 16 == 0 { big.clone() } else { small.clone() };
        let place = places[usize::from(turn % 3 == 0) % places.len()].clone();
        let socket = connection(turn % 5, place, data.clone());
        let result = socket.run();
        count.fetch_add(1, Ordering::Relaxed);
        let whole = socket.bytes_read() == data.len() as u64;
        match turn % 5 {
            0 | 1 => assert!(result.is_ok() && whole, "{result:?}, {} bytes", socket.bytes_read()),
            2 => assert!(result.is_ok(), "{result:?}"),
            _ => assert_eq!(result.unwrap_err().to_string(), "enough"),
        }
    }
}

/// Returns a socket that will write `data` and close: by `end` when everything was echoed, or by
/// `destroy` at some time.
fn connection(way: u64, place: Address, data: Arc<Vec<u8>>) -> EventSocket {
    let socket = EventSocket::new(place);
    let own = socket.clone();
    let length = data.len() as u64;
    socket.on(event::Connect, move |socket, ()| {
        let told = own.clone();
        socket.write_then(&data[..], move |result| {
            if way == 3 && result.is_ok() {
                told.destroy_with(io::Error::other("enough")); // maybe with the echo on its way
            }
        });
    });
    let own = socket.clone();
    socket.on(event::Data, move |socket, _| match way {
        0 if own.bytes_read() == length => socket.end(),
        1 => {
            socket.pause();
            let later = own.clone();
            socket.write_then("", move |_| later.resume());
            if own.bytes_read() == length {
                socket.end();
            }
        }
        2 => socket.destroy(),
        4 => socket.destroy_with(io::Error::other("enough")),
        _ => {}
    });
    socket
}

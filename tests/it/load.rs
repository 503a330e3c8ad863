//! Many connections at once, and much data at once.

use crate::common;

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{
    DEADLINE, MANY_DESCRIPTORS, alone, own_descriptors, own_status, pattern, skipped, until, within,
};
use net::{EventSocket, event};
use net_notes as net;

#[test]
fn a_thousand_connections_at_once_each_with_its_own_data() {
    if !alone(
        module_path!(),
        "a_thousand_connections_at_once_each_with_its_own_data",
        MANY_DESCRIPTORS,
    ) {
        return;
    }
    const CLIENTS: usize = 1000;
    const BYTES: usize = 20_000;
    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let at = server.address().unwrap();
    let running = server.spawn();

    let received: Vec<_> = (0..CLIENTS).map(|_| Arc::new(Mutex::new(Vec::new()))).collect();
    let connected = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = received
        .iter()
        .enumerate()
        .map(|(n, received)| {
            let (connected, received) = (connected.clone(), received.clone());
            let client = net::connect(at.clone(), move |_| {
                connected.fetch_add(1, Ordering::SeqCst);
            });
            client.write(pattern(n as u64, BYTES / 2)); // before it is connected
            client.on(event::Data, move |client, data| {
                let mut received = received.lock().unwrap();
                received.extend_from_slice(data);
                if received.len() == BYTES {
                    client.end();
                }
            });
            let thread = client.spawn();
            (client, thread)
        })
        .collect();
    until("all are connected at the same time", || connected.load(Ordering::SeqCst) == CLIENTS);
    until("and all are accepted", || server.connections() == CLIENTS);
    for (n, (client, _)) in clients.iter().enumerate() {
        client.write(&pattern(n as u64, BYTES)[BYTES / 2..]);
    }
    for (n, (_, thread)) in clients.into_iter().enumerate() {
        within("a client is done", || thread.join().unwrap()).unwrap();
        assert!(
            *received[n].lock().unwrap() == pattern(n as u64, BYTES),
            "client {n} got other bytes than its own"
        );
    }
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
    assert_eq!(server.connections(), 0);
}

#[test]
fn both_peers_write_16_mib_without_reading_first() {
    const BYTES: usize = 16 << 20;
    /// Writes everything at once, and reads only after the callback that everything was written.
    fn flood(socket: &EventSocket, seed: usize, received: Arc<Mutex<Vec<u8>>>) {
        socket.pause();
        socket.on(event::Data, move |_, data| received.lock().unwrap().extend_from_slice(data));
        assert!(!socket.write(pattern(seed as u64, BYTES)), "the kernel cannot have taken it all");
        socket.end();
    }
    let received = [Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new()))];
    let (there, sockets) = std::sync::mpsc::channel();
    let (at_server, give) = (received[0].clone(), there.clone());
    let server = net::create_server(move |socket| {
        flood(socket, 1, at_server.clone());
        give.send(socket.clone()).unwrap();
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let running = server.spawn();
    let at_client = received[1].clone();
    let client = net::connect(server.address().unwrap(), move |socket| {
        flood(socket, 2, at_client);
        there.send(socket.clone()).unwrap();
    });
    let thread = client.spawn();
    let both: Vec<_> =
        (0..2).map(|_| sockets.recv_timeout(DEADLINE).expect("write returns")).collect();
    assert!(
        both.iter().all(|socket| socket.writable_length() > 0),
        "both are stuck now: nobody reads"
    );
    both.iter().for_each(EventSocket::resume);
    within("the client closes", || thread.join().unwrap()).unwrap();
    server.close().unwrap();
    within("the server closes", || running.join().unwrap()).unwrap();
    assert!(*received[0].lock().unwrap() == pattern(2, BYTES), "what the client sent");
    assert!(*received[1].lock().unwrap() == pattern(1, BYTES), "what the server sent");
}

#[test]
fn an_echo_of_a_peer_that_writes_all_before_it_reads() {
    // The server's kernel buffers, and then its queue, fill up while the peer does not read: the
    // pipe must pause.
    let server = net::create_server(|socket| socket.pipe(socket));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let running = server.spawn();
    let stream =
        TcpStream::connect(("127.0.0.1", server.address().unwrap().port().unwrap())).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let data = pattern(3, 24 << 20);
    let (mut reader, mut writer) = (stream.try_clone().unwrap(), stream);
    let expected = data.clone();
    let reading = thread::spawn(move || {
        let mut seen = Vec::new();
        reader.read_to_end(&mut seen).unwrap();
        assert!(seen == expected, "an echo, byte for byte");
    });
    writer.write_all(&data).unwrap();
    writer.shutdown(std::net::Shutdown::Write).unwrap();
    within("everything came back", || reading.join().unwrap());
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
}

#[test]
fn descriptors_and_threads_go_back_though_handles_are_kept() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if !alone(
        module_path!(),
        "descriptors_and_threads_go_back_though_handles_are_kept",
        MANY_DESCRIPTORS,
    ) {
        return;
    }
    let (descriptors, threads) = (own_descriptors(), own_status("Threads"));
    let kept = Arc::new(Mutex::new(HashSet::new()));
    let handles = kept.clone();
    let server = net::create_server(move |socket| {
        handles.lock().unwrap().insert(socket.clone());
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let at = server.address().unwrap();
    let running = server.spawn();
    for _ in 0..40 {
        let threads: Vec<_> = (0..50)
            .map(|n| {
                let client = net::connect(at.clone(), |client| {
                    client.write("hello");
                });
                client.on(event::Data, move |client, _| match n % 3 {
                    0 => client.end(),
                    1 => client.destroy(),
                    _ => client.destroy_with(std::io::Error::other("enough")),
                });
                client.on(event::Error, |_, _| {});
                kept.lock().unwrap().insert(client.clone());
                client.spawn()
            })
            .collect();
        for thread in threads {
            within("a client closes", || thread.join().unwrap()).unwrap();
        }
    }
    until("all have been accepted and closed", || {
        kept.lock().unwrap().len() == 4000 && server.connections() == 0
    });
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
    assert_eq!(kept.lock().unwrap().len(), 4000, "two handles of each of 2,000 connections");
    assert_eq!(own_descriptors(), descriptors);
    until("idle threads have gone", || own_status("Threads") <= threads);
}

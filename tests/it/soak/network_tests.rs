//! The effects of a bad network on a connection, and the events that the listeners receive.

use std::io::{self, BufRead, stdin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::network::{ADDRESSES, Network};
use super::{one_at_a_time, part};
use crate::common::pattern;
use net::{ConnectOptions, EventSocket, Server, ServerOptions, event};
use net_notes as net;

const IDLE: Duration = Duration::from_millis(500);
const MIB: u64 = 1 << 20;

/// Prints a message to the test that has started this process.
fn say(what: impl std::fmt::Display) {
    println!("\n{what}"); // on a separate line, whatever the test harness has printed
}

/// Runs a server on the second host, whose port is printed for the test.
fn serve(server: &Server) -> io::Result<()> {
    server.listen((ADDRESSES[1], 0), |server| {
        say(format!("listening on port {}", server.address().unwrap().port().unwrap()));
    })?;
    server.run()
}

/// Returns the port in a part like `client 5000`.
fn client_port(part: &str) -> u16 {
    part.strip_prefix("client ").unwrap().parse().unwrap()
}

/// Writes as long as it can.
fn flood(socket: &EventSocket) {
    let fill = |socket: &EventSocket| while socket.write([7; 64 << 10]) {};
    socket.on(event::Drain, move |socket, ()| fill(socket));
    fill(socket);
}

/// Prints when data flows, when none did for the idle time, and how long destroying the socket then
/// takes.
fn watch(socket: &EventSocket) {
    let mut flows = false;
    socket.on(event::Data, move |socket, _| {
        if !flows && socket.bytes_read() > 8 * MIB {
            flows = true;
            say("flows");
        }
    });
    socket.set_timeout(Some(IDLE));
    socket.on(event::Timeout, |socket, ()| {
        let began = Instant::now();
        socket.destroy();
        say(format!("idle, destroyed in {} us", began.elapsed().as_micros()));
    });
    let began = Instant::now();
    socket.on(event::Close, move |_, bad| say(format!("closed {bad} {:?}", began.elapsed())));
}

#[test]
#[ignore = "root's: see the head of tests/it/soak.rs"]
fn a_cable_is_cut_during_a_transfer() {
    const TEST: &str = "soak::network_tests::a_cable_is_cut_during_a_transfer";
    match part().as_deref() {
        None => {}
        Some("server") => {
            let server = Server::new(ServerOptions::default());
            server.on(event::Connection, |server, socket| {
                server.close().unwrap();
                watch(socket);
                flood(socket);
            });
            return serve(&server).unwrap();
        }
        Some(client) => {
            let client = net::connect((ADDRESSES[1], client_port(client)), flood);
            watch(&client);
            return client.run().unwrap();
        }
    }
    let _alone = one_at_a_time();
    let Some(network) = Network::new() else { return };
    let mut server = network.start(1, TEST, "server");
    let port = server.port();
    let mut client = network.start(0, TEST, &format!("client {port}"));
    server.line_with("flows");
    client.line_with("flows");
    network.cut();
    for mut program in [client, server] {
        let idle = program.line_with("idle, destroyed in ");
        let micros = idle.trim().trim_start_matches("idle, destroyed in ").trim_end_matches(" us");
        assert!(micros.parse::<u64>().unwrap() < 100_000, "{idle}");
        let closed = program.line_with("closed");
        assert!(closed.starts_with("closed false"), "{closed}");
        println!("{} {}", idle.trim(), closed.trim());
        let (status, out, err) = program.wait(); // run() has returned
        assert!(status.success(), "{out}{err}");
    }
}

#[test]
#[ignore = "root's: see the head of tests/it/soak.rs"]
fn a_peer_vanishes() {
    const TEST: &str = "soak::network_tests::a_peer_vanishes";
    match part().as_deref() {
        None => {}
        Some("server") => return serve(&net::create_server(|socket| socket.pipe(socket))).unwrap(),
        Some(client) => return three_clients(client_port(client)),
    }
    let _alone = one_at_a_time();
    let Some(network) = Network::new() else { return };
    network.give_up_after(3);
    let mut server = network.start(1, TEST, "server");
    let port = server.port();
    let mut client = network.start(0, TEST, &format!("client {port}"));
    for _ in 0..3 {
        client.line_with("is connected");
    }
    // The peer's disappearance cannot be noticed: no FIN arrives.
    network.cut();
    server.kill();

    // 1. A socket that only waits notices it by its own idle time.
    client.type_in("wait 0\n");
    assert!(client.line_with("0 ").starts_with("0 idle"));
    assert_eq!(client.line_with("0 ").trim(), "0 closed without an error");
    // 2. A socket that writes, when the kernel gives up.
    client.type_in("write 1\n");
    let given_up = client.line_with("1 closed");
    // Depends on what the kernel has received in the meantime.
    let codes = ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
    assert!(codes.iter().any(|code| given_up.contains(code)), "{given_up}");
    // 3. Or when the peer is back, and does not know the connection.
    network.restart_second_host();
    client.type_in("write 2\n");
    let refused = client.line_with("2 closed");
    assert!(refused.contains("ECONNRESET"), "{refused}");
    println!("{} {}", given_up.trim(), refused.trim());
    assert!(client.wait().0.success());
}

/// Opens three connections; standard input says what they do.
fn three_clients(port: u16) {
    let clients = [0, 1, 2].map(|n| {
        let client = net::connect((ADDRESSES[1], port), |client| {
            client.write("hello");
        });
        client.once(event::Data, move |_, _| say(format!("{n} is connected")));
        let error = Arc::new(Mutex::new("without an error".to_string()));
        let code = error.clone();
        client.on(event::Error, move |_, e| *code.lock().unwrap() = net::code(e).to_string());
        client.on(event::Close, move |_, _| say(format!("{n} closed {}", error.lock().unwrap())));
        client.on(event::Timeout, move |client, ()| {
            say(format!("{n} idle"));
            client.destroy();
        });
        client
    });
    let running = clients.each_ref().map(EventSocket::spawn);
    for line in stdin().lock().lines().map_while(Result::ok) {
        let (what, which) = line.split_once(' ').unwrap();
        let client = &clients[which.parse::<usize>().unwrap()];
        match what {
            "wait" => client.set_timeout(Some(IDLE)),
            _ => {
                client.write("are you there?");
            }
        }
    }
    for client in running {
        client.join().unwrap().unwrap();
    }
}

#[test]
#[ignore = "root's: see the head of tests/it/soak.rs"]
fn a_poor_network_carries_100_mib_both_ways() {
    const TEST: &str = "soak::network_tests::a_poor_network_carries_100_mib_both_ways";
    match part().as_deref() {
        None => {}
        Some("server") => {
            let server = Server::new(ServerOptions::default().allow_half_open(true));
            server.on(event::Connection, |server, socket| {
                server.close().unwrap();
                carry(socket, 1);
            });
            return serve(&server).unwrap();
        }
        Some(client) => {
            // Half-open: a side that has received all bytes of the other continues with its own.
            let to = ConnectOptions::from((ADDRESSES[1], client_port(client)));
            let client = net::connect(to.allow_half_open(true), |client| carry(client, 0));
            return client.run().unwrap();
        }
    }
    let _alone = one_at_a_time();
    let Some((network, how)) = Network::poor() else { return };
    let began = Instant::now();
    let mut server = network.start(1, TEST, "server");
    let port = server.port();
    let client = network.start(0, TEST, &format!("client {port}"));
    for mut program in [client, server] {
        // It prints something at least every MiB, and so is never silent for long.
        program.line_with("all is there");
        let (status, out, err) = program.wait();
        assert!(status.success(), "{out}{err}");
    }
    println!("100 MiB both ways in {:?}, through {how}", began.elapsed());
}

/// Sends 100 MiB, and checks those of the other side, byte by byte.
fn carry(socket: &EventSocket, side: u64) {
    const PIECE: u64 = 64 << 10;
    const PIECES: u64 = 100 * MIB / PIECE;
    let next = AtomicU64::new(0);
    let fill = move |socket: &EventSocket| {
        let mut n = next.load(Ordering::Relaxed);
        while n < PIECES {
            n += 1;
            if !socket.write(pattern((side << 32) | (n - 1), PIECE as usize)) {
                break;
            }
        }
        if n == PIECES {
            socket.end();
        }
        next.store(n, Ordering::Relaxed);
    };
    fill(socket);
    socket.on(event::Drain, move |socket, ()| fill(socket));
    let (mut place, mut expected) = (0, Vec::new());
    socket.on(event::Data, move |_, mut data| {
        while !data.is_empty() {
            if expected.is_empty() {
                expected = pattern(((1 - side) << 32) | (place / PIECE), PIECE as usize);
            }
            let length = data.len().min(expected.len());
            assert!(data[..length] == expected[..length], "other bytes at {place}");
            expected.drain(..length);
            place += length as u64;
            data = &data[length..];
            if place % MIB == 0 {
                say(format!("{} MiB", place / MIB));
            }
        }
    });
    // A server swallows both an error and a panic of one of its sockets: so they are printed.
    socket.on(event::Error, |_, error| say(error));
    socket.on(event::End, |socket, ()| match socket.bytes_read() {
        bytes if bytes == 100 * MIB => say("all is there"),
        bytes => say(format!("the end, after {bytes} bytes")),
    });
    socket.on(event::Close, |_, bad| say(format!("closed {bad}")));
}

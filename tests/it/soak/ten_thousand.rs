//! Ten thousand connections at the same time. The clients are other processes, and use nothing of
//! this crate.

use std::io::{Read, Write, stdin};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::common::{
    DEADLINE, MANY_DESCRIPTORS, Program, alone_for, own_descriptors, own_status, pattern, skipped,
    until, within,
};
use super::{one_at_a_time, part, play};
use net::event;
use net_notes as net;

const TEST: &str = "soak::ten_thousand::ten_thousand_connections_held_at_once";
const PROCESSES: usize = 2;
const EACH: usize = 5000;

#[test]
#[ignore = "10,000 connections: see the head of tests/it/soak.rs"]
fn ten_thousand_connections_held_at_once() {
    if let Some(port) = part() {
        return clients(port.parse().unwrap());
    }
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    let _alone = one_at_a_time();
    if !alone_for(
        Duration::from_secs(300),
        module_path!(),
        "ten_thousand_connections_held_at_once",
        MANY_DESCRIPTORS,
    ) {
        return;
    }
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let limit = limit.and_then(|line| line.split_whitespace().next()?.parse().ok());
    if limit.is_some_and(|limit: usize| limit < PROCESSES * EACH + 100) {
        return skipped(&format!("{limit:?} descriptors are too few"));
    }

    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    });
    let (threads, files, memory) = (own_status("Threads"), own_descriptors(), own_status("VmRSS"));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let port = server.address().unwrap().port().unwrap().to_string();
    let running = server.spawn();
    let began = Instant::now();
    let mut clients: Vec<Program> =
        (0..PROCESSES).map(|_| Program::spawn(&mut play(TEST, &port, &[]))).collect();
    for program in &mut clients {
        program.line_with("held");
    }
    assert_eq!(server.connections(), PROCESSES * EACH);
    println!(
        "{} connections after {:?}: {} threads, {:.1} KiB of memory each",
        server.connections(),
        began.elapsed(),
        own_status("Threads"),
        (own_status("VmRSS") - memory) as f64 / (PROCESSES * EACH) as f64
    );
    // Each still answers while all are open.
    for program in &mut clients {
        program.type_in("again\n");
    }
    for program in &mut clients {
        program.line_with("answered");
    }
    assert_eq!(server.connections(), PROCESSES * EACH);
    for program in clients {
        assert!(program.wait().0.success()); // closes its stdin, at which it closes its connections
    }
    until("all are gone", || server.connections() == 0);
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
    assert_eq!(own_descriptors(), files);
    until("the threads have ended", || own_status("Threads") <= threads);
    println!(
        "all closed after {:?}: {} KiB of memory more",
        began.elapsed(),
        own_status("VmRSS").saturating_sub(memory)
    );
}

fn clients(port: u16) {
    let mut streams: Vec<TcpStream> = Vec::new();
    for n in 0..EACH {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        streams.push(stream);
        // Waits until it is served: 128 waiting clients fill the backlog, and the next one loses a
        // second.
        send(&mut streams[n], n, 1);
        receive(&mut streams[n], n, 1);
    }
    println!("held");
    stdin().read_line(&mut String::new()).unwrap();
    streams.iter_mut().enumerate().for_each(|(n, stream)| send(stream, n, 2));
    streams.iter_mut().enumerate().for_each(|(n, stream)| receive(stream, n, 2));
    println!("answered");
    stdin().read_line(&mut String::new()).unwrap();
}

fn data(n: usize, round: u64) -> Vec<u8> {
    pattern((round << 32) | n as u64, 1024)
}

fn send(stream: &mut TcpStream, n: usize, round: u64) {
    stream.write_all(&data(n, round)).unwrap();
}

fn receive(stream: &mut TcpStream, n: usize, round: u64) {
    let mut answer = [0; 1024];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer[..] == data(n, round), "connection {n} got other bytes than its own");
}

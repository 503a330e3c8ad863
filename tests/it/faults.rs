//! A system without free descriptors, or without free threads.
//!
//! Each test runs alone in a process with a limit, and holds the rest of that resource itself, as
//! ballast: so the test decides, and not chance, what is missing and when it is available again.

use crate::common;

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{DEADLINE, alone, skipped, until, within};
use net::{EventSocket, Server, event};
use net_notes as net;

/// So small that the test can hold the rest of them.
const FEW_DESCRIPTORS: &str = r#"ulimit -n 64; exec "$@""#;

/// A stack is 64 MiB here, more than glibc keeps of ended threads (40 MiB), so that each new thread
/// must ask the kernel. 4 GiB of address space (not of memory) is far more than the process needs.
/// The limit also applies to root; a limit of processes would not.
const FEW_THREADS: &str =
    r#"ulimit -v 4194304; export RUST_MIN_STACK=67108864 MALLOC_ARENA_MAX=1; exec "$@""#;

/// Runs an echo server on port 0, and returns the codes of its errors too.
fn echo_server() -> (Server, Arc<Mutex<Vec<String>>>) {
    let server = net::create_server(|socket| socket.pipe(socket));
    let errors: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = errors.clone();
    server.on(event::Error, move |_, error| told.lock().unwrap().push(error.to_string()));
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    (server, errors)
}

fn connect(server: &Server) -> TcpStream {
    let at = ("127.0.0.1", server.address().unwrap().port().unwrap());
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends a byte, and waits for its echo.
fn echoes(mut client: &TcpStream) -> bool {
    let mut answer = [0];
    client.write_all(b"x").is_ok() && client.read_exact(&mut answer).is_ok() && answer == *b"x"
}

/// A refused client sees an end or a reset, and nothing else.
fn is_refused(mut client: &TcpStream) -> bool {
    match client.read(&mut [0]) {
        Ok(size) => size == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Returns the CPU time of this process. Needs no new descriptor: there may be none.
fn cpu_time(mut stat: &File) -> Duration {
    let mut text = String::new();
    stat.rewind().unwrap();
    stat.read_to_string(&mut text).unwrap();
    // proc_pid_stat(5): the second field, in brackets, may contain anything; user and system time
    // are number 14 and 15, in ticks of 10 ms.
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

#[test]
fn without_descriptors_a_server_says_so_once_and_waits() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if !alone(
        module_path!(),
        "without_descriptors_a_server_says_so_once_and_waits",
        FEW_DESCRIPTORS,
    ) {
        return;
    }
    let (server, errors) = echo_server();
    // The clients wait in the backlog: nothing is accepted before run().
    let clients: Vec<TcpStream> = (0..10).map(|_| connect(&server)).collect();
    let stat = File::open("/proc/self/stat").unwrap();
    let mut ballast: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!((10..64).contains(&ballast.len()), "the limit is in force");

    let running = server.spawn();
    until("the server says so", || !errors.lock().unwrap().is_empty());
    let (began, before) = (Instant::now(), cpu_time(&stat));
    until("a while has passed", || began.elapsed() > Duration::from_millis(600));
    let used = cpu_time(&stat) - before;
    assert!(used <= Duration::from_millis(60), "{used:?} of computing while nothing can be done");
    assert_eq!(*errors.lock().unwrap(), ["accept EMFILE"], "once, and not at each attempt");

    // Other users of descriptors are informed, too.
    let client = EventSocket::new(server.address().unwrap());
    assert_eq!(net::code(&within("a client fails", move || client.run()).unwrap_err()), "EMFILE");
    let other = net::create_server(|_| {});
    assert_eq!(net::code(&other.listen(("127.0.0.1", 0), |_| {}).unwrap_err()), "EMFILE");

    // One descriptor: one client is served, and then there is none again, which is a second
    // failure.
    ballast.pop();
    until("one is served, and the server says so again", || {
        server.connections() == 1 && errors.lock().unwrap().len() == 2
    });
    assert!(echoes(&clients[0]), "the first in the queue");
    // A client that leaves makes room for the next one, at once.
    let mut clients = clients.into_iter();
    let first = clients.next().unwrap();
    first.shutdown(std::net::Shutdown::Write).unwrap();
    let second = clients.next().unwrap();
    assert!(echoes(&second), "the second one has the first one's descriptor");
    until("and a third time", || errors.lock().unwrap().len() == 3);

    drop(ballast);
    assert!(clients.all(|client| echoes(&client)), "everybody who waited is served");
    assert!(echoes(&connect(&server)), "and who comes later");
    assert_eq!(*errors.lock().unwrap(), ["accept EMFILE"; 3]);
    drop((first, second));
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
}

/// Takes all of the address space but 32 MiB: enough for anything here except the stack of a
/// thread.
fn take_the_room_for_threads() -> Vec<Vec<u8>> {
    let mut ballast: Vec<Vec<u8>> = Vec::new();
    for size in [1 << 30, 256 << 20, 64 << 20, 32 << 20] {
        let mut piece = Vec::new();
        // Only reserved and never touched, so it takes no memory.
        while piece.try_reserve_exact(size).is_ok() {
            ballast.push(std::mem::take(&mut piece));
        }
    }
    ballast.pop().expect("the last piece of 32 MiB, which is given back");
    ballast
}

#[test]
fn without_threads_one_client_is_refused_and_the_server_goes_on() {
    if !cfg!(target_os = "linux") {
        return skipped("not every system limits the address space");
    }
    if !alone(
        module_path!(),
        "without_threads_one_client_is_refused_and_the_server_goes_on",
        FEW_THREADS,
    ) {
        return;
    }
    let (server, errors) = echo_server();
    let running = server.spawn();
    let (first, second) = (connect(&server), connect(&server));
    assert!(echoes(&first) && echoes(&second));

    let ballast = take_the_room_for_threads();
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "the limit is in force");
    for refused in 1..=3 {
        assert!(is_refused(&connect(&server)), "nobody can serve it");
        until("the server says so", || errors.lock().unwrap().len() == refused);
    }
    assert_eq!(*errors.lock().unwrap(), ["accept EAGAIN"; 3]);
    until("they count no more", || server.connections() == 2);
    assert!(echoes(&first) && echoes(&second), "who has a thread keeps it");
    // Connecting takes a thread, and so does looking a name up.
    let port = server.address().unwrap().port().unwrap();
    for (host, words) in [
        ("127.0.0.1", format!("connect EAGAIN 127.0.0.1:{port}")),
        ("localhost", "getaddrinfo EAGAIN localhost".to_string()),
    ] {
        let client = EventSocket::new((host, port));
        // No thread can check it, and no harm is done.
        client.set_timeout(Some(Duration::from_millis(1)));
        let error = client.run().unwrap_err();
        assert_eq!((net::code(&error), error.to_string()), ("EAGAIN", words));
    }

    drop(ballast);
    let later: Vec<TcpStream> = (0..5).map(|_| connect(&server)).collect();
    assert!(later.iter().all(echoes), "there is room again");
    assert_eq!(errors.lock().unwrap().len(), 3);
    drop((first, second, later));
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
}

#[test]
fn without_threads_a_queue_is_given_up_and_not_forgotten() {
    if !cfg!(target_os = "linux") {
        return skipped("not every system limits the address space");
    }
    if !alone(module_path!(), "without_threads_a_queue_is_given_up_and_not_forgotten", FEW_THREADS)
    {
        return;
    }
    let (tell, told) = channel();
    let (ready, waits) = channel();
    let (go, may_go) = channel::<()>();
    let (count, counted) = channel();
    let may_go = Mutex::new(may_go);
    let server = net::create_server(move |socket| {
        let (error, close) = (tell.clone(), tell.clone());
        socket.on(event::Error, move |_, e| error.send(format!("Error {}", net::code(e))).unwrap());
        socket.on(event::Close, move |_, bad| close.send(format!("Close {bad}")).unwrap());
        ready.send(()).unwrap();
        may_go.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        // The peer does not read, so the kernel's buffer is full soon, and the rest is work for a
        // thread that cannot be started.
        for n in 0.. {
            if socket.is_destroyed() {
                count.send(n).unwrap();
                break;
            }
            let tell = tell.clone();
            socket.write_then([0; 64 << 10], move |result| {
                tell.send(result.map_or_else(|e| net::code(&e).to_string(), |()| "ok".into()))
                    .unwrap();
            });
        }
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let running = server.spawn();
    let client = connect(&server);
    waits.recv_timeout(DEADLINE).unwrap();
    let ballast = take_the_room_for_threads();
    go.send(()).unwrap();
    let writes: usize = counted.recv_timeout(DEADLINE).expect("the socket is destroyed");
    drop(ballast);
    server.close().unwrap();
    within("run() returns", || running.join().unwrap()).unwrap();
    drop(client);

    let told: Vec<String> = told.try_iter().collect();
    let (last, before) = told.split_last().unwrap();
    assert_eq!(last, "Close true");
    let sent = before.iter().take_while(|told| *told == "ok").count();
    assert_eq!(before[sent..], ["Error EAGAIN", "EAGAIN"], "{sent} of {writes} were sent");
    assert_eq!(sent + 1, writes, "each write was told once");
}
